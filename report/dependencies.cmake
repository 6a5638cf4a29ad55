# For reading envelopes.
target_link_libraries(report PRIVATE nlohmann_json::nlohmann_json)
