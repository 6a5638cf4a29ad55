// What is made of the reports of attempts that do not count.

#include "coordinator/attempts.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

TestReport Report(Outcome outcome, const std::string& envelope) { return {Phase::kCall, outcome, 0, 0, 0.1, envelope}; }

const std::string kSubtest =
    R"({"report":{"$report_type":"SubTestReport","outcome":"failed"},"status":["failed","u","SUBFAILED"]})";

}  // namespace

TEST_CASE("subtests before an attempt that a plugin repeats count as nothing, those after it do") {
  std::vector<TestReport> reports = {Report(Outcome::kFailed, kSubtest),
                                     Report(Outcome::kOther, R"({"report":{},"withdraws_subtests":true})"),
                                     Report(Outcome::kFailed, kSubtest), Report(Outcome::kPassed, "")};
  WithdrawSubtests(&reports);
  CHECK(reports[0].outcome == Outcome::kOther);
  CHECK(reports[0].envelope ==
        R"({"report":{"$report_type":"SubTestReport","outcome":"failed"},"status":["","u","SUBFAILED"]})");
  CHECK(reports[2].outcome == Outcome::kFailed);
  CHECK(reports[2].envelope == kSubtest);
  CHECK(reports[3].outcome == Outcome::kPassed);
}

TEST_CASE("without such an attempt all subtests count") {
  std::vector<TestReport> reports = {Report(Outcome::kFailed, kSubtest), Report(Outcome::kOther, R"({"report":{}})")};
  WithdrawSubtests(&reports);
  CHECK(reports[0].outcome == Outcome::kFailed);
  CHECK(IsSubtest(reports[0]));
}
