#include "report/junit_xml.h"

#include <regex>
#include <string>

#include "tests/report/recorded_run.h"

namespace fastest {
namespace {

std::string Written(const std::vector<Event>& events) {
  std::string text;
  JUnitXml junit(
      "host",
      [&](std::string_view part) {
        text += part;
        return Ok();
      },
      [](const std::string&) {});
  for (const Event& event : events) junit.OnEvent(event);
  return text;
}

// What no two runs share: the suite's time, timestamp and host, and objects' addresses.
std::string Comparable(std::string text) {
  text = std::regex_replace(text, std::regex("time=\"[0-9.]+\" timestamp=\"[^\"]*\" hostname=\"[^\"]*\""), "");
  return text;
}

TEST_CASE("the JUnit file is pytest's own") {
  const std::string name = GENERATE("default", "broken", "junit_all", "junit_failing");
  CAPTURE(name);
  CHECK(Comparable(Written(ReadRun(name).events)) == Comparable(ReadText("tests/golden/report/" + name + ".xml")));
}

TEST_CASE("test cases stand in the order of their files, whichever was collected first") {
  const auto collected = [](std::uint32_t item, std::uint32_t unit, const std::string& id) {
    UnitCollected event;
    event.items = {ItemId{item}};
    event.node_ids = {id};
    event.unit = UnitId{unit};
    return event;
  };
  const auto passed = [](std::uint32_t item, const std::string& id) {
    TestReported event;
    event.item = ItemId{item};
    event.node_id = id;
    event.report.phase = Phase::kCall;
    return event;
  };
  const std::string text = Written({collected(0, 1, "test_b.py::test_b"), collected(1, 0, "test_a.py::test_a"),
                                    passed(0, "test_b.py::test_b"), passed(1, "test_a.py::test_a"), RunFinished{}});
  REQUIRE(text.find("name=\"test_a\"") != std::string::npos);
  CHECK(text.find("name=\"test_a\"") < text.find("name=\"test_b\""));
}

TEST_CASE("what a worker says of the suite stands before its tests") {
  RecordedRun run = ReadRun("default");
  const Event done = WorkerChanged{{}, WorkerChanged::What::kDone, "", R"({"suite_properties": [["arch", "<a>"]]})"};
  run.events.insert(run.events.end() - 1, done);
  const std::string text = Written(run.events);
  const std::string properties = R"(<properties><property name="arch" value="&lt;a&gt;" /></properties><testcase)";
  CHECK(text.find(properties) != std::string::npos);
}

TEST_CASE("what each worker says of the suite stands there once, what one says twice stands there twice") {
  RecordedRun run = ReadRun("default");
  const auto done = [](const std::string& properties) {
    return WorkerChanged{{}, WorkerChanged::What::kDone, "", R"({"suite_properties": [)" + properties + "]}"};
  };
  for (const char* said : {R"(["a", "1"])", R"(["a", "1"], ["a", "1"])"})
    run.events.insert(run.events.end() - 1, Event(done(said)));
  const std::string text = Written(run.events);
  const std::string one = R"(<property name="a" value="1" />)";
  CHECK(text.find("<properties>" + one + one + "</properties>") != std::string::npos);
}

TEST_CASE("what a test says of its own element is kept as far as the family allows it") {
  struct Row {
    const char* family;
    const char* element;
  };
  for (const Row& row :
       {Row{"xunit2", R"(<testcase classname="mine" name="test_a" time=)"},
        Row{"xunit1", R"(<testcase classname="mine" name="test_a" file="test_a.py" level="3" time=)"}}) {
    RunStarted started;
    started.ready = std::string(R"({"pytest": "9.2.0", "ini": {"junit_family": ")") + row.family + "\"}}";
    UnitCollected collected;
    collected.items = {ItemId{0}};
    collected.node_ids = {"test_a.py::test_a"};
    TestReported passed;
    passed.node_id = "test_a.py::test_a";
    passed.report.phase = Phase::kCall;
    const WorkerChanged done{
        {},
        WorkerChanged::What::kDone,
        "",
        R"({"case_attributes": {"test_a.py::test_a": {"classname": "mine", "level": "3", "time": "9"}, "gone": {"a": "b"}}})"};
    const std::string text = Written({started, collected, passed, done, RunFinished{}});
    CAPTURE(text);
    CHECK(text.find(row.element) != std::string::npos);
  }
}

TEST_CASE("the file's root has a name from pytest 8.4 on") {
  for (const auto& [version, root] :
       {std::pair("8.3.5", "<testsuites><"), std::pair("8.4.0", R"(<testsuites name="pytest tests"><)")}) {
    RunStarted started;
    started.ready = std::string(R"({"pytest": ")") + version + "\"}";
    CHECK(Written({started, RunFinished{}}).find(root) != std::string::npos);
  }
}

}  // namespace
}  // namespace fastest
