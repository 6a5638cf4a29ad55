# CLI11 (options), nlohmann-json (what goes to and comes from Python).
find_package(CLI11 REQUIRED)
target_link_libraries(cli PUBLIC CLI11::CLI11 nlohmann_json::nlohmann_json)
target_compile_definitions(cli PRIVATE FASTEST_WORKER_SOURCE="${CMAKE_SOURCE_DIR}/worker" FASTEST_VERSION="${PROJECT_VERSION}")

# A coordinator against simulated agents (bench/bench_coordinator.py).
add_executable(bench_coordinator EXCLUDE_FROM_ALL bench/micro/coordinator_main.cc)
target_link_libraries(bench_coordinator PRIVATE cli)
