#include "cli/pytest_alone.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("READY says why pytest has to run a suite by itself") {
  CHECK(WhyAlone(R"({"alone": ["conftest.py implements pytest_runtestloop", "more"]})") ==
        "conftest.py implements pytest_runtestloop");
  for (const char* ready : {"{}", R"({"alone": []})", R"({"alone": [1]})", R"({"alone": "x"})", "no JSON"})
    CHECK(WhyAlone(ready).empty());
}

TEST_CASE("what only fastest can do stands against a run of pytest's own") {
  Invocation invocation;
  CHECK(CanBeAlone(invocation, "x", false).ok());
  const auto refused = [&](bool coordinator) { return CanBeAlone(invocation, "x", coordinator).error().message; };
  const std::string start = "x: the tests are run by it alone, in one process (hint: ";
  CHECK(refused(true) == start + "on one machine)");
  invocation.options.json = "run.json";
  CHECK(refused(false) == start + "without --json)");
  invocation.options.shard = "1/2";
  CHECK(refused(false) == start + "without --shard)");
  invocation.options.retries = 1;
  CHECK(refused(false) == start + "without --retries)");
}

TEST_CASE("listings and help are pytest's own from the start") {
  Invocation invocation;
  CHECK_FALSE(IsForPytest(invocation));
  invocation.guess.exec = "--fixtures";
  CHECK(IsForPytest(invocation));
  invocation.guess = {};
  invocation.guess.collect_only = true;
  CHECK(IsForPytest(invocation));
  invocation.guess = {};
  invocation.options.help = true;
  CHECK(IsForPytest(invocation));
}

}  // namespace
}  // namespace fastest
