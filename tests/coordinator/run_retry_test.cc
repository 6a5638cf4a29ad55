// --retries: an attempt is an item under one lease; only the last one's failure counts.

#include <algorithm>
#include <set>

#include "coordinator/run.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

constexpr AgentId kAgent{0}, kOther{1};

RunOptions Retrying(std::uint32_t retries, double delay = 0) {
  RunOptions options;
  options.workers = 2;
  options.retries = retries;
  options.retry_delay = std::chrono::duration_cast<Duration>(Seconds(delay));
  return options;
}

// A run whose agents are played here. Time stands still unless a test moves it.
class Play {
 public:
  explicit Play(RunOptions options, std::vector<AgentId> agents = {kAgent}) : run(std::move(options)) {
    Plan plan;
    plan.mode = CollectMode::kWhole;
    for (const AgentId agent : agents) {
      Hello hello;
      hello.workers = 2;
      Apply(Run::Joined{agent, hello});
      Say(agent, Ready{true, "{}", 0});
      if (agent == agents.front()) Apply(plan);
      Say(agent, Credit{4});
    }
  }
  void Collect(std::vector<std::string> node_ids) {
    Collected collected;
    collected.node_ids = std::move(node_ids);
    Say(kAgent, collected);
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Apply(Run::Input input) {
    auto effects = run.Apply(now, std::move(input));
    for (auto& [agent, message] : effects.messages) {
      if (auto* assign = std::get_if<Assign>(&message)) assigned.emplace_back(agent, *assign);
      if (auto* stop = std::get_if<Stop>(&message)) stops.push_back(*stop);
    }
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  // The assignments since the last call are played: each of their items ends as `outcome` says of it.
  template <typename Of>
  void RunAssigned(Of outcome) {
    const auto batch = std::exchange(assigned, {});
    for (const auto& [agent, assign] : batch) {
      for (const auto& unit : assign.units)
        for (const ItemKey& item : unit.items) Attempt(agent, assign.lease, item, outcome(item.node_id));
      Say(agent, LeaseDone{assign.lease, WorkerId{0}});
      Say(agent, Credit{1});
    }
  }
  void Attempt(AgentId agent, LeaseId lease, const ItemKey& item, Outcome call) {
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) {
      const Outcome outcome = phase == Phase::kCall ? call : Outcome::kPassed;
      const std::string envelope = outcome == Outcome::kFailed ? R"({"report":{"outcome":"failed"}})" : "";
      Say(agent, ItemReport{WorkerId{0}, lease, UnitId{0}, item, {phase, outcome, 0, 0, 0.1, envelope}});
    }
    Say(agent, ItemFinished{WorkerId{0}, lease, UnitId{0}, item});
  }
  void End() {
    for (const AgentId agent : {kAgent, kOther}) Say(agent, Goodbye{});
  }
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const Event& event : events)
      if (const auto* report = std::get_if<TestReported>(&event); report && report->report.phase == Phase::kCall)
        told.push_back(report->node_id + " " + OutcomeName(report->report.outcome));
    return told;
  }
  const RunFinished& Finished() const {
    for (const Event& event : events)
      if (const auto* finished = std::get_if<RunFinished>(&event)) return *finished;
    static const RunFinished kNone;
    CHECK(false);  // The run has not finished.
    return kNone;
  }

  Run run;
  Time now = Time{} + std::chrono::seconds(1);
  std::vector<std::pair<AgentId, Assign>> assigned;
  std::vector<Stop> stops;
  std::vector<Event> events;
};

// Fails so many times, then passes.
auto FailsTimes(int times) {
  return [left = times](const std::string&) mutable { return left-- > 0 ? Outcome::kFailed : Outcome::kPassed; };
}

}  // namespace

TEST_CASE("a test that passes on a retry is flaky, not failed") {
  Play play(Retrying(2));
  play.Collect({"a.py::t"});
  auto outcome = FailsTimes(1);
  play.RunAssigned(outcome);
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other"});
  REQUIRE(play.assigned.size() == 1);
  play.RunAssigned([](const std::string&) { return Outcome::kPassed; });
  play.End();
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other", "a.py::t passed"});
  CHECK(play.run.exit_code() == 0);
  REQUIRE(play.Finished().flaky.size() == 1);
  CHECK(play.Finished().flaky[0].attempts == 2);
}

TEST_CASE("the last attempt's failure is the test's") {
  Play play(Retrying(2));
  play.Collect({"a.py::t"});
  for (int i = 0; i < 4 && !play.assigned.empty(); ++i)
    play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  play.End();
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other", "a.py::t other", "a.py::t failed"});
  CHECK(play.run.exit_code() == 1);
  CHECK(play.Finished().flaky.empty());
}

TEST_CASE("without retries a failure is final") {
  Play play(Retrying(0));
  play.Collect({"a.py::t"});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  CHECK(play.assigned.empty());
  CHECK(play.Told() == std::vector<std::string>{"a.py::t failed"});
}

TEST_CASE("a retry waits for its delay, and the run for the retry") {
  Play play(Retrying(1, 5.0));
  play.Collect({"a.py::t"});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  CHECK(play.assigned.empty());
  CHECK(play.stops.empty());
  CHECK(play.run.waits_for_time());
  play.now += std::chrono::seconds(4);
  play.Apply(Run::Ticked{});
  CHECK(play.assigned.empty());
  play.now += std::chrono::seconds(1);
  play.Apply(Run::Ticked{});
  CHECK(play.assigned.size() == 1);
}

TEST_CASE("a retry prefers another agent, and says which worker to avoid") {
  Play play(Retrying(1), {kAgent, kOther});
  play.Collect({"a.py::t"});
  REQUIRE(play.assigned.size() == 1);
  const AgentId first = play.assigned[0].first;
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  REQUIRE(play.assigned.size() == 1);
  CHECK(play.assigned[0].first != first);
  CHECK(play.assigned[0].second.avoid == 0);
}

TEST_CASE("maxfail counts final failures only") {
  RunOptions options = Retrying(1);
  options.max_failures = 1;
  Play play(options);
  play.Collect({"a.py::t"});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  CHECK(play.stops.empty());
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  CHECK(play.stops.size() == 1);
}

TEST_CASE("--fail-on-flaky makes a run with a flaky test red") {
  RunOptions options = Retrying(1);
  options.fail_on_flaky = true;
  Play play(options);
  play.Collect({"a.py::t"});
  auto outcome = FailsTimes(1);
  play.RunAssigned([&](const std::string& id) { return outcome(id); });
  play.RunAssigned([&](const std::string& id) { return outcome(id); });
  play.End();
  CHECK(play.run.exit_code() == 1);
}

TEST_CASE("a crash is an attempt that may be retried") {
  Play play(Retrying(1));
  play.Collect({"a.py::t"});
  const auto [agent, assign] = play.assigned.at(0);
  play.assigned.clear();
  const ItemKey item = assign.units[0].items[0];
  play.Say(agent,
           ItemReport{WorkerId{0}, assign.lease, UnitId{0}, item, {Phase::kSetup, Outcome::kPassed, 0, 0, 0, ""}});
  WorkerLost lost;
  lost.status = 11;
  lost.state = WorkerState::kCall;
  lost.lease = assign.lease;
  lost.item = item;
  lost.leases = {assign.lease};
  play.Say(agent, lost);
  play.Say(agent, Credit{1});
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other"});
  REQUIRE(play.assigned.size() == 1);
  play.RunAssigned([](const std::string&) { return Outcome::kPassed; });
  play.End();
  CHECK(play.run.exit_code() == 0);
}

TEST_CASE("news of an attempt that is over counts only if a wider fixture's teardown failed") {
  Play play(Retrying(1));
  play.Collect({"a.py::t"});
  const auto [agent, assign] = play.assigned.at(0);
  play.assigned.clear();
  const ItemKey item = assign.units[0].items[0];
  play.Say(agent,
           ItemReport{WorkerId{0}, assign.lease, UnitId{0}, item, {Phase::kCall, Outcome::kFailed, 0, 0, 0, ""}});
  play.Say(agent, ItemFinished{WorkerId{0}, assign.lease, UnitId{0}, item});
  play.Say(agent,
           ItemReport{WorkerId{0}, assign.lease, UnitId{0}, item, {Phase::kCall, Outcome::kFailed, 0, 0, 0, ""}});
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other"});
  play.Say(agent,
           ItemReport{WorkerId{0}, assign.lease, UnitId{0}, item, {Phase::kTeardown, Outcome::kFailed, 0, 0, 0, ""}});
  play.RunAssigned([](const std::string&) { return Outcome::kPassed; });
  play.End();
  CHECK(play.run.exit_code() == 1);
  CHECK(play.Finished().flaky.empty());
}

TEST_CASE("an error of a wider fixture's teardown is told, whether or not the test runs again") {
  const Outcome call = GENERATE(Outcome::kPassed, Outcome::kFailed);
  Play play(Retrying(1));
  play.Collect({"a.py::t"});
  const auto [agent, assign] = play.assigned.at(0);
  play.assigned.clear();
  const ItemKey item = assign.units[0].items[0];
  const auto report = [&](Phase phase, Outcome outcome, const char* envelope) {
    play.Say(agent, ItemReport{WorkerId{0}, assign.lease, UnitId{0}, item, {phase, outcome, 0, 0, 0, envelope}});
  };
  report(Phase::kSetup, Outcome::kPassed, "");
  report(Phase::kCall, call, R"({"report":{}})");
  report(Phase::kTeardown, Outcome::kFailed, R"({"report":{},"wider":true})");
  play.Say(agent, ItemFinished{WorkerId{0}, assign.lease, UnitId{0}, item});
  CHECK(play.assigned.size() == (call == Outcome::kFailed ? 1 : 0));
  play.RunAssigned([](const std::string&) { return Outcome::kPassed; });
  play.End();
  CHECK(play.run.exit_code() == 1);
  CHECK(play.Finished().flaky.empty());
}

TEST_CASE("a test that is skipped on its retry has not passed") {
  Play play(Retrying(1));
  play.Collect({"a.py::t"});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  play.RunAssigned([](const std::string&) { return Outcome::kSkipped; });
  play.End();
  CHECK(play.run.exit_code() == 0);
  CHECK(play.Finished().flaky.empty());
}

TEST_CASE("where the run ends before a retry, the attempt that there was counts") {
  Play play(Retrying(1, 60));
  play.Collect({"a.py::t"});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  play.Say(kAgent, WorkerStopping{WorkerId{0}, "stop", "stepwise", -1});
  play.End();
  CHECK(play.Told() == std::vector<std::string>{"a.py::t other", "a.py::t failed"});
  CHECK(play.run.exit_code() == 2);
  CHECK(play.Finished().not_run.empty());
  CHECK(play.Finished().flaky.empty());
}

TEST_CASE("a run that stops retries nothing more") {
  Play play(Retrying(1, 60));
  play.Collect({"a.py::t", "b.py::t"});
  REQUIRE(!play.assigned.empty());
  play.Apply(Run::Interrupted{});
  play.RunAssigned([](const std::string&) { return Outcome::kFailed; });
  CHECK(play.Told() == std::vector<std::string>{"a.py::t failed", "b.py::t failed"});
}

TEST_CASE("a shard without tests is green") {
  Play play(RunOptions{}, {});
  Hello hello;
  hello.workers = 1;
  play.Apply(Run::Joined{kAgent, hello});
  play.Say(kAgent, Ready{true, "{}", 0});
  Plan plan;
  plan.cut.emplace(std::vector<ShardFile>{}, 3);
  play.Apply(plan);
  play.Collect({});
  play.End();
  CHECK(play.run.exit_code() == 0);
}
