// --duplicate-tail: the last items are started at a second agent, too; the first result counts.

#include <algorithm>

#include "coordinator/run.h"
#include "tests/catch.h"
#include "tests/coordinator/told.h"

using namespace fastest;

namespace {

constexpr AgentId kSlow{0}, kFast{1};
const ItemKey kA{"a.py::t", 0}, kB{"b.py::t", 0};

// Two agents of one worker; each has got one of two items. Turns of the loop are 10 ms long.
struct Tail {
  explicit Tail(bool duplicates = true, std::uint32_t retries = 0) : run(Options(duplicates, retries)) {
    for (const AgentId agent : {kSlow, kFast}) {
      Hello hello;
      hello.workers = 1;
      Apply(Run::Joined{agent, hello});
      Say(agent, Ready{true, "{}", 0});
    }
    Apply(Plan());
    for (const AgentId agent : {kSlow, kFast}) Say(agent, Credit{2, 1, 0});
    Collected collected;
    collected.node_ids = {kA.node_id, kB.node_id};
    Say(kSlow, collected);
    for (const AgentId agent : {kSlow, kFast}) Start(agent, Given(agent, 0));
  }
  static RunOptions Options(bool duplicates, std::uint32_t retries) {
    RunOptions options;
    options.remote = true;
    options.expect_agents = 2;
    options.duplicate_tail = duplicates;
    options.retries = retries;
    return options;
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Apply(Run::Input input) {
    now += std::chrono::milliseconds(10);
    auto effects = run.Apply(now, std::move(input));
    for (auto& message : effects.messages) messages.push_back(std::move(message));
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  void Wait(std::chrono::milliseconds span) {
    now += span;
    Apply(Run::Ticked{});
  }
  template <typename Message>
  std::vector<Message> Told(AgentId agent) const {
    return ToldTo<Message>(agent, messages);
  }
  Assign Given(AgentId agent, std::size_t index) const { return Told<Assign>(agent).at(index); }
  std::size_t Gifts(AgentId agent) const { return Told<Assign>(agent).size(); }
  static WorkerId WorkerOf(AgentId agent) { return WorkerId{Number(agent)}; }
  void Start(AgentId agent, const Assign& assign) {
    Say(agent, ItemStarted{WorkerOf(agent), assign.lease, UnitId{0}, assign.units.at(0).items.at(0)});
  }
  void Report(AgentId agent, const Assign& assign, Phase phase, Outcome outcome = Outcome::kPassed) {
    ItemReport report{WorkerOf(agent), assign.lease, UnitId{0}, assign.units.at(0).items.at(0), {}};
    report.report = {phase, outcome, 0, 0, 0.1, ""};
    Say(agent, report);
  }
  void Finish(AgentId agent, const Assign& assign, Outcome outcome = Outcome::kPassed) {
    Report(agent, assign, Phase::kSetup);
    Report(agent, assign, Phase::kCall, outcome);
    Report(agent, assign, Phase::kTeardown);
    Say(agent, ItemFinished{WorkerOf(agent), assign.lease, UnitId{0}, assign.units.at(0).items.at(0)});
    Say(agent, LeaseDone{assign.lease, WorkerOf(agent)});
    Say(agent, Credit{1, 1, static_cast<std::uint32_t>(Gifts(agent))});
  }
  // The fast agent is done with its own; it gets the slow one's item, too.
  Assign Race() {
    Finish(kFast, Given(kFast, 0));
    Wait(std::chrono::seconds(2));
    return Given(kFast, 1);
  }
  std::vector<std::string> Counted() const {
    std::vector<std::string> counted;
    for (const Event& event : events)
      if (const auto* report = std::get_if<TestReported>(&event); report != nullptr && report->node_id == SlowItem())
        counted.push_back(std::string(PhaseName(report->report.phase)) + " " + OutcomeName(report->report.outcome) +
                          " gw" + std::to_string(Number(report->worker)));
    return counted;
  }
  void Die(AgentId agent, const Assign& assign, WorkerState state) {
    WorkerLost lost;
    lost.worker = WorkerOf(agent);
    lost.status = 11;
    lost.state = state;
    lost.lease = assign.lease;
    if (state == WorkerState::kCall) lost.item = assign.units.at(0).items.at(0);
    lost.leases.push_back(assign.lease);
    Say(agent, lost);
  }
  std::string SlowItem() const { return Given(kSlow, 0).units.at(0).items.at(0).node_id; }
  const RunFinished& Finished() const {
    REQUIRE(!events.empty());
    REQUIRE(std::holds_alternative<RunFinished>(events.back()));
    return std::get<RunFinished>(events.back());
  }

  Time now{std::chrono::seconds(1)};
  Run run;
  std::vector<std::pair<AgentId, CoordinatorMessage>> messages;
  std::vector<Event> events;
};

const std::vector<std::string> kFromFast = {"setup passed gw1", "call passed gw1", "teardown passed gw1"};
const std::vector<std::string> kFromSlow = {"setup passed gw0", "call passed gw0", "teardown passed gw0"};

}  // namespace

TEST_CASE("an item that takes long is started once at an idle agent, too, if that is wanted") {
  Tail tail;
  tail.Finish(kFast, tail.Given(kFast, 0));
  CHECK(tail.Gifts(kFast) == 1);  // Not at once.
  tail.Wait(std::chrono::milliseconds(1500));
  REQUIRE(tail.Gifts(kFast) == 2);
  CHECK(tail.Given(kFast, 1).units.at(0).items.at(0).node_id == tail.SlowItem());
  tail.Wait(std::chrono::seconds(60));
  CHECK(tail.Gifts(kFast) + tail.Gifts(kSlow) == 3);

  Tail without(false);
  without.Finish(kFast, without.Given(kFast, 0));
  without.Wait(std::chrono::seconds(60));
  CHECK(without.Gifts(kFast) == 1);
}

TEST_CASE("what the copy says counts when it finishes first, and nothing of the first attempt") {
  Tail tail;
  const Assign copy = tail.Race();
  tail.Report(kSlow, tail.Given(kSlow, 0), Phase::kSetup);
  tail.Finish(kFast, copy);
  CHECK(tail.Counted() == kFromFast);
  CHECK(tail.Told<Abandon>(kSlow).at(0).lease == tail.Given(kSlow, 0).lease);
  CHECK(tail.Told<Abandon>(kFast).empty());
  SECTION("it fails later") { tail.Finish(kSlow, tail.Given(kSlow, 0), Outcome::kFailed); }
  SECTION("its worker dies") { tail.Die(kSlow, tail.Given(kSlow, 0), WorkerState::kCall); }
  SECTION("its agent dies") { tail.Apply(Run::Lost{kSlow, "silent"}); }
  tail.Say(kSlow, Goodbye{});
  tail.Say(kFast, Goodbye{});
  CHECK(tail.Counted() == kFromFast);
  CHECK(tail.Finished().exit_code == 0);
  CHECK(tail.Finished().copies == 1);
  CHECK(tail.Finished().copies_that_won == 1);
}

TEST_CASE("what the first attempt says counts when it finishes first, and nothing of the copy") {
  Tail tail;
  const Assign copy = tail.Race();
  tail.Report(kFast, copy, Phase::kSetup);
  SECTION("it had failed half way") { tail.Report(kFast, copy, Phase::kCall, Outcome::kFailed); }
  SECTION("its worker dies") { tail.Die(kFast, copy, WorkerState::kCall); }
  SECTION("its worker dies while it imports the file") { tail.Die(kFast, copy, WorkerState::kCollecting); }
  SECTION("its agent dies") { tail.Apply(Run::Lost{kFast, "silent"}); }
  tail.Finish(kSlow, tail.Given(kSlow, 0));
  CHECK(tail.Counted() == kFromSlow);
  tail.Say(kSlow, Goodbye{});
  tail.Say(kFast, Goodbye{});
  CHECK(tail.Counted() == kFromSlow);
  CHECK(tail.Finished().exit_code == 0);
  CHECK(tail.Finished().copies_that_won == 0);
}

TEST_CASE("when the first attempt's agent is lost the copy is the item's attempt, with all that it has said") {
  Tail tail;
  const Assign copy = tail.Race();
  tail.Report(kFast, copy, Phase::kSetup);
  tail.Apply(Run::Lost{kSlow, "silent"});
  CHECK(tail.Gifts(kFast) == 2);  // It is not started a third time.
  tail.Report(kFast, copy, Phase::kCall);
  tail.Report(kFast, copy, Phase::kTeardown);
  tail.Say(kFast, ItemFinished{WorkerId{1}, copy.lease, UnitId{0}, copy.units.at(0).items.at(0)});
  CHECK(tail.Counted() == kFromFast);
  SECTION("and if it is lost, too, the item runs again") {
    CHECK(tail.Told<Stop>(kFast).at(0).how == Stop::How::kDone);
  }
}

TEST_CASE("a run does not wait for an agent that cannot give up an attempt that has lost") {
  Tail tail;
  tail.Finish(kFast, tail.Race());
  tail.Say(kFast, Goodbye{});
  CHECK_FALSE(tail.run.finished());
  CHECK(tail.run.waits_for_time());
  tail.Wait(std::chrono::seconds(3));
  CHECK(tail.run.finished());
  CHECK(tail.Told<Stop>(kSlow).back().how == Stop::How::kKill);
  CHECK(tail.Finished().exit_code == 0);
}

TEST_CASE("a copy's failure that comes first is the item's, or the first of its attempts") {
  const std::uint32_t retries = GENERATE(0U, 1U);
  Tail tail(true, retries);
  tail.Finish(kFast, tail.Race(), Outcome::kFailed);
  const auto statuses = tail.Counted();
  CHECK(std::count(statuses.begin(), statuses.end(), "call failed gw1") == (retries == 0 ? 1 : 0));
  CHECK(tail.Told<Stop>(kFast).size() == (retries == 0 ? 1 : 0));
}

TEST_CASE("warnings of a test that ran twice count once") {
  Tail tail;
  const Assign copy = tail.Race();
  const std::string text = R"({"when":"runtest","message":"old","nodeid":")" + tail.SlowItem() + "\"}";
  const bool first_too = GENERATE(false, true);
  if (first_too) tail.Say(kSlow, Warning{WorkerId{0}, {text}});
  tail.Say(kFast, Warning{WorkerId{1}, {text}});
  tail.Finish(kFast, copy);
  const auto is_warning = [](const Event& event) { return std::holds_alternative<WarningRaised>(event); };
  CHECK(std::count_if(tail.events.begin(), tail.events.end(), is_warning) == 1);
}
