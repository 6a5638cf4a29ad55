#include "report/shard_merge.h"

#include <fmt/format.h>

#include "tests/catch.h"

using namespace fastest;

namespace {

// A shard's run: it walked all files, and passed these tests.
std::vector<Event> Shard(std::uint32_t index, const std::vector<std::string>& node_ids, const std::string& digest = "d",
                         const std::string& files = R"({"a.py":0,"b.py":1})") {
  RunStarted started;
  started.workers = 2;
  started.shard = fmt::format(R"({{"index":{},"total":2,"digest":"{}","files":{}}})", index, digest, files);
  UnitCollected walked;
  walked.walked = {"a.py", "b.py"};
  UnitCollected unit;
  std::vector<Event> events = {started, walked};
  RunFinished end;
  for (std::uint32_t i = 0; i < node_ids.size(); ++i) {
    unit.items.push_back(ItemId{i});
    unit.node_ids.push_back(node_ids[i]);
  }
  events.push_back(unit);
  for (std::uint32_t i = 0; i < node_ids.size(); ++i) {
    events.push_back(
        TestReported{ItemId{i}, node_ids[i], WorkerId{1}, {Phase::kCall, Outcome::kPassed, 0, 0, 0.5, ""}});
    events.push_back(TestFinished{ItemId{i}, node_ids[i], WorkerId{1}});
  }
  end.times.wall = 1 + index;
  events.push_back(end);
  return events;
}

ShardMerge Merged(const std::vector<std::vector<Event>>& shards, bool complete = true) {
  ShardMerge merge;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    merge.AddFile(fmt::format("file{}", i));
    for (const Event& event : shards[i]) merge.Note(event);
    merge.EndFile(complete || i > 0);
  }
  return merge;
}

class Heard : public Reporter {
 public:
  void OnEvent(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

const std::vector<std::string> kA = {"a.py::x", "a.py::y"}, kB = {"b.py::x"};

}  // namespace

TEST_CASE("whole shards have no problems") {
  const ShardMerge merge = Merged({Shard(1, kB), Shard(0, kA)});
  CHECK(merge.Problems().empty());
  CHECK(merge.exit_code(false) == 0);
  CHECK(merge.tests() == 3);
}

TEST_CASE("what keeps shards from being one run is named") {
  struct Case {
    std::vector<std::vector<Event>> shards;
    std::string problem;
  };
  const auto files = R"({"a.py":0})";
  const auto c = GENERATE_COPY(values<Case>({
      {{Shard(0, kA)}, "shard 2/2 is missing"},
      {{Shard(0, kA), Shard(0, kA), Shard(1, kB)}, "shard 1/2 is there twice: file0 and file1"},
      {{Shard(0, kA), Shard(1, kB, "e")}, "the shards were not cut alike (d: shard 1/2; e: shard 2/2)"},
      {{Shard(0, kA), Shard(1, {"b.py::x", "a.py::y"})}, "a.py::y ran twice: in shard 1/2 and shard 2/2"},
      {{Shard(0, {}), Shard(1, kB)}, "a.py was found by shard 1/2, but not run by shard 1/2, whose it is"},
      {{Shard(0, kA, "d", files), Shard(1, {}, "d", files)}, "b.py was run by no shard"},
  }));
  const auto problems = Merged(c.shards).Problems();
  INFO(c.problem);
  REQUIRE(!problems.empty());
  CHECK(problems.front().substr(0, c.problem.size()) == c.problem);
}

TEST_CASE("a collected test without a result is missing, unless its run was stopped") {
  auto shard = Shard(0, kA);
  shard.erase(shard.end() - 2);  // a.py::y's TestFinished.
  const auto problems = Merged({shard, Shard(1, kB)}).Problems();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0] == "a.py::y has no result: shard 1/2 collected it (file0)");
  auto& end = std::get<RunFinished>(shard.back());
  end.not_run = {"a.py::y"};
  end.exit_code = 1;
  CHECK(Merged({shard, Shard(1, kB)}).Problems().empty());
}

TEST_CASE("a shard that did not end is named") {
  const auto problems = Merged({Shard(0, kA), Shard(1, kB)}, false).Problems();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0] == "shard 1/2 is cut short: its job ended before its run (file0)");
}

TEST_CASE("a file that does not say which shard it is is named and left out") {
  ShardMerge merge;
  merge.AddFile("empty");
  CHECK_FALSE(merge.EndFile(false));
  merge.AddFile("file");
  for (const Event& event : Shard(0, kA)) merge.Note(event);
  CHECK(merge.EndFile(true));
  const std::vector<std::string> problems = merge.Problems();
  REQUIRE(problems.size() == 2);
  CHECK(problems[0] == "empty is cut short: its job ended before its run began");
  CHECK(problems[1] == "shard 2/2 is missing");
  CHECK(merge.tests() == 2);
}

TEST_CASE("a merged run stands in pytest's order of files, each worker under a number of its own") {
  const std::vector<std::vector<Event>> shards = {Shard(1, kB), Shard(0, kA)};
  ShardMerge merge = Merged(shards);
  Heard heard;
  merge.Begin({&heard});
  for (std::size_t i = 0; i < shards.size(); ++i)
    for (const Event& event : shards[i]) merge.Replay(i, event, {&heard});
  merge.End({&heard}, false);
  std::map<std::uint32_t, std::string> ids;
  std::vector<std::uint32_t> workers;
  for (const Event& event : heard.events) {
    if (const auto* unit = std::get_if<UnitCollected>(&event))
      for (std::size_t i = 0; i < unit->items.size(); ++i) ids[Number(unit->items[i])] = unit->node_ids[i];
    if (const auto* report = std::get_if<TestReported>(&event)) workers.push_back(Number(report->worker));
  }
  CHECK(ids == std::map<std::uint32_t, std::string>{{0, "a.py::x"}, {1, "a.py::y"}, {2, "b.py::x"}});
  CHECK(workers == std::vector<std::uint32_t>{1, 3, 3});
  REQUIRE(std::holds_alternative<RunFinished>(heard.events.back()));
  CHECK(std::get<RunFinished>(heard.events.back()).times.wall == 2);
  CHECK(std::get<RunStarted>(heard.events.front()).workers == 4);
}

TEST_CASE("the worst shard's exit code is the run's") {
  struct Case {
    int first, second, all;
  };
  const auto c = GENERATE(values<Case>({{0, 0, 0},
                                        {0, 1, 1},
                                        {1, 2, 2},
                                        {2, 3, 3},
                                        {1, 4, 4},
                                        {6, 0, 6},
                                        {6, 1, 1},
                                        {0, 5, 0},
                                        {0, 7, 7},
                                        {100, 0, 100},
                                        {9, 1, 9},
                                        {7, 4, 4},
                                        {7, 9, 9}}));
  auto first = Shard(0, kA), second = Shard(1, kB);
  std::get<RunFinished>(first.back()).exit_code = c.first;
  std::get<RunFinished>(second.back()).exit_code = c.second;
  CHECK(Merged({first, second}).exit_code(false) == c.all);
  CHECK(Merged({first, second}).exit_code(true) == 3);
}

TEST_CASE("durations are those of tests that have a result") {
  const auto durations = Merged({Shard(0, kA), Shard(1, kB)}).Durations();
  REQUIRE(durations.size() == 3);
  CHECK(durations[0] == std::pair<std::string, double>("a.py::x", 0.5));
}
