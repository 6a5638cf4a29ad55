// A lease's id is a fence: what comes late, twice, or from a lease that was taken back changes nothing.

#include <algorithm>

#include "coordinator/run.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

constexpr AgentId kFirst{0}, kSecond{1};

// Two agents with a worker each, and tests that the first one got.
class Fence {
 public:
  explicit Fence(std::vector<std::string> node_ids = {"a.py::x"}, bool remote = false) : run(TwoWorkers(remote)) {
    for (const AgentId agent : {kFirst, kSecond}) {
      Hello hello;
      hello.workers = 1;
      Apply(Run::Joined{agent, hello});
      Say(agent, Ready{true, "{}", 0});
    }
    Apply(Plan{});
    Say(kFirst, Credit{1});
    Say(kSecond, Credit{0});
    Collected collected;
    collected.node_ids = std::move(node_ids);
    Say(kFirst, collected);
    REQUIRE(leases.size() == 1);
  }

  void Apply(Run::Input input) {
    auto effects = run.Apply(Time{} + std::chrono::seconds(++turns), std::move(input));
    for (auto& [agent, message] : effects.messages)
      if (const auto* assign = std::get_if<Assign>(&message)) Note(agent, *assign);
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Report(AgentId agent, LeaseId lease, Phase phase, Outcome outcome = Outcome::kPassed) {
    Say(agent, ItemReport{WorkerId{Number(agent)}, lease, UnitId{0}, kItem, {phase, outcome, 0, 0, 0.1, ""}});
  }
  void Pass(AgentId agent, LeaseId lease) {
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) Report(agent, lease, phase);
    Say(agent, ItemFinished{WorkerId{Number(agent)}, lease, UnitId{0}, kItem});
  }
  // The first agent runs the test and holds its teardown's report back.
  void Hold() {
    Report(kFirst, leases[0].second, Phase::kSetup);
    Report(kFirst, leases[0].second, Phase::kCall);
    Say(kFirst, ItemFinished{WorkerId{0}, leases[0].second, UnitId{0}, kItem});
  }
  void Note(AgentId agent, const Assign& assign) {
    leases.emplace_back(agent, assign.lease);
    for (const Assignment& unit : assign.units)
      if (std::find(unit.items.begin(), unit.items.end(), kItem) != unit.items.end()) of_item = assign.lease;
  }
  // The second agent's, after the first one was lost.
  LeaseId LeaseOfItem() {
    for (int i = 0; i < 2 && of_item == LeaseId{}; ++i) Say(kSecond, Credit{1});
    REQUIRE(of_item != LeaseId{});
    return of_item;
  }
  template <typename Kind>
  std::size_t Count() const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [](const Event& event) { return std::holds_alternative<Kind>(event); }));
  }
  std::size_t Reports(Phase phase) const {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const Event& event) {
      const auto* reported = std::get_if<TestReported>(&event);
      return reported != nullptr && reported->report.phase == phase;
    }));
  }
  void CheckToldOnce() const {
    CHECK(Reports(Phase::kSetup) == 1);
    CHECK(Reports(Phase::kCall) == 1);
    CHECK(Reports(Phase::kTeardown) == 1);
    CHECK(Count<TestFinished>() == 1);
  }
  // The first agent is lost, the second gets the test.
  void Lose() {
    of_item = LeaseId{};
    Apply(Run::Lost{kFirst});
    Say(kSecond, Credit{1});
    REQUIRE(leases.size() == 2);
    REQUIRE(leases[1].first == kSecond);
  }
  void End() {
    Say(kSecond, LeaseDone{leases.back().second, WorkerId{1}});
    for (const AgentId agent : {kFirst, kSecond}) Say(agent, Goodbye{});
    REQUIRE(run.finished());
    CHECK(Count<TestReported>() == 3);
    CHECK(Count<TestFinished>() == 1);
  }

  const ItemKey kItem{"a.py::x", 0};
  Run run;
  int turns = 0;
  std::vector<std::pair<AgentId, LeaseId>> leases;
  LeaseId of_item{};  // The last one that names the test.
  std::vector<Event> events;

 private:
  static RunOptions TwoWorkers(bool remote) {
    RunOptions options;
    options.workers = 2;
    options.remote = remote;
    return options;
  }
};

}  // namespace

TEST_CASE("a lost agent's result that comes before the other's is not counted beside it") {
  Fence fence;
  fence.Lose();
  fence.Pass(kFirst, fence.leases[0].second);
  CHECK(fence.Count<TestReported>() == 0);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.End();
  CHECK(fence.run.exit_code() == 0);
}

TEST_CASE("a lost agent's failure that comes after the other's pass changes nothing") {
  Fence fence;
  fence.Lose();
  fence.Pass(kSecond, fence.leases[1].second);
  fence.Report(kFirst, fence.leases[0].second, Phase::kCall, Outcome::kFailed);
  fence.Say(kFirst, ItemFinished{WorkerId{0}, fence.leases[0].second, UnitId{0}, fence.kItem});
  fence.End();
  CHECK(fence.run.exit_code() == 0);
}

TEST_CASE("reports of two attempts are never mixed") {
  Fence fence;
  fence.Report(kFirst, fence.leases[0].second, Phase::kSetup);
  fence.Lose();
  fence.Report(kFirst, fence.leases[0].second, Phase::kCall);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.Report(kFirst, fence.leases[0].second, Phase::kTeardown, Outcome::kFailed);
  fence.End();
  CHECK(fence.run.exit_code() == 0);
}

TEST_CASE("a test whose held teardown report is lost with its agent runs again for that report alone") {
  Fence fence({"a.py::x", "a.py::y"});
  fence.Hold();
  fence.Lose();
  fence.Say(kSecond, Credit{1});
  for (const auto& [agent, lease] : std::vector(fence.leases)) fence.Pass(kSecond, lease);
  fence.CheckToldOnce();
}

TEST_CASE("a test whose held teardown report goes with an agent that says goodbye runs again for it") {
  Fence fence({"a.py::x", "a.py::y"});
  fence.Hold();
  fence.Say(kFirst, Goodbye{});
  for (int i = 0; i < 2; ++i) fence.Say(kSecond, Credit{1});
  for (const auto& [agent, lease] : std::vector(fence.leases)) fence.Pass(kSecond, lease);
  fence.CheckToldOnce();
}

TEST_CASE("a held teardown report that is lost when all workers are ending fails the test") {
  Fence fence;
  fence.Hold();
  fence.Apply(Run::Lost{kFirst});
  fence.End();
  CHECK(fence.Reports(Phase::kTeardown) == 1);
  CHECK(fence.run.exit_code() == 1);
}

TEST_CASE("a run that ends while a test runs again for its teardown tells its result once") {
  Fence fence({"a.py::x", "a.py::y"});
  fence.Hold();
  fence.Lose();
  const LeaseId again = fence.LeaseOfItem();
  fence.Report(kSecond, again, Phase::kSetup);
  fence.Report(kSecond, again, Phase::kCall);
  fence.Apply(Run::Interrupted{});
  for (const AgentId agent : {kFirst, kSecond}) fence.Say(agent, Goodbye{});
  REQUIRE(fence.run.finished());
  CHECK(fence.Reports(Phase::kSetup) == 1);
  CHECK(fence.Reports(Phase::kCall) == 1);
  for (const Event& event : fence.events)
    if (const auto* end = std::get_if<RunFinished>(&event)) CHECK(end->not_run == std::vector<std::string>{"a.py::y"});
}

TEST_CASE("a crash of a test that runs again for its teardown is told as the teardown's failure") {
  Fence fence({"a.py::x", "a.py::y"});
  fence.Hold();
  fence.Lose();
  const LeaseId again = fence.LeaseOfItem();
  fence.Report(kSecond, again, Phase::kSetup);
  WorkerLost lost;
  lost.worker = WorkerId{1};
  lost.status = 11;
  lost.state = WorkerState::kCall;
  lost.lease = again;
  lost.item = fence.kItem;
  lost.leases = {again};
  fence.Say(kSecond, lost);
  CHECK(fence.Reports(Phase::kCall) == 1);
  CHECK(fence.Reports(Phase::kTeardown) == 1);
  const auto told = std::find_if(fence.events.begin(), fence.events.end(), [](const Event& event) {
    const auto* reported = std::get_if<TestReported>(&event);
    return reported != nullptr && reported->report.phase == Phase::kTeardown;
  });
  REQUIRE(told != fence.events.end());
  CHECK(std::get<TestReported>(*told).report.outcome == Outcome::kFailed);
}

TEST_CASE("what an agent was given before it is dismissed goes to another") {
  Fence fence({"a.py::x"}, true);
  fence.Say(kFirst, Ready{false, "no pytest", 4});
  fence.Say(kSecond, Credit{1});
  REQUIRE(fence.leases.size() == 2);
  CHECK(fence.leases[1].first == kSecond);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.Say(kSecond, LeaseDone{fence.leases[1].second, WorkerId{1}});
  fence.Say(kSecond, Goodbye{});
  REQUIRE(fence.run.finished());
  CHECK(fence.run.exit_code() == 0);
}

TEST_CASE("a result that comes twice under its own lease counts once") {
  Fence fence;
  fence.Lose();
  fence.Pass(kSecond, fence.leases[1].second);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.End();
}

TEST_CASE("a lease that was taken back can be neither ended nor given back once more") {
  Fence fence;
  fence.Lose();
  const LeaseId old = fence.leases[0].second;
  fence.Say(kFirst, Revoked{old, {{UnitId{0}, false, {fence.kItem}}}});
  fence.Say(kFirst, Revoked{old, {{UnitId{0}, true, {}}}});
  fence.Say(kFirst, LeaseDone{old, WorkerId{0}});
  fence.Say(kFirst, ItemsUnknown{WorkerId{0}, old, UnitId{0}, {fence.kItem}});
  CHECK(fence.leases.size() == 2);
  CHECK(fence.Count<TestReported>() == 0);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.End();
}

TEST_CASE("a worker that a lost agent tells of takes no item of another lease down") {
  Fence fence;
  fence.Lose();
  WorkerLost lost;
  lost.status = 11;
  lost.state = WorkerState::kCall;
  lost.lease = fence.leases[0].second;
  lost.item = fence.kItem;
  lost.leases = {fence.leases[0].second};
  fence.Say(kFirst, lost);
  CHECK(fence.Count<TestReported>() == 0);
  fence.Pass(kSecond, fence.leases[1].second);
  fence.End();
  CHECK(fence.run.exit_code() == 0);
}

TEST_CASE("a lease that nobody was given is nobody's") {
  Fence fence;
  for (const std::uint64_t id : {0ULL, 77ULL, ~0ULL}) {
    fence.Pass(kSecond, LeaseId{id});
    fence.Say(kSecond, LeaseDone{LeaseId{id}, WorkerId{1}});
    fence.Say(kSecond, Revoked{LeaseId{id}, {{UnitId{0}, true, {}}}});
  }
  CHECK(fence.Count<TestReported>() == 0);
  CHECK(fence.leases.size() == 1);
}
