#include "report/report_record.h"

#include "report/terminal_writer.h"
#include "tests/catch.h"

namespace fastest {
namespace {

ReportRecord Record(Phase phase, Outcome outcome, const std::string& envelope = "") {
  TestReported event{ItemId{1}, "a.py::T::test_x", WorkerId{0}, {}};
  event.report.phase = phase;
  event.report.outcome = outcome;
  event.report.envelope = envelope;
  return MakeRecord(event);
}

TEST_CASE("the category is core pytest's") {
  struct Case {
    Phase phase;
    Outcome outcome;
    bool xfail;
    const char* category;
    const char* word;
  };
  const auto c = GENERATE(values<Case>({{Phase::kCall, Outcome::kPassed, false, "passed", "PASSED"},
                                        {Phase::kCall, Outcome::kFailed, false, "failed", "FAILED"},
                                        {Phase::kSetup, Outcome::kFailed, false, "error", "ERROR"},
                                        {Phase::kTeardown, Outcome::kFailed, false, "error", "ERROR"},
                                        {Phase::kSetup, Outcome::kSkipped, false, "skipped", "SKIPPED"},
                                        {Phase::kSetup, Outcome::kPassed, false, "", ""},
                                        {Phase::kCall, Outcome::kSkipped, true, "xfailed", "XFAIL"},
                                        {Phase::kSetup, Outcome::kSkipped, true, "xfailed", "XFAIL"},
                                        {Phase::kCall, Outcome::kPassed, true, "xpassed", "XPASS"}}));
  const ReportRecord record = Record(c.phase, c.outcome, c.xfail ? R"({"report": {"wasxfail": ""}})" : "");
  CHECK(record.category == c.category);
  CHECK(record.word == c.word);
}

TEST_CASE("a plugin's status replaces core's, with its colours") {
  const ReportRecord record = Record(
      Phase::kCall, Outcome::kOther,
      R"({"report": {"outcome": "rerun"}, "status": ["rerun", "R", ["RERUN", {"yellow": true, "bold": false}]]})");
  CHECK(record.category == "rerun");
  CHECK(record.letter == "R");
  CHECK(record.word == "RERUN");
  CHECK(*record.word_markup == kYellow);
}

TEST_CASE("without a report the banner is the node id's last part") {
  CHECK(Record(Phase::kCall, Outcome::kFailed).head_line == "T::test_x");
}

TEST_CASE("a failure without a rendered text is laid out here") {
  const ReportRecord record =
      Record(Phase::kCall, Outcome::kFailed, R"({"report": {"location": ["a.py", 3, "T.test_x"], "longrepr":
    {"reprcrash": {"path": "/p/a.py", "lineno": 4, "message": "assert 1\nmore"}, "sections": [], "chain": null, "reprtraceback": {"extraline": null,
     "style": "long", "reprentries": [{"type": "ReprEntry", "data": {"lines": [">   assert 1"], "style": "long", "reprfuncargs": null,
     "reprlocals": null, "reprfileloc": {"path": "a.py", "lineno": 4, "message": "AssertionError"}}}]}}}})");
  CHECK(record.head_line == "T.test_x");
  CHECK(record.text == "\n>   assert 1\n\na.py:4: AssertionError\n");
  CHECK(record.crash_line == "/p/a.py:4: assert 1");
  CHECK(*record.message == "assert 1\nmore");
}

TEST_CASE("the worker's word on the summary line stands, also where it is none") {
  const std::string report = R"("report": {"longrepr": "file a.py, line 1\n  fixture 'x' not found"})";
  CHECK(Record(Phase::kSetup, Outcome::kFailed, "{" + report + "}").message.has_value());
  CHECK_FALSE(Record(Phase::kSetup, Outcome::kFailed, "{" + report + R"(, "short": null})").message.has_value());
  CHECK(*Record(Phase::kSetup, Outcome::kFailed, "{" + report + R"(, "short": "other"})").message == "other");
}

TEST_CASE("an envelope that is no JSON still leaves the outcome") {
  CHECK(Record(Phase::kCall, Outcome::kFailed, "{garbage").category == "failed");
}

}  // namespace
}  // namespace fastest
