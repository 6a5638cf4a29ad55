// Where a CI system says which of how many parallel jobs this is. Pure: the environment is handed in.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace fastest {

// A variable's value, "" where it is not set.
using EnvironmentLookup = std::function<std::string(const char* name)>;

struct ParallelJob {
  std::uint32_t index = 0;  // From 0.
  std::uint32_t total = 1;
  std::string system;  // "GitLab", "FASTEST_INDEX" …: who said so.
};

// FASTEST_INDEX and FASTEST_TOTAL first (GitHub Actions and Jenkins have no variables of their own), then GitLab,
// CircleCI and Buildkite. Nothing: no system says so. An Error names the variable that is wrong.
Result<std::optional<ParallelJob>> FindParallelJob(const EnvironmentLookup& lookup);

// "3/8": the third of eight. "auto": what the CI system says; an Error names the variables if it says nothing.
Result<ParallelJob> ReadShard(const std::string& text, const EnvironmentLookup& lookup);

}  // namespace fastest
