# libarchive: bundles of code for agents (tar in zstd's format).
find_package(LibArchive REQUIRED)
target_link_libraries(deploy PRIVATE LibArchive::LibArchive)
include(tests/fuzz/code.cmake)
