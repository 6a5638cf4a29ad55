#include "cli/subcommand_options.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Refusal(const std::string& subcommand, const std::vector<std::string>& words) {
  Options options;
  REQUIRE(ScanOptions(words, true, &options).ok());
  const Status checked = CheckSubcommand(options, subcommand);
  return checked.ok() ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("an option of another subcommand is refused by that one's name") {
  CHECK(Refusal("", {"--connect=tcp://h:1"}) ==
        "--connect: only fastest agent takes it (hint: fastest agent --connect ...)");
  CHECK(Refusal("", {"--expect-agents", "2"}).starts_with("--expect-agents: only fastest coordinator takes it"));
  CHECK(Refusal("", {"--join-secret", "f"}) == "--join-secret: only fastest coordinator and fastest agent take it");
  CHECK(
      Refusal("agent", {"--connect", "tcp://h:1", "--sync"}).starts_with("--sync: only fastest coordinator takes it"));
  CHECK(Refusal("coordinator", {"--connect", "tcp://h:1"}).starts_with("--connect: only fastest agent takes it"));
}

TEST_CASE("options stand where they belong, and a coordinator may have what its agents heed") {
  CHECK(Refusal("", {"-n", "2", "--retries", "1", "-k", "--connect"}).empty());
  CHECK(Refusal("agent", {"--connect", "tcp://h:1", "--grace", "3", "--name", "a"}).empty());
  CHECK(Refusal("coordinator", {"--listen", "tcp://h:1", "--grace", "3", "--sync-dir", "d"}).empty());
}
