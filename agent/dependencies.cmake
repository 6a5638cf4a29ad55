# JSON stays inside .cc files (worker_wire.cc).
target_link_libraries(agent PRIVATE nlohmann_json::nlohmann_json)
