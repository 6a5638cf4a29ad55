# Parser, JSON (the cache) and TOML (configuration files).
include(cmake/tree_sitter.cmake)
find_package(simdjson REQUIRED)
pkg_check_modules(TOMLPLUSPLUS REQUIRED tomlplusplus)
target_link_libraries(discovery PRIVATE tree_sitter simdjson::simdjson fmt::fmt)
# Headers only: Debian's library is built with exceptions, and ours without them has other names.
target_include_directories(discovery SYSTEM PRIVATE ${TOMLPLUSPLUS_INCLUDE_DIRS})

# Static discovery as a program of its own, for benchmarks and comparisons.
add_executable(discover_main EXCLUDE_FROM_ALL bench/micro/discover_main.cc)
target_link_libraries(discover_main PRIVATE discovery)
include(tests/fuzz/discovery.cmake)
