# The fuzz targets of discovery.
foreach(noun parser skeleton cache config)
  fastest_fuzz(${noun}_fuzz LINKS discovery simdjson::simdjson)
endforeach()
