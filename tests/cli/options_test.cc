#include "cli/options.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

Options Scanned(const std::vector<std::string>& words) {
  Options options;
  const Status scanned = ScanOptions(words, true, &options);
  REQUIRE(scanned.ok());
  return options;
}

std::string Refusal(const std::vector<std::string>& words) {
  Options options;
  const Status scanned = ScanOptions(words, true, &options);
  return scanned.ok() ? "" : scanned.error().message;
}

}  // namespace

TEST_CASE("short options stand in one word, the last one with its value") {
  const Options options = Scanned({"-vn2", "-qk", "a and b", "-xsvn", "3", "tests"});
  CHECK(options.workers == 3U);
  CHECK(options.pytest_argv == std::vector<std::string>{"-v", "-q", "-k", "a and b", "-xsv", "tests"});
}

TEST_CASE("the value of the last short option in a word is no path") {
  const PytestGuess guess = GuessPytest({"-vn", "2", "-qk", "a and b", "tests"});
  CHECK(guess.args == std::vector<std::string>{"tests"});
}

TEST_CASE("a word of flags, or of letters that nobody knows, stays as it is") {
  const std::vector<std::string> words{"-vv", "-rA", "-zn2", "-k-vn2", "--", "-vn2"};
  CHECK(Scanned(words).pytest_argv == words);
}

TEST_CASE("spans of time are limited, so that none overflows") {
  const auto option = GENERATE("--hang-timeout", "--diff-budget");
  CHECK(Refusal({option, "1e6"}).empty());
  CHECK(Refusal({option, "1e10"}).find(option) != std::string::npos);
  CHECK(Refusal({option, "-1"}).find(option) != std::string::npos);
  CHECK(Refusal({option, "abc"}).find(option) != std::string::npos);
}

TEST_CASE("an option whose value is empty is refused where it would seem not to be there") {
  for (const char* option :
       {"--shard", "--resume", "--listen", "--connect", "--history", "--run-id", "--shard-report"}) {
    CHECK(Refusal({option, "", "tests"}) ==
          std::string(option) + ": the value is empty (hint: is a variable not set?)");
    CHECK(Refusal({std::string(option) + "=", "tests"}).starts_with(std::string(option) + ": the value is empty"));
  }
}

TEST_CASE("the fixture testrun_uid gives what was asked for, else the run's id") {
  Options options = Scanned({"--run-id", "r1"});
  CHECK(TestrunUid(options) == "r1");
  options = Scanned({"--run-id", "r1", "--testrunuid", "mine"});
  CHECK(TestrunUid(options) == "mine");
}
