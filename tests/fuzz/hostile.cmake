# A hostile agent, which tests/faults lets loose on a run.
if(FASTEST_TESTS)
  add_executable(hostile_agent tests/fuzz/hostile_agent.cc)
  target_link_libraries(hostile_agent PRIVATE protocol)
endif()
# … and a hostile coordinator, for tests/acceptance/test_sync.py.
if(FASTEST_TESTS)
  add_executable(hostile_coordinator tests/fuzz/hostile_coordinator.cc)
  target_link_libraries(hostile_coordinator PRIVATE protocol)
endif()
