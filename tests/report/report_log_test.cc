#include "report/report_log.h"

#include <sstream>

#include "tests/report/recorded_run.h"

namespace fastest {
namespace {

std::vector<Json> Logged(const std::vector<Event>& events) {
  std::string text;
  ReportLog log(
      [&](std::string_view part) {
        text += part;
        return Ok();
      },
      [](const std::string&) {});
  for (const Event& event : events) log.OnEvent(event);
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(ParseJson(line));
  return lines;
}

TEST_CASE("the log begins and ends with the session and has each report as pytest serialised it") {
  const std::vector<Event> events = ReadRun("default").events;
  const std::vector<Json> lines = Logged(events);
  CHECK(lines.front() == Json{{"pytest_version", "9.2.0"}, {"$report_type", "SessionStart"}});
  CHECK(lines.back() == Json{{"exitstatus", 1}, {"$report_type", "SessionFinish"}});
  std::size_t next = 0;
  for (const Event& event : events) {
    const auto* reported = std::get_if<TestReported>(&event);
    if (reported == nullptr) continue;
    while (TextOf(Field(lines[next], "$report_type")) != "TestReport" &&
           Field(lines[next], "_subtest.context").is_null())
      ++next;
    CHECK(lines[next++] == Field(ParseJson(reported->report.envelope), "report"));
  }
}

TEST_CASE("a warning's line has pytest-reportlog's fields") {
  const std::vector<Json> lines = Logged({WarningRaised{
      {R"({"message": "m", "category": "UserWarning", "filename": "f", "lineno": 3, "when": "runtest", "nodeid": "a", "text": "t"})"}}});
  CHECK(
      DumpJson(lines.at(0)) ==
      R"({"category":"UserWarning","filename":"f","lineno":3,"message":"m","$report_type":"WarningMessage","when":"runtest","location":null})");
}

TEST_CASE("the last line has the agents of a run over several machines") {
  RunFinished end;
  end.agents = {{"vm-1", WorkerId{2}, 4, 7, 1.5, "left"}};
  CHECK(
      DumpJson(Logged({end}).at(0)) ==
      R"({"exitstatus":0,"$report_type":"SessionFinish","agents":[{"name":"vm-1","first_worker":"gw2","workers":4,"tests":7,"busy":1.5,"end":"left"}]})");
  CHECK(DumpJson(Logged({RunFinished{}}).at(0)) == R"({"exitstatus":0,"$report_type":"SessionFinish"})");
}

TEST_CASE("a full disk is told once and ends the log, not the run") {
  int writes = 0;
  std::vector<std::string> complaints;
  ReportLog log(
      [&](std::string_view) -> Status {
        ++writes;
        return Error{"no space left on device"};
      },
      [&](const std::string& text) { complaints.push_back(text); });
  for (const Event& event : ReadRun("nothing").events) log.OnEvent(event);
  CHECK(writes == 1);
  CHECK(complaints == std::vector<std::string>{"the report log is incomplete: no space left on device"});
}

}  // namespace
}  // namespace fastest
