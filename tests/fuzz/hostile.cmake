# A hostile agent, which tests/faults lets loose on a run, and a hostile coordinator, for tests/acceptance/test_sync.py.
if(FASTEST_TESTS)
  foreach(noun agent coordinator)
    add_executable(hostile_${noun} tests/fuzz/hostile_${noun}.cc)
    target_link_libraries(hostile_${noun} PRIVATE protocol)
  endforeach()
endif()
