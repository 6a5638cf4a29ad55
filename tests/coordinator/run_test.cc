#include "coordinator/run.h"

#include <algorithm>

#include "tests/catch.h"

using namespace fastest;

namespace {

constexpr AgentId kAgent{0}, kOther{1};

// A run with its agents played by the test; records what it does.
class Play {
 public:
  explicit Play(RunOptions options = {}) : run(std::move(options)) {}

  void Join(AgentId agent, std::uint32_t workers) {
    Hello hello;
    hello.workers = workers;
    Apply(Run::Joined{agent, hello});
    Say(agent, Ready{true, "{}", 0});
    if (!planned) Apply(Plan(plan));
    planned = true;
    Say(agent, Credit{2 * workers});
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Apply(Run::Input input) {
    auto effects = run.Apply(Time{} + std::chrono::seconds(++turns), std::move(input));
    for (auto& [agent, message] : effects.messages) {
      if (auto* assign = std::get_if<Assign>(&message)) assigned.emplace_back(agent, *assign);
      if (auto* release = std::get_if<Release>(&message)) released.push_back(*release);
      if (auto* stop = std::get_if<Stop>(&message)) stops.push_back(*stop);
      if (std::holds_alternative<Revoke>(message)) revoked.push_back(std::get<Revoke>(message).lease);
    }
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  void CollectWhole(std::vector<std::string> node_ids) {
    Collected collected;
    collected.node_ids = std::move(node_ids);
    Say(kAgent, collected);
  }
  void Report(AgentId agent, LeaseId lease, const ItemKey& item, Phase phase, Outcome outcome = Outcome::kPassed) {
    ItemReport report;
    report.lease = lease;
    report.item = item;
    report.report = {phase, outcome, 0, 0, 0.1, ""};
    Say(agent, report);
  }
  void Pass(AgentId agent, LeaseId lease, const ItemKey& item) {
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) Report(agent, lease, item, phase);
    Say(agent, ItemFinished{WorkerId{0}, lease, UnitId{0}, item});
  }
  // Passes everything that was handed out and not passed yet, whatever agent has it.
  void PassAll() {
    for (; passed < assigned.size(); ++passed) {
      const auto [agent, assign] = assigned[passed];
      for (const auto& unit : assign.units)
        for (const auto& item : unit.items) Pass(agent, assign.lease, item);
      Say(agent, LeaseDone{assign.lease, WorkerId{0}});
      Say(agent, Credit{1});
    }
  }
  std::vector<std::string> Reported() const {
    std::vector<std::string> reported;
    for (const Event& event : events)
      if (const auto* report = std::get_if<TestReported>(&event))
        reported.push_back(report->node_id + " " + PhaseName(report->report.phase) + " " +
                           OutcomeName(report->report.outcome));
    return reported;
  }
  const RunFinished& Finished() const {
    REQUIRE(!events.empty());
    REQUIRE(std::holds_alternative<RunFinished>(events.back()));
    return std::get<RunFinished>(events.back());
  }

  Run run;
  Plan plan;
  bool planned = false;
  int turns = 0;
  std::size_t passed = 0;
  std::vector<std::pair<AgentId, Assign>> assigned;
  std::vector<Release> released;
  std::vector<Stop> stops;
  std::vector<LeaseId> revoked;
  std::vector<Event> events;
};

RunOptions Workers(std::uint32_t workers) {
  RunOptions options;
  options.workers = workers;
  return options;
}

// Two files of ten tests, each collected by one of two workers, in two leases; test `i` of a.py takes seconds(i), those
// of b.py a tenth of a second.
class Reserves : public Play {
 public:
  explicit Reserves(std::function<double(int)> seconds, std::uint32_t batch = 0)
      : Play(Options(std::move(seconds), batch)) {
    plan.mode = CollectMode::kFile;
    plan.collect_first = true;
    plan.units = {{"a.py", 0, {}, {}, 1, 10}, {"b.py", 0, {}, {}, 1, 10}};
    Join(kAgent, 2);
    Say(kAgent, Walked{WorkerId{0}, {"a.py", "b.py"}, {}});
    for (std::uint32_t i = 0; i < 2; ++i) {
      Collected collected;
      collected.worker = WorkerId{i};
      collected.lease = assigned.at(i).second.lease;
      collected.unit = UnitId{i};
      for (int t = 0; t < 10; ++t) collected.node_ids.push_back(Name(plan.units[i].path, t));
      Say(kAgent, collected);
    }
  }
  static std::string Name(const std::string& path, int test) { return path + "::t" + std::to_string(test); }
  void Run(std::uint32_t unit, int test) {
    const LeaseId lease = assigned.at(unit).second.lease;
    const ItemKey item{Name(plan.units[unit].path, test), 0};
    ItemReport report;
    report.unit = UnitId{unit};
    report.lease = lease;
    report.item = item;
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) {
      report.report = {phase, Outcome::kPassed, 0, 0, 0.1, ""};
      Say(kAgent, report);
    }
    Say(kAgent, ItemFinished{WorkerId{unit}, lease, UnitId{unit}, item});
  }
  void Start(std::uint32_t unit, int test) {
    const ItemKey item{Name(plan.units[unit].path, test), 0};
    Say(kAgent, ItemStarted{WorkerId{unit}, assigned.at(unit).second.lease, UnitId{unit}, item});
  }
  static std::vector<std::string> Names(const std::vector<Release::Part>& parts) {
    std::vector<std::string> names;
    for (const auto& part : parts)
      for (const auto& item : part.items) names.push_back(item.node_id);
    return names;
  }

 private:
  static RunOptions Options(std::function<double(int)> seconds, std::uint32_t batch) {
    RunOptions options;
    options.workers = 2;
    if (batch > 0) options.optimizer = Optimizer::kOptimized;
    options.batch_size = batch;
    options.history = [seconds](const std::string& id) {
      return id.starts_with("a.py") ? seconds(std::stoi(id.substr(id.find("::t") + 3))) : 0.1;
    };
    return options;
  }
};

ItemKey FirstItem(const Assign& assign) { return assign.units.at(0).items.at(0); }

}  // namespace

TEST_CASE("a teardown report is held back only of an item whose set-up was told") {
  Play play;
  play.Join(kAgent, 1);
  play.CollectWhole({"a.py::t1"});
  const Assign assign = play.assigned.at(0).second;
  const ItemKey& item = assign.units.at(0).items.at(0);
  bool held = false;
  SECTION("a protocol of a plugin's own tells nothing") {}
  SECTION("or of the call alone") { play.Report(kAgent, assign.lease, item, Phase::kCall); }
  SECTION("pytest's tells of the set-up first") {
    held = true;
    for (const Phase phase : {Phase::kSetup, Phase::kCall}) play.Report(kAgent, assign.lease, item, phase);
  }
  play.Say(kAgent, ItemFinished{WorkerId{0}, assign.lease, UnitId{0}, item});
  REQUIRE(std::holds_alternative<TestFinished>(play.events.back()));
  CHECK(std::get<TestFinished>(play.events.back()).held == held);
}

TEST_CASE("where all is collected first a worker may run --batch-size items at a time") {
  const std::uint32_t batch = GENERATE(2U, 4U);
  const Reserves play([](int) { return 0.1; }, batch);
  REQUIRE(play.released.size() == 2);
  for (const Release& release : play.released) {
    CHECK(Reserves::Names(release.next).size() == batch);
    CHECK_FALSE(release.rest);
  }
}

TEST_CASE("in whole mode a batch has --batch-size items, though they are of one file") {
  RunOptions options = Workers(2);
  options.optimizer = Optimizer::kOptimized;
  options.batch_size = 5;
  Play play(options);
  play.Join(kAgent, 2);
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(Reserves::Name("a.py", i));
  play.CollectWhole(ids);
  REQUIRE(play.assigned.size() == 4);
  for (const auto& [agent, assign] : play.assigned) {
    std::size_t items = 0;
    for (const Assignment& unit : assign.units) items += unit.items.size();
    CHECK(items >= 5);
    CHECK(items < 10);
  }
}

TEST_CASE("every collected item is handed out and reported once") {
  Play play(Workers(2));
  play.Join(kAgent, 2);
  play.CollectWhole({"a.py::t1", "a.py::t2", "b.py::t1", "c.py::t1"});
  play.PassAll();
  REQUIRE(play.stops.size() == 1);
  CHECK(play.stops[0].how == Stop::How::kDone);
  play.Say(kAgent, Goodbye{});
  CHECK(play.Finished().exit_code == 0);
  CHECK(play.Reported().size() == 12);
}

TEST_CASE("a lost worker's running item fails in the phase that has no report, the rest runs elsewhere") {
  Play play(Workers(1));
  play.plan.single = false;
  play.Join(kAgent, 1);
  play.CollectWhole({"a.py::t1", "a.py::t2"});
  const auto lease = play.assigned[0].second.lease;
  const ItemKey item = FirstItem(play.assigned[0].second);
  play.Report(kAgent, lease, item, Phase::kSetup);
  WorkerLost lost;
  lost.status = 11;
  lost.state = WorkerState::kSetup;  // The header lags behind the report.
  lost.lease = lease;
  lost.item = item;
  lost.leases = {lease};
  play.passed = 1;
  play.Say(kAgent, lost);
  play.Say(kAgent, Credit{1});
  CHECK(play.Reported() == std::vector<std::string>{"a.py::t1 setup passed", "a.py::t1 call failed"});
  play.PassAll();
  play.Say(kAgent, Goodbye{});
  CHECK(play.Finished().exit_code == 1);
  CHECK(play.Finished().not_run.empty());
}

TEST_CASE("an agent lost in the middle of an item leaves none of its reports") {
  Play play(Workers(2));
  play.Join(kAgent, 1);
  play.Join(kOther, 1);
  play.CollectWhole({"a.py::t1"});
  const auto [agent, assign] = play.assigned.at(0);
  play.Report(agent, assign.lease, FirstItem(assign), Phase::kSetup);
  play.passed = 1;
  play.Apply(Run::Lost{agent});
  REQUIRE(play.assigned.size() == 2);
  CHECK(play.assigned[1].first != agent);
  play.PassAll();
  CHECK(play.Reported().size() == 3);
}

TEST_CASE("pytest.exit in a test leaves the reports of that test before it") {
  Play play(Workers(1));
  play.Join(kAgent, 1);
  play.CollectWhole({"a.py::t1", "a.py::t2"});
  const auto lease = play.assigned[0].second.lease;
  play.Report(kAgent, lease, FirstItem(play.assigned[0].second), Phase::kSetup);
  WorkerStopping stopping;
  stopping.kind = "exit";
  play.Say(kAgent, stopping);
  play.Say(kAgent, Goodbye{});
  CHECK(play.Reported() == std::vector<std::string>{"a.py::t1 setup passed"});
  CHECK(play.Finished().exit_code == 2);
}

TEST_CASE("what arrives late from a lost agent does not count") {
  Play play(Workers(2));
  play.Join(kAgent, 1);
  play.Join(kOther, 1);
  play.CollectWhole({"a.py::t1"});
  const auto [agent, assign] = play.assigned.at(0);
  play.passed = 1;
  play.Apply(Run::Lost{agent});
  play.Pass(agent, assign.lease, FirstItem(assign));
  CHECK(play.Reported().empty());
  play.PassAll();
  CHECK(play.Reported().size() == 3);
}

TEST_CASE("an idle worker makes the longest lease give back what it has not started, once") {
  RunOptions options = Workers(2);
  options.optimizer = Optimizer::kOptimized;  // One batch has all.
  Play play(options);
  play.Join(kAgent, 2);
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back("a.py::t" + std::to_string(i));
  play.CollectWhole(ids);
  REQUIRE(play.assigned.size() == 1);
  CHECK(play.revoked.empty());  // Nothing of it has begun: its worker is about to.
  const auto lease = play.assigned[0].second.lease;
  play.Report(kAgent, lease, {ids[0], 0}, Phase::kSetup);
  REQUIRE(play.revoked.size() == 1);
  Revoked answer{lease, {{UnitId{0}, false, {}}}};
  for (int i = 2; i < 12; ++i) answer.parts[0].items.push_back({ids[i], 0});
  play.Say(kAgent, answer);
  CHECK(play.assigned.size() == 2);
  play.Say(kAgent, Heartbeat{});
  CHECK(std::count(play.revoked.begin(), play.revoked.end(), lease) == 1);
}

TEST_CASE("an idle worker that has collected the file need not be paid for importing it again") {
  const bool knows = GENERATE(true, false);
  RunOptions options = Workers(2);
  options.history = [](const std::string&) { return 0.05; };
  Play play(options);
  play.plan.mode = CollectMode::kFile;
  play.plan.units.resize(1);
  play.plan.units[0].path = "a.py";
  play.Join(kAgent, 2);
  play.Say(kAgent, Walked{WorkerId{0}, {"a.py"}, {}});
  Collected collected;
  collected.lease = play.assigned.at(0).second.lease;
  collected.seconds = 1;  // As long as the tests.
  for (int i = 0; i < 20; ++i) collected.node_ids.push_back("a.py::t" + std::to_string(i));
  if (knows) {
    collected.worker = WorkerId{1};  // In a lease that has ended.
    play.Say(kAgent, collected);
    collected.worker = WorkerId{0};
  }
  play.Say(kAgent, collected);
  play.Report(kAgent, collected.lease, {"a.py::t0", 0}, Phase::kSetup);
  CHECK(play.revoked.size() == (knows ? 1 : 0));
}

TEST_CASE("what stays together is not taken from its worker, however idle the other is") {
  Play play(Workers(2));
  play.Join(kAgent, 2);
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back("a.py::T::t" + std::to_string(i));
  play.CollectWhole(ids);  // A class is not cut: it would go from one worker to the other for ever.
  REQUIRE(play.assigned.size() == 1);
  play.Report(kAgent, play.assigned[0].second.lease, {ids[0], 0}, Phase::kSetup);
  CHECK(play.revoked.empty());
}

TEST_CASE("a class that may be cut is cut for an idle worker while it has long to go") {
  const double seconds = GENERATE(0.1, 0.01);
  RunOptions options = Workers(2);
  options.history = [seconds](const std::string&) { return seconds; };
  Play play(options);
  play.Join(kAgent, 2);
  Collected collected;
  for (int i = 0; i < 12; ++i) collected.node_ids.push_back("a.py::T::t" + std::to_string(i));
  collected.divisible = {"a.py::T"};
  play.Say(kAgent, collected);
  REQUIRE(play.assigned.size() == 1);  // At first it is given out as a whole.
  play.Report(kAgent, play.assigned[0].second.lease, FirstItem(play.assigned[0].second), Phase::kSetup);
  CHECK(play.revoked.size() == (seconds == 0.1 ? 1 : 0));
}

TEST_CASE("what stays together goes to an idle worker whole while it waits behind another batch") {
  RunOptions options = Workers(2);
  options.optimizer = Optimizer::kOptimized;
  options.batch_size = 6;
  Play play(options);
  play.Join(kAgent, 1);
  std::vector<std::string> ids;
  for (const char* file : {"a.py", "b.py"})
    for (int i = 0; i < 6; ++i) ids.push_back(std::string(file) + "::T::t" + std::to_string(i));
  play.CollectWhole(ids);
  REQUIRE(play.assigned.size() == 2);
  const Assign waiting = play.assigned[1].second;
  play.Report(kAgent, play.assigned[0].second.lease, FirstItem(play.assigned[0].second), Phase::kSetup);
  play.Join(kOther, 1);
  REQUIRE(play.revoked == std::vector{waiting.lease});
  play.Say(kAgent, Revoked{waiting.lease, {{UnitId{0}, false, waiting.units.at(0).items}}});
  REQUIRE(play.assigned.size() == 3);
  CHECK(play.assigned[2].first == kOther);
  CHECK(play.assigned[2].second.units.at(0).items.size() == 6);
}

TEST_CASE("a batch with a group of xdist's is given back whole or not at all") {
  RunOptions options = Workers(2);
  options.dist = Dist::kLoadGroup;
  options.optimizer = Optimizer::kOptimized;
  Play play(options);
  play.Join(kAgent, 2);
  Collected collected;
  for (int i = 0; i < 12; ++i) {
    collected.node_ids.push_back("a.py::t" + std::to_string(i));
    collected.groups.push_back(i < 6 ? "one" : "two");
  }
  play.Say(kAgent, collected);
  REQUIRE(play.assigned.size() == 1);
  CHECK(play.assigned[0].second.together);
  play.Report(kAgent, play.assigned[0].second.lease, FirstItem(play.assigned[0].second), Phase::kSetup);
  CHECK(play.revoked.empty());
}

TEST_CASE("what is collected first is released a part at a time, in order") {
  Reserves play([](int) { return 0.1; });
  REQUIRE(play.released.size() == 2);
  CHECK(Reserves::Names(play.released[0].next) == std::vector<std::string>{"a.py::t0", "a.py::t1", "a.py::t2"});
  CHECK(!play.released[0].rest);
  play.Run(0, 0);
  CHECK(play.released.size() == 2);
  play.Run(0, 1);  // The next part is there before the worker has nothing to do.
  REQUIRE(play.released.size() == 3);
  CHECK(Reserves::Names(play.released[2].next) == std::vector<std::string>{"a.py::t3", "a.py::t4", "a.py::t5"});
}

TEST_CASE("a test that would hold up the end runs first, and nothing is released behind it before it ends") {
  Reserves play([](int test) { return test == 9 ? 2 : 0.1; });
  REQUIRE(play.released.size() == 2);
  CHECK(Reserves::Names(play.released[0].next) == std::vector<std::string>{"a.py::t9"});
  play.Start(0, 9);
  CHECK(play.released.size() == 2);
  play.Run(0, 9);
  REQUIRE(play.released.size() == 3);
  CHECK(Reserves::Names(play.released[2].next).front() == "a.py::t0");
}

TEST_CASE("an idle worker gets what another may not run yet, though that one is in the midst of a test") {
  Reserves play([](int test) { return test == 0 ? 2 : 0.1; });
  play.Start(0, 0);
  for (int test = 0; test < 10; ++test) play.Run(1, test);
  const std::size_t before = play.assigned.size();
  play.Say(kAgent, LeaseDone{play.assigned[1].second.lease, WorkerId{1}});
  REQUIRE(play.assigned.size() > before);
  CHECK(play.revoked.empty());
  std::vector<std::string> gone;
  for (const Release& release : play.released)
    for (const std::string& name : Reserves::Names(release.gone)) gone.push_back(name);
  std::vector<std::string> given;
  for (std::size_t i = before; i < play.assigned.size(); ++i)
    for (const ItemKey& item : play.assigned[i].second.units.at(0).items) given.push_back(item.node_id);
  CHECK(gone == std::vector<std::string>{"a.py::t5", "a.py::t6", "a.py::t7", "a.py::t8", "a.py::t9"});
  CHECK(given == gone);
}

TEST_CASE("a collection error keeps everything from running") {
  Play play(Workers(2));
  play.Join(kAgent, 2);
  Collected collected;
  collected.node_ids = {"a.py::t1"};
  collected.reports = {{"b.py", Outcome::kFailed, "{}"}};
  play.Say(kAgent, collected);
  CHECK(play.assigned.empty());
  play.Say(kAgent, Goodbye{});
  CHECK(play.Finished().exit_code == 2);
  CHECK(play.Finished().stop_reason == "Interrupted: 1 error during collection");
}

TEST_CASE("--maxfail stops the run with exit code 1") {
  RunOptions options = Workers(1);
  options.max_failures = 1;
  Play play(options);
  play.Join(kAgent, 1);
  play.CollectWhole({"a.py::t1", "a.py::t2"});
  const auto& assign = play.assigned[0].second;
  play.Report(kAgent, assign.lease, FirstItem(assign), Phase::kSetup, Outcome::kFailed);
  play.Say(kAgent, ItemFinished{WorkerId{0}, assign.lease, UnitId{0}, FirstItem(assign)});
  REQUIRE(play.stops.size() == 1);
  CHECK(play.stops[0].how == Stop::How::kFinish);
  play.Say(kAgent, Goodbye{});
  CHECK(play.Finished().exit_code == 1);
}

TEST_CASE("a file that only pytest's walk finds is run too") {
  Play play(Workers(2));
  play.plan.mode = CollectMode::kFile;
  play.plan.units = {{"a.py", 0, {}, {}, 0.1, 1}};
  play.Join(kAgent, 2);
  play.Say(kAgent, Walked{WorkerId{0}, {"a.py", "b.py"}, {}});
  std::vector<std::string> paths;
  for (const auto& [agent, assign] : play.assigned)
    for (const auto& unit : assign.units) paths.push_back(unit.path);
  CHECK(paths == std::vector<std::string>{"a.py", "b.py"});
}

TEST_CASE("an empty suite ends with exit code 5") {
  Play play(Workers(2));
  play.Join(kAgent, 2);
  play.CollectWhole({});
  play.Say(kAgent, Goodbye{});
  CHECK(play.Finished().exit_code == 5);
}
