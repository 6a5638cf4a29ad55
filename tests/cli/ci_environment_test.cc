#include "cli/ci_environment.h"

#include <map>

#include "tests/catch.h"

using namespace fastest;

namespace {

EnvironmentLookup With(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
}

}  // namespace

TEST_CASE("each CI system's own variables say which job this is") {
  struct Case {
    std::map<std::string, std::string> variables;
    std::uint32_t index, total;
    std::string system;
  };
  const auto c = GENERATE(
      values<Case>({{{{"FASTEST_INDEX", "2"}, {"FASTEST_TOTAL", "3"}, {"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "9"}},
                     2,
                     3,
                     "FASTEST_INDEX"},
                    {{{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "4"}}, 0, 4, "GitLab"},
                    {{{"CIRCLE_NODE_INDEX", "3"}, {"CIRCLE_NODE_TOTAL", "4"}}, 3, 4, "CircleCI"},
                    {{{"BUILDKITE_PARALLEL_JOB", "0"}, {"BUILDKITE_PARALLEL_JOB_COUNT", "2"}}, 0, 2, "Buildkite"}}));
  const auto found = FindParallelJob(With(c.variables));
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->index == c.index);
  CHECK((*found)->total == c.total);
  CHECK((*found)->system == c.system);
}

TEST_CASE("without a parallel job nothing is found") {
  for (const auto& variables : {std::map<std::string, std::string>{}, {{"CI_NODE_TOTAL", "2"}}}) {
    const auto found = FindParallelJob(With(variables));
    REQUIRE(found.ok());
    CHECK_FALSE(found->has_value());
  }
}

TEST_CASE("a job that is alone is the first of one") {
  for (const auto& variables : {std::map<std::string, std::string>{{"CI_NODE_TOTAL", "1"}}, {{"BUILDKITE", "true"}}}) {
    const auto found = FindParallelJob(With(variables));
    REQUIRE(found.ok());
    REQUIRE(found->has_value());
    CHECK((*found)->index == 0);
    CHECK((*found)->total == 1);
  }
}

TEST_CASE("a wrong index or total is named") {
  for (const auto& [index, total] :
       {std::pair("0", "3"), {"4", "3"}, {"x", "3"}, {"1", "0"}, {"1", ""}, {"1", "99999"}}) {
    const auto found = FindParallelJob(With({{"CI_NODE_INDEX", index}, {"CI_NODE_TOTAL", total}}));
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().message.find("CI_NODE_") == 0);
  }
}

TEST_CASE("--shard counts from one") {
  const auto shard = ReadShard("3/8", With({}));
  REQUIRE(shard.ok());
  CHECK(shard->index == 2);
  CHECK(shard->total == 8);
  for (const char* wrong : {"0/3", "4/3", "3", "/3", "1/", "a/b", "1/3/5", "-1/3", ""}) {
    INFO(wrong);
    CHECK_FALSE(ReadShard(wrong, With({})).ok());
  }
}
