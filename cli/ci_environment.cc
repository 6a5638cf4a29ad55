#include "cli/ci_environment.h"

#include <fmt/format.h>

#include <charconv>

namespace fastest {
namespace {

constexpr std::int64_t kMostJobs = 10'000;

struct Convention {
  const char* system;
  const char* index;
  const char* total;
  std::int64_t first;  // The first job's index.
};

constexpr Convention kConventions[] = {{"FASTEST_INDEX", "FASTEST_INDEX", "FASTEST_TOTAL", 0},
                                       {"GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
                                       {"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
                                       {"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0}};

// -1: it is no number.
std::int64_t NumberIn(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return -1;
  return number;
}

}  // namespace

Result<std::optional<ParallelJob>> FindParallelJob(const EnvironmentLookup& lookup) {
  for (const Convention& one : kConventions) {
    const std::string index = lookup(one.index), total = lookup(one.total);
    if (index.empty()) continue;
    const auto i = NumberIn(index), n = NumberIn(total);
    if (n < 1 || n > kMostJobs)
      return Error{fmt::format("{}={}: with {}={} it must be 1 to {}", one.total, total, one.index, index, kMostJobs)};
    if (i < one.first || i - one.first >= n)
      return Error{fmt::format("{}={}: allowed are {} to {}", one.index, index, one.first, n - 1 + one.first)};
    return std::optional(
        ParallelJob{static_cast<std::uint32_t>(i - one.first), static_cast<std::uint32_t>(n), one.system});
  }
  // A job that is alone is told no index: GitLab sets the total all the same, Buildkite neither.
  if (lookup("CI_NODE_TOTAL") == "1") return std::optional(ParallelJob{0, 1, "GitLab"});
  if (lookup("BUILDKITE") == "true") return std::optional(ParallelJob{0, 1, "Buildkite"});
  return std::optional<ParallelJob>();
}

Result<ParallelJob> ReadShard(const std::string& text, const EnvironmentLookup& lookup) {
  if (text == "auto") {
    auto found = FindParallelJob(lookup);
    if (!found.ok()) return found.error();
    if (*found) return **found;
    return Error{
        "--shard auto: no CI system says which job this is (hint: set FASTEST_INDEX, from 0, and FASTEST_TOTAL, or "
        "write --shard K/N)"};
  }
  const auto slash = text.find('/');
  const auto k = NumberIn(text.substr(0, slash));
  const auto n = slash == std::string::npos ? -1 : NumberIn(text.substr(slash + 1));
  if (k < 1 || k > n || n > kMostJobs)
    return Error{fmt::format("--shard {}: allowed are 1/N to N/N (N up to {}) and auto", text, kMostJobs)};
  return ParallelJob{static_cast<std::uint32_t>(k - 1), static_cast<std::uint32_t>(n), "--shard"};
}

}  // namespace fastest
