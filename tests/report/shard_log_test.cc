#include "report/shard_log.h"

#include <sstream>

#include "report/json_report.h"
#include "report/junit_xml.h"
#include "report/report_log.h"
#include "report/shard_reader.h"
#include "tests/report/recorded_run.h"

using namespace fastest;

namespace {

std::string LogOf(const std::vector<Event>& events) {
  std::string text;
  ShardLog log(
      [&](std::string_view more) -> Status {
        text += more;
        return Ok();
      },
      [](const std::string&) {});
  for (const Event& event : events) log.OnEvent(event);
  return text;
}

template <typename Writer, typename... Before>
std::string Written(const std::vector<Event>& events, Before... before) {
  std::string text;
  Writer writer(
      before...,
      [&](std::string_view more) -> Status {
        text += more;
        return Ok();
      },
      [](const std::string&) {});
  for (const Event& event : events) writer.OnEvent(event);
  return text;
}

std::vector<Event> AsShard(const std::string& name) {
  auto events = ReadRun(name, 2).events;
  std::get<RunStarted>(events.front()).shard = R"({"index":1,"total":3,"digest":"d","files":{}})";
  return events;
}

}  // namespace

TEST_CASE("what was written is read as the same run") {
  for (const char* name : {"all_reports", "broken", "deselected", "junit_all"}) {
    INFO(name);
    const std::vector<Event> events = AsShard(name);
    std::istringstream lines(LogOf(events));
    std::vector<Event> again;
    const auto complete = ReadShardLog(lines, [&](Event event) { again.push_back(std::move(event)); });
    REQUIRE(complete.ok());
    CHECK(*complete);
    CHECK(Written<ReportLog>(again) == Written<ReportLog>(events));
    CHECK(Written<JUnitXml>(again, std::string("host")) == Written<JUnitXml>(events, std::string("host")));
  }
}

TEST_CASE("a log that is cut anywhere gives what stands before the cut") {
  const std::string text = LogOf(AsShard("deselected"));
  for (std::size_t length = 0; length < text.size(); length += 997) {
    std::istringstream lines(text.substr(0, length));
    const auto complete = ReadShardLog(lines, [](const Event&) {});
    REQUIRE(complete.ok());
    CHECK_FALSE(*complete);
  }
}

TEST_CASE("what is no shard's report is refused") {
  for (const char* text : {"x\n", "{}", R"({"format":"fastest-shard","version":2,"files":{}})", "[1]\n", "\n"}) {
    INFO(text);
    std::istringstream lines(text);
    CHECK_FALSE(ReadShardLog(lines, [](const Event&) {}).ok());
  }
}

TEST_CASE("a log of odd values is read without harm") {
  std::istringstream lines(
      R"({"format":"fastest-shard","version":1,"shard":-4,"of":"x","files":{},"ready":7})"
      "\n"
      R"({"event":"collected","items":["x",-1,1e300],"ids":[1,2,"c"],"reports":[7,{"outcome":99}],"unit":{}})"
      "\n"
      R"({"event":"report","item":"q","phase":44,"outcome":-1,"times":3,"envelope":[]})"
      "\n"
      R"({"event":"finished","flaky":[3],"not_run":{},"exit":"x"})"
      "\n");
  std::vector<Event> events;
  const auto complete = ReadShardLog(lines, [&](Event event) { events.push_back(std::move(event)); });
  REQUIRE(complete.ok());
  CHECK(events.size() == 3);
}

TEST_CASE("a shard's file is named by its number") { CHECK(ShardLogName(2, 8) == "shard-3-of-8.jsonl"); }
