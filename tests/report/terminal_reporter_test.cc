#include "report/terminal_reporter.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/report/recorded_run.h"

namespace fastest {
namespace {

std::string Printed(const RecordedRun& run, Screen screen = {}) {
  std::string text;
  screen.columns = run.columns;
  screen.color = run.color;
  TerminalReporter reporter(screen, [&](std::string_view part) { text += part; });
  for (const Event& event : run.events) reporter.OnEvent(event);
  return text;
}

TEST_CASE("one worker's run reads as pytest's own") {
  const std::string name =
      GENERATE("default", "verbose", "very_verbose", "quiet", "very_quiet", "all_reports", "no_fold", "color",
               "color_verbose", "first_failure", "deselected", "nothing", "collect_quiet", "collect_very_quiet",
               "broken", "narrow", "wide", "no_header", "classic", "count");
  CAPTURE(name);
  const std::string text = Printed(ReadRun(name));
  const std::string pytests = ReadText("tests/golden/report/" + name + ".txt");
  CHECK(text.substr(0, pytests.size()) == pytests);
  // With -v lines of our own follow.
  const std::string rest = text.substr(std::min(pytests.size(), text.size()));
  CHECK((rest.empty() || rest.compare(0, 12, "time: start ") == 0));
}

TEST_CASE("one worker's run reads the same when nobody tells that tests start") {
  RecordedRun run = ReadRun("color");
  const std::string told = Printed(run);
  auto& events = run.events;
  events.erase(std::remove_if(events.begin(), events.end(),
                              [](const Event& e) { return std::holds_alternative<TestStarted>(e); }),
               events.end());
  CHECK(Printed(run) == told);
}

TEST_CASE("many workers' run reads as xdist's, in collection order where sections begin, and ends with the speed-up") {
  const std::string name = GENERATE("deselected", "verbose", "broken");
  CAPTURE(name);
  RecordedRun run = ReadRun(name, 3);
  auto& finished = std::get<RunFinished>(run.events.back());
  finished.times.tests = 0.48;
  finished.times.floor = 0.1;
  finished.times.floor_what = "test_one.py::test_fails";
  finished.times.worker_busy = {0.12, 0.06, 0.03};
  CHECK(Printed(run) == ReadText("tests/golden/report/workers_" + name + ".txt"));
}

TEST_CASE("without a terminal no control character is written") {
  const std::string name = GENERATE("deselected", "broken", "nothing", "first_failure");
  const std::string text = Printed(ReadRun(name, GENERATE(1U, 4U)));
  CHECK(
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }));
}

TEST_CASE("sections stand in collection order, whoever reported first") {
  RecordedRun run = ReadRun("no_fold", 4);
  const std::string in_order = Printed(run);
  std::vector<Event> reports;
  auto is_report = [](const Event& event) { return std::holds_alternative<TestReported>(event); };
  std::copy_if(run.events.begin(), run.events.end(), std::back_inserter(reports), is_report);
  std::stable_sort(reports.begin(), reports.end(), [](const Event& a, const Event& b) {
    return std::get<TestReported>(a).item > std::get<TestReported>(b).item;
  });
  std::size_t next = 0;
  for (Event& event : run.events) {
    if (is_report(event)) event = reports[next++];
  }
  const std::string reversed = Printed(run);
  const auto sections = [](const std::string& text) { return text.substr(text.find("= ERRORS =")); };
  CHECK(sections(reversed) == sections(in_order));
}

TEST_CASE("a collected test without a result is named in the end") {
  RecordedRun run = ReadRun("deselected");
  auto& finished = std::get<RunFinished>(run.events.back());
  for (int i = 0; i < 25; ++i) finished.not_run.push_back("test_a.py::test_" + std::to_string(i));
  const std::string text = Printed(run);
  CHECK(text.find("25 tests collected but not run:\n  test_a.py::test_0\n") != std::string::npos);
  CHECK(text.find("  test_a.py::test_19\n  … and 5 more\n") != std::string::npos);
}

TEST_CASE("a lost worker and a notice stand on lines of their own") {
  RecordedRun run = ReadRun("deselected", 2);
  const Event lost =
      WorkerChanged{WorkerId{1}, WorkerChanged::What::kLost, "gw1 died of SIGSEGV in test_a.py::test_x (call)"};
  run.events.insert(run.events.end() - 20, {lost, Notice{"gw0 collected other ids in test_a.py", false}});
  const std::string text = Printed(run);
  CHECK(text.find("\ngw1 died of SIGSEGV in test_a.py::test_x (call)\ngw0 collected other ids in test_a.py\n") !=
        std::string::npos);
}

TEST_CASE("what workers write past any capture comes line by line with the worker's name") {
  RecordedRun run = ReadRun("nothing", 2);
  const auto last = run.events.end() - 1;
  run.events.insert(last, {OutputWritten{WorkerId{0}, "one\ntw"}, OutputWritten{WorkerId{1}, "other"},
                           OutputWritten{WorkerId{0}, "o\n"}});
  CHECK(Printed(run).find("[gw0] one\n[gw0] two\n[gw1] other\n") != std::string::npos);
}

TEST_CASE("without a live screen a test that hangs is named on a line of its own") {
  const auto printed = [](std::uint32_t workers) {
    const RecordedRun run = ReadRun("nothing", workers);
    std::string text;
    TerminalReporter reporter(Screen(), [&](std::string_view more) { text.append(more); });
    reporter.OnEvent(run.events.front());
    reporter.OnEvent(TestStarted{ItemId{0}, "test_one.py::test_hangs", WorkerId{0}});
    reporter.OnTick(61);
    return text;
  };
  CHECK(printed(2).ends_with("\n[gw0] running for 1:00: test_one.py::test_hangs\n"));
  CHECK(printed(1).find("running for") == std::string::npos);
}

TEST_CASE("on a live screen failures come as lines and the block goes away at the end") {
  RecordedRun run = ReadRun("no_header", 2);
  std::vector<std::string> writes;
  Screen screen;
  screen.is_tty = screen.live = true;
  TerminalReporter reporter(screen, [&](std::string_view text) { writes.emplace_back(text); });
  for (std::size_t i = 0; i + 1 < run.events.size(); ++i) reporter.OnEvent(run.events[i]);
  reporter.OnTick(2.0);
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].find("FAILED test_one.py::test_fails - AssertionError: assert {'a': 1, 'b': [1, 2]}...\n") !=
        std::string::npos);
  CHECK(writes[0].find("[==============================] 85/85  11 failed  42/s  0:02") != std::string::npos);
  reporter.OnEvent(run.events.back());
  CHECK(writes[1].substr(0, 4) == "\r\x1b[J");
  CHECK(writes.back() == "\n");
}

}  // namespace
}  // namespace fastest
