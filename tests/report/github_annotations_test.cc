#include "report/github_annotations.h"

#include <fmt/format.h>

#include "tests/catch.h"

using namespace fastest;

namespace {

struct Written {
  std::string commands, summary;
};

TestReported Failure(const std::string& node_id, const std::string& message, const std::string& path, int line) {
  TestReported event;
  event.node_id = node_id;
  event.report.outcome = Outcome::kFailed;
  event.report.envelope = fmt::format(
      R"({{"report":{{"location":["tests/test_a.py",4,"test_x"],"longrepr":{{"reprcrash":{{"path":"{}","lineno":{}}}}}}},)"
      R"("text":"E   <b> \u001b[31mred\u001b[0m","short":"{}"}})",
      path, line, message);
  return event;
}

Written Report(const std::vector<Event>& events, const std::string& workspace = "/work", bool annotates = true) {
  Written written;
  GithubAnnotations annotations(
      {workspace, "fastest"}, [&](std::string_view text) { written.commands += text; },
      [&](std::string_view text) -> Status {
        written.summary += text;
        return Ok();
      },
      annotates);
  RunStarted started;
  started.ready = R"({"rootdir":"/work/project"})";
  annotations.OnEvent(started);
  for (const Event& event : events) annotations.OnEvent(event);
  if (!std::holds_alternative<RunFinished>(events.back())) annotations.OnEvent(RunFinished{});
  return written;
}

}  // namespace

TEST_CASE("a failure is an error at the line that failed, relative to the workspace") {
  const auto written = Report({Failure("tests/test_a.py::test_x", "assert 1", "/work/project/src/b.py", 7)});
  CHECK(written.commands == "::error file=project/src/b.py,line=7,title=tests/test_a.py%3A%3Atest_x::assert 1\n");
}

TEST_CASE("a failure in somebody else's code is told at the test") {
  const auto written = Report({Failure("tests/test_a.py::test_x", "boom", "/usr/lib/python3/x.py", 7)}, "");
  CHECK(written.commands == "::error file=tests/test_a.py,line=5,title=tests/test_a.py%3A%3Atest_x::boom\n");
}

TEST_CASE("text is escaped as GitHub wants it") {
  CHECK(EscapedForGithub("50%\r\na:b,c", false) == "50%25%0D%0Aa:b,c");
  CHECK(EscapedForGithub("50%\r\na:b,c", true) == "50%25%0D%0Aa%3Ab%2Cc");
  const auto written = Report({Failure("t[a,b%]", R"(x\n::error::y)", "", 0)});
  CHECK(written.commands.find("title=t[a%2Cb%25]::x%0A::error::y\n") != std::string::npos);
}

TEST_CASE("ten failures are annotated, fifty are in the summary") {
  std::vector<Event> events;
  for (int i = 0; i < 60; ++i) events.push_back(Failure(fmt::format("test_{}", i), "m", "", 0));
  const auto written = Report(events);
  const auto count = [](const std::string& text, const std::string& word) {
    int found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  };
  CHECK(count(written.commands, "::error ") == 10);
  CHECK(count(written.summary, "<details>") == 50);
  CHECK(written.summary.find("60 failed") != std::string::npos);
  CHECK(written.summary.find("and 10 more") != std::string::npos);
  CHECK(written.summary.find("<pre>E   &lt;b&gt; red") != std::string::npos);
}

TEST_CASE("flaky tests are warnings") {
  RunFinished end;
  end.flaky = {{"tests/test_a.py::test_x", 2}};
  const auto written = Report({end});
  CHECK(written.commands ==
        "::warning file=project/tests/test_a.py,title=tests/test_a.py%3A%3Atest_x::flaky: passed on attempt 2\n");
  CHECK(written.summary.find("flaky: <code>tests/test_a.py::test_x</code> passed on attempt 2") != std::string::npos);
}

TEST_CASE("a merge writes the summary alone") {
  const auto written = Report({Failure("test_x", "m", "", 0)}, "/work", false);
  CHECK(written.commands.empty());
  CHECK(written.summary.find("test_x") != std::string::npos);
}
