// What every fuzz target is: libFuzzer's entry point, and seeds for the driver that needs no libFuzzer.
//
// A target aborts where a promise is broken. Built with clang and -fsanitize=fuzzer it is a libFuzzer program;
// otherwise tests/fuzz/driver.cc is its main, which mutates the seeds for a bounded number of rounds, the same ones
// every time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

// Defined by each target: well-formed inputs to begin with.
std::vector<std::string> FuzzSeeds();

inline std::string_view FuzzText(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}
