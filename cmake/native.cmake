# fastest_native: the optional Python extension module of worker/native, one binary for CPython 3.9 and later (limited API).
# Built along with the program where a Python's headers are found (Debian: python3-dev); without them, and in sanitized
# builds, the worker does the same in Python. What of it knows no Python is the library `native`, which has unit tests.
add_library(native STATIC worker/native/line_replace.cc worker/native/sequence_matcher.cc worker/native/similarity.cc)
target_include_directories(native PUBLIC ${CMAKE_SOURCE_DIR}/worker ${CMAKE_SOURCE_DIR})
set_target_properties(native PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
if(FASTEST_TESTS)
  fastest_folder_tests(native)
endif()

find_package(Python3 QUIET COMPONENTS Interpreter Development.Module)
if(NOT Python3_Development.Module_FOUND OR FASTEST_SANITIZE)
  message(STATUS "fastest_native is not built: no Python headers, or a sanitized build")
  return()
endif()
add_library(fastest_native MODULE worker/native/module.cc)
target_include_directories(fastest_native SYSTEM PRIVATE ${Python3_INCLUDE_DIRS})
# The user's Python may come with another C++ library, or with none: ours is inside, and nobody sees it.
target_link_options(fastest_native PRIVATE -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL)
target_link_libraries(fastest_native PRIVATE native)
set_target_properties(fastest_native PROPERTIES PREFIX "" SUFFIX ".abi3.so" CXX_VISIBILITY_PRESET hidden
                                                LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
add_dependencies(fastest fastest_native)
