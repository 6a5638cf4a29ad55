# The coordinator's fuzz targets.
fastest_fuzz(journal_fuzz LINKS coordinator)
