#include "report/json_report.h"

#include "tests/report/recorded_run.h"

namespace fastest {
namespace {

Json Document(const std::vector<Event>& events) {
  std::string text;
  JsonReport report(
      [&](std::string_view part) {
        text += part;
        return Ok();
      },
      [](const std::string&) {});
  for (const Event& event : events) report.OnEvent(event);
  return ParseJson(text);
}

Json TestOf(const Json& document, const std::string& id) {
  for (const Json& test : Field(document, "tests")) {
    if (TextOf(Field(test, "nodeid")) == id) return test;
  }
  return {};
}

TEST_CASE("the document has the counts of pytest's last line") {
  const Json document = Document(ReadRun("default", 2).events);
  CHECK(DumpJson(Field(document, "counts")) ==
        R"({"failed":8,"passed":71,"skipped":4,"xfailed":2,"xpassed":1,"warnings":15,"error":3})");
  CHECK(Field(document, "version") == 1);
  CHECK(Field(document, "exit_code") == 1);
}

TEST_CASE("each test has one outcome, the worst of its phases") {
  const Json document = Document(ReadRun("default", 2).events);
  struct Case {
    const char* name;
    const char* outcome;
    std::size_t phases;
  };
  const auto c = GENERATE(values<Case>({{"test_passes", "passed", 3},
                                        {"test_fails", "failed", 3},
                                        {"test_setup_error", "error", 2},
                                        {"test_teardown_error", "error", 3},
                                        {"test_skip_mark", "skipped", 2},
                                        {"test_xfails", "xfailed", 3},
                                        {"test_xpasses", "xpassed", 3}}));
  const Json test = TestOf(document, std::string("test_one.py::") + c.name);
  CHECK(TextOf(Field(test, "outcome")) == c.outcome);
  CHECK(Field(test, "phases").size() == c.phases);
}

TEST_CASE("a failure stands with its message, its text and what was captured") {
  const Json test = TestOf(Document(ReadRun("default", 2).events), "test_one.py::test_fails");
  const Json& call = Field(test, "phases").at(1);
  CHECK(TextOf(Field(call, "message")).substr(0, 22) == "AssertionError: assert");
  CHECK(TextOf(Field(call, "text")).find(">       assert left == right") != std::string::npos);
  CHECK(TextOf(Field(Field(call, "sections").at(0), "text")) == "printed\n");
  CHECK(TextOf(Field(test, "worker")) == "gw1");
}

TEST_CASE("collection errors and tests that did not run are told") {
  RecordedRun run = ReadRun("broken");
  std::get<RunFinished>(run.events.back()).not_run = {"test_fine.py::test_a"};
  const Json document = Document(run.events);
  CHECK(Field(document, "collectors").size() == 2);
  CHECK(TextOf(Field(Field(document, "collectors").at(1), "message")).find("undefined_name") != std::string::npos);
  CHECK(TextOf(Field(Field(document, "tests").at(0), "outcome")) == "not run");
  CHECK(Field(document, "not_run").at(0) == "test_fine.py::test_a");
}

}  // namespace
}  // namespace fastest
