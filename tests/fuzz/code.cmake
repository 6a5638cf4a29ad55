# Trees and bundles of code from a hostile coordinator.
fastest_fuzz(code_fuzz LINKS deploy)
