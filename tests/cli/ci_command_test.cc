#include "cli/ci_command.h"

#include <fmt/format.h>

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Become(const std::vector<std::string>& words, const std::string& coordinator = "",
                   const std::string& index = "", const std::string& total = "") {
  const auto command = CiWords(words, [&](const char* name) -> std::string {
    const std::string variable = name;
    if (variable == "FASTEST_COORDINATOR") return coordinator;
    if (variable == "CIRCLE_NODE_INDEX") return index;
    return variable == "CIRCLE_NODE_TOTAL" ? total : "";
  });
  return command.ok() ? fmt::format("{}", fmt::join(*command, " ")) : "error: " + command.error().message;
}

}  // namespace

TEST_CASE("without a network a CI job is a shard that leaves its report") {
  CHECK(Become({"-n", "4", "tests"}, "", "2", "3") == "--shard 3/3 --shard-report fastest-shards -n 4 tests");
  CHECK(Become({"--index", "0", "--total=2", "--shard-report=x"}, "", "2", "3") == "--shard 1/2 --shard-report=x");
}

TEST_CASE("in a network the first job is coordinator and agent, the others are agents") {
  const std::vector<std::string> words = {"-n", "4", "-q", "--python=p", "tests", "-k", "x"};
  CHECK(
      Become(words, "ci-0", "0", "3") ==
      "coordinator --listen tcp://*:5570 --with-agent --expect-agents 3 --min-agents 1 -n 4 -q --python=p tests -k x");
  CHECK(Become(words, "tcp://ci-0:99", "1", "3") == "agent --connect tcp://ci-0:99 -n 4 --python=p");
  CHECK(Become({"--connect", "ci-0:99", "-n4"}, "", "2", "3") == "agent --connect tcp://ci-0:99 -n4");
}

TEST_CASE("an address of IPv6 stands in brackets, and what agents keep goes to them") {
  const std::vector<std::string> words = {"--sync", "--sync-dir", "d", "--connect", "[fd00::1]:99"};
  CHECK(Become(words, "", "1", "3") == "agent --connect tcp://[fd00::1]:99 --sync-dir d");
  CHECK(Become({}, "[fd00::1]", "1", "3") == "agent --connect tcp://[fd00::1]:5570");
}

TEST_CASE("what is missing or wrong is named") {
  CHECK(Become({}).starts_with("error: ci: no CI system says which job this is"));
  CHECK(Become({"--index", "1"}).starts_with("error: ci: --index and --total go together"));
  CHECK(Become({"--index", "3", "--total", "3"}).starts_with("error: ci --index 3 --total 3: allowed are"));
  CHECK(Become({"--connect", ""}, "", "0", "2").starts_with("error: --connect: the value is empty"));
  CHECK(Become({"--index=", "--total", "2"}).starts_with("error: --index: the value is empty"));
  CHECK(Become({"--connect", "h:x"}, "", "0", "2")
            .starts_with("error: ci --connect h:x: allowed are HOST and HOST:PORT"));
  CHECK(Become({"--index"}).starts_with("error: --index: a value is missing"));
  CHECK(Become({"--shard", "1/2"}, "", "0", "2").starts_with("error: ci: --shard"));
}
