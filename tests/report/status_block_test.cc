#include "report/status_block.h"

#include <algorithm>

#include "report/text_width.h"
#include "tests/catch.h"

namespace fastest {
namespace {

const TerminalWriter kStyle([](std::string_view) {}, 80, false);

std::vector<std::string> Lines(const StatusBlock& block, const Tally& tally = {}, int columns = 80) {
  return block.Lines(tally, kStyle, columns);
}

StatusBlock Half() {
  StatusBlock block;
  block.SetWorkers(3);
  block.FinishCollection(20);
  block.Start(WorkerId{0}, "test_a.py::test_first");
  block.SetTime(10);
  for (int i = 0; i < 10; ++i) block.Finish(WorkerId{1});
  return block;
}

TEST_CASE("before the first test the block tells the collection") {
  StatusBlock block;
  block.SetWorkers(8);
  CHECK(Lines(block) == std::vector<std::string>{"starting 8 workers …"});
  block.SetPlan(12, 90);
  block.CountCollected(true, 7);
  block.CountCollected(false, 0);  // Another worker has collected the file, too.
  CHECK(Lines(block) == std::vector<std::string>{"collecting … 1/12 files, 7 items"});
}

TEST_CASE("the first line has bar, counts, failures, rate, time and what is left") {
  Tally tally;
  tally.Add("failed", 2);
  tally.Add("error");
  CHECK(Lines(Half(), tally)[0] == "[==============>               ] 10/20  3 failed  1.0/s  0:10  ETA 0:10");
}

TEST_CASE("below five per cent nothing is estimated") {
  StatusBlock block;
  block.SetWorkers(1);
  block.FinishCollection(1000);
  block.Start(WorkerId{0}, "a");
  block.SetTime(5);
  for (int i = 0; i < 49; ++i) block.Finish(WorkerId{0});
  CHECK(Lines(block)[0].find("ETA") == std::string::npos);
  block.Finish(WorkerId{0});
  CHECK(Lines(block)[0].find("ETA 1:35") != std::string::npos);
}

TEST_CASE("a test that has been running for another whole minute is told once") {
  StatusBlock block = Half();
  block.Start(WorkerId{2}, "test_b.py::test_second");
  block.SetTime(59.9);
  CHECK(block.TakeSlow().empty());
  block.SetTime(69.9);
  CHECK(block.TakeSlow() == std::vector<std::string>{"[gw0] running for 1:00: test_a.py::test_first"});
  CHECK(block.TakeSlow().empty());
  block.SetTime(135);
  CHECK(block.TakeSlow() == std::vector<std::string>{"[gw0] running for 2:00: test_a.py::test_first",
                                                     "[gw2] running for 2:00: test_b.py::test_second"});
}

TEST_CASE("tests that run for more than a second are shown, oldest first") {
  StatusBlock block = Half();
  block.Start(WorkerId{2}, "test_b.py::test_second");
  block.SetTime(10.5);
  CHECK(Lines(block).size() == 2);
  block.SetTime(75);
  const std::vector<std::string> lines = Lines(block);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "gw0   1:15  test_a.py::test_first");
  CHECK(lines[2] == "gw2   1:05  test_b.py::test_second");
}

TEST_CASE("the block never has more than two lines and eight workers") {
  StatusBlock block;
  block.SetWorkers(40);
  for (std::uint32_t i = 0; i < 40; ++i) block.Start(WorkerId{i}, "test_a.py::test_x");
  block.SetTime(3);
  CHECK(Lines(block).size() == 10);
  CHECK(Lines(block).back() == "… and 32 more");
}

TEST_CASE("no line is as wide as the screen") {
  const int columns = GENERATE(20, 40, 80, 200);
  StatusBlock block = Half();
  block.Start(WorkerId{2}, "tests/" + std::string(300, 'x') + "/漢字漢字漢字.py::test_漢字");
  block.SetTime(4000);
  for (const std::string& line : Lines(block, {}, columns)) {
    CAPTURE(line);
    CHECK((VisibleWidth(line) < columns || columns < 40));
  }
}

}  // namespace
}  // namespace fastest
