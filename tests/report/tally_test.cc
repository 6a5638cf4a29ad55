#include "report/tally.h"

#include "tests/catch.h"

namespace fastest {
namespace {

using Counts = std::vector<std::pair<std::string, int>>;

TEST_CASE("counts stand in pytest's order, plugins' own at the end") {
  Tally tally;
  for (const char* category : {"rerun", "passed", "error", "", "failed", "passed"}) tally.Add(category);
  CHECK(tally.Counts() == Counts{{"failed", 1}, {"passed", 2}, {"error", 1}, {"rerun", 1}});
}

TEST_CASE("the main colour is the worst that happened") {
  Tally tally;
  CHECK(tally.MainColor(false) == kGreen);
  CHECK(tally.MainColor(true) == kYellow);
  tally.Add("passed");
  CHECK(tally.MainColor(true) == kGreen);
  tally.Add("rerun");
  CHECK(tally.MainColor(true) == kYellow);
  tally.Add("error");
  CHECK(tally.MainColor(true) == kRed);
}

TEST_CASE("only errors and warnings have a plural") {
  CHECK(CountText(1, "error") == "1 error");
  CHECK(CountText(2, "error") == "2 errors");
  CHECK(CountText(1, "warnings") == "1 warning");
  CHECK(CountText(2, "failed") == "2 failed");
}

TEST_CASE("from a minute on the duration is told as a clock too") {
  CHECK(SessionDuration(59.994) == "59.99s");
  CHECK(SessionDuration(83.2) == "83.20s (0:01:23)");
  CHECK(SessionDuration(100000) == "100000.00s (1 day, 3:46:40)");
}

}  // namespace
}  // namespace fastest
