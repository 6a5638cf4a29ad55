# SQLite (history), nlohmann-json (what goes to and comes from Python), xxHash (the journal's checksums; headers only).
find_package(SQLite3 REQUIRED)
target_link_libraries(coordinator PUBLIC SQLite::SQLite3 nlohmann_json::nlohmann_json)
include(tests/fuzz/coordinator.cmake)
