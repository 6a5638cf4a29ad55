#include <algorithm>

#include "coordinator/run.h"
#include "tests/catch.h"
#include "tests/coordinator/told.h"

using namespace fastest;

namespace {

constexpr AgentId kOne{0}, kTwo{1}, kThree{2};

// A run over several machines whose agents are played by the test.
struct Play {
  explicit Play(std::uint32_t expect = 1) : run(Options(expect)) {}

  static RunOptions Options(std::uint32_t expect) {
    RunOptions options;
    options.remote = true;
    options.workers = 2;
    options.expect_agents = expect;
    options.min_agents = 1;
    return options;
  }
  void Arrive(AgentId agent, const std::string& name = "") {
    Hello hello;
    hello.name = name;
    hello.workers = 1;
    Apply(Run::Joined{agent, hello});
  }
  void Join(AgentId agent, const std::string& name, std::string ready = "{}") {
    Arrive(agent, name);
    Say(agent, Ready{true, std::move(ready), 0});
    if (wants_plan && !planned) {
      planned = true;
      Apply(Plan(plan));
    }
    Say(agent, Credit{1});
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Apply(Run::Input input) {
    auto effects = run.Apply(Time{} + std::chrono::seconds(++turns), std::move(input));
    wants_plan = wants_plan || effects.wants_plan.has_value();
    for (auto& message : effects.messages) messages.push_back(std::move(message));
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  void Collect(std::vector<std::string> node_ids) {
    Collected collected;
    collected.node_ids = std::move(node_ids);
    Say(kOne, collected);
  }
  void Pass(AgentId agent, LeaseId lease, const ItemKey& item) {
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) {
      ItemReport report;
      report.lease = lease;
      report.item = item;
      report.report.phase = phase;
      Say(agent, report);
    }
    Say(agent, ItemFinished{WorkerId{0}, lease, UnitId{0}, item});
  }
  template <typename Message>
  std::vector<Message> Told(AgentId agent) const {
    return ToldTo<Message>(agent, messages);
  }
  std::size_t Reports() const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [](const Event& event) { return std::holds_alternative<TestReported>(event); }));
  }

  Run run;
  Plan plan;
  bool wants_plan = false;
  bool planned = false;
  int turns = 0;
  std::vector<std::pair<AgentId, CoordinatorMessage>> messages;
  std::vector<Event> events;
};

ItemKey FirstItem(const Assign& assign) { return assign.units.at(0).items.at(0); }

}  // namespace

TEST_CASE("the run begins when the expected agents are ready, or the least number after a while") {
  Play play(2);
  play.Join(kOne, "one");
  CHECK_FALSE(play.wants_plan);
  SECTION("both are there") {
    play.Join(kTwo, "two");
    CHECK(play.wants_plan);
    CHECK(play.Told<Begin>(kTwo).size() == 1);
    CHECK(play.Told<Begin>(kOne)[0].worker_count == 2);
  }
  SECTION("one is enough") {
    play.Apply(Run::Hurry{});
    CHECK(play.wants_plan);
  }
}

TEST_CASE("a result that comes after its agent was lost does not count, nor does one that comes twice") {
  Play play;
  play.Join(kOne, "one");
  play.Collect({"a.py::t1"});
  const Assign first = play.Told<Assign>(kOne).at(0);
  play.Apply(Run::Lost{kOne, "silent"});
  CHECK_FALSE(play.run.finished());
  play.Join(kTwo, "two");
  const Assign second = play.Told<Assign>(kTwo).at(0);
  CHECK(second.lease != first.lease);
  play.Pass(kOne, first.lease, FirstItem(first));
  CHECK(play.Reports() == 0);
  play.Pass(kTwo, second.lease, FirstItem(second));
  play.Pass(kTwo, second.lease, FirstItem(second));
  CHECK(play.Reports() == 3);
}

TEST_CASE("an agent cannot speak about another agent's work") {
  Play play;
  play.Join(kOne, "one");
  play.Join(kTwo, "two");
  play.Collect({"a.py::t1"});
  const Assign assign = play.Told<Assign>(kOne).at(0);
  play.Pass(kTwo, assign.lease, FirstItem(assign));
  play.Say(kTwo, LeaseDone{assign.lease, WorkerId{0}});
  play.Say(kTwo, Revoked{assign.lease, {{UnitId{77}, true, {}}, {UnitId{0}, false, {FirstItem(assign)}}}});
  WorkerLost lost;
  lost.state = WorkerState::kCall;
  lost.lease = assign.lease;
  lost.item = FirstItem(assign);
  lost.leases = {assign.lease};
  play.Say(kTwo, lost);
  CHECK(play.Reports() == 0);
  play.Pass(kOne, assign.lease, FirstItem(assign));
  CHECK(play.Reports() == 3);
}

TEST_CASE("an agent that leaves gets nothing more, and what it did not start goes to another") {
  Play play;
  play.Join(kOne, "one");
  play.Collect({"a.py::t1", "a.py::t2"});
  const std::size_t given = play.Told<Assign>(kOne).size();
  play.Say(kOne, Leaving{"SIGTERM"});
  play.Say(kOne, Credit{5});
  CHECK(play.Told<Assign>(kOne).size() == given);
  play.Join(kTwo, "two");
  play.Say(kOne, Goodbye{"SIGTERM"});
  play.Say(kTwo, Credit{5});
  std::size_t items = 0;
  for (const Assign& assign : play.Told<Assign>(kTwo))
    for (const auto& unit : assign.units) items += unit.items.size();
  CHECK(items == 2);
}

TEST_CASE("a run without agents waits, until it is abandoned") {
  Play play;
  play.Join(kOne, "one");
  play.Collect({"a.py::t1"});
  play.Apply(Run::Lost{kOne, ""});
  REQUIRE_FALSE(play.run.finished());
  play.Apply(Run::Abandoned{"no agent for 600 s"});
  REQUIRE(play.run.finished());
  CHECK(play.run.exit_code() == 3);
  const auto& end = std::get<RunFinished>(play.events.back());
  CHECK(end.not_run == std::vector<std::string>{"a.py::t1"});
  REQUIRE(end.agents.size() == 1);
  CHECK(end.agents[0].name == "one");
  CHECK(end.agents[0].end == "lost");
}

TEST_CASE("where the agent that lists the files is lost, another one lists them") {
  Play play;
  play.plan.mode = CollectMode::kFile;
  play.Join(kOne, "one");
  play.Join(kTwo, "two");
  CHECK(play.Told<Walk>(kOne).size() == 1);
  CHECK(play.Told<Walk>(kTwo).empty());
  play.Apply(Run::Lost{kOne, ""});
  CHECK(play.Told<Walk>(kTwo).size() == 1);
}

TEST_CASE("an agent whose pytest differs from the first one's is refused, the run goes on") {
  Play play;
  play.Join(kOne, "one", R"({"pytest": "9.2"})");
  play.Join(kTwo, "two", R"({"pytest": "8.0"})");
  REQUIRE(play.Told<Refused>(kTwo).size() == 1);
  CHECK(play.Told<Refused>(kTwo)[0].why.find("pytest 8.0 there, 9.2 here") == 0);
  CHECK(play.Told<Begin>(kTwo).empty());
  CHECK(play.run.present() == 1);
}

TEST_CASE("an agent whose pytest does not start is not waited for") {
  Play play(2);
  play.Arrive(kOne);
  play.Say(kOne, Ready{false, "ERROR: no pytest\n", 4});
  REQUIRE(play.Told<Refused>(kOne).size() == 1);
  CHECK(play.Told<Refused>(kOne)[0].why == "pytest does not start there: ERROR: no pytest");
  CHECK_FALSE(play.wants_plan);
  play.Join(kTwo, "two");
  CHECK(play.wants_plan);
  CHECK_FALSE(play.run.finished());
}

TEST_CASE("the run ends with the error of the last agent whose pytest does not start") {
  Play play(2);
  for (const AgentId agent : {kOne, kTwo}) {
    play.Arrive(agent);
    play.Say(agent, Ready{false, "ERROR: no pytest\n", 4});
  }
  play.Say(kTwo, Goodbye{});
  CHECK(play.run.finished());
  CHECK(play.run.exit_code() == 4);
  CHECK(play.run.failure_text() == "ERROR: no pytest\n");
}

TEST_CASE("nothing is handed out before every agent that has begun has asked") {
  Play play(2);
  for (const AgentId agent : {kOne, kTwo}) {
    play.Arrive(agent);
    play.Say(agent, Ready{true, "{}", 0});
  }
  play.Apply(Plan(play.plan));
  play.Say(kOne, Credit{4});
  play.Collect({"a.py::x", "b.py::x"});
  CHECK(play.Told<Assign>(kOne).empty());
  play.Say(kTwo, Credit{4});
  CHECK(play.Told<Assign>(kOne).size() == 1);
  CHECK(play.Told<Assign>(kTwo).size() == 1);
}

TEST_CASE("without a plan the run ends with what stood against one") {
  Play play(2);
  for (const AgentId agent : {kOne, kTwo}) {
    play.Arrive(agent);
    play.Say(agent, Ready{true, "{}", 0});
  }
  play.Apply(Run::NoPlan{"ERROR: why\n", 4});
  for (const AgentId agent : {kOne, kTwo}) play.Say(agent, Goodbye{});
  CHECK(play.run.finished());
  CHECK(play.run.failure_text() == "ERROR: why\n");
  CHECK(play.run.exit_code() == 4);
}

TEST_CASE("who comes when the run stops is sent home") {
  Play play;
  play.Join(kOne, "one");
  play.Apply(Run::Interrupted{});
  play.Arrive(kThree);
  REQUIRE(play.Told<Stop>(kThree).size() == 1);
  CHECK(play.Told<Stop>(kThree)[0].how == Stop::How::kDone);
}

TEST_CASE("a worker that is interrupted with the run before it has a session does not decide how it ended") {
  Play play;
  play.Join(kOne, "one");
  play.Collect({"a.py::t"});
  play.Apply(Run::Interrupted{});
  play.Say(kOne, WorkerStopping{WorkerId{0}, "usage", "Traceback …", 1});
  play.Say(kOne, Goodbye{});
  CHECK(play.run.finished());
  CHECK(play.run.exit_code() == 2);
  CHECK(play.run.failure_text().empty());
}

TEST_CASE("an agent that has not begun cannot end the run") {
  Play play(2);
  play.Join(kOne, "one");
  play.Say(kOne, WorkerStopping{WorkerId{0}, "exit", "bye", 0});
  CHECK(play.Told<Stop>(kOne).empty());
  play.Say(kOne, InternalError{WorkerId{0}, "boom"});
  CHECK(play.Told<Refused>(kOne).size() == 1);
  CHECK_FALSE(play.run.finished());
}

TEST_CASE("a test that takes its agents down before anybody hears that it began is set aside in the end") {
  Play play;
  play.Join(kOne, "agent");
  play.Collect({"a.py::poison"});
  std::uint32_t lost = 0;
  for (; lost < 10 && play.Reports() == 0; ++lost) {
    if (lost > 0) play.Join(AgentId{lost}, "agent");
    play.Apply(Run::Lost{AgentId{lost}, ""});
  }
  CHECK(lost == 3);
  CHECK(play.Reports() == 1);
}

TEST_CASE("of a batch that went down with its agent the test at fault is found, and no other blamed") {
  Play play;
  play.Join(kOne, "agent");
  play.Collect({"a.py::a", "a.py::poison", "a.py::z"});
  std::uint32_t lost = 0, played = 0;
  for (std::uint32_t agent = 0; agent < 10 && !play.run.finished(); ++agent) {
    if (agent > 0) play.Join(AgentId{agent}, "agent");
    for (bool lives = true; lives;) {
      const auto given = play.Told<Assign>(AgentId{agent});
      if (played == given.size()) break;
      for (const Assignment& unit : given[played].units)
        for (const ItemKey& item : unit.items) {
          lives = lives && item.node_id != "a.py::poison";
          if (lives && lost > 0) play.Pass(AgentId{agent}, given[played].lease, item);
        }
      lives = lives && lost > 0;
      if (!lives) break;
      play.Say(AgentId{agent}, LeaseDone{given[played].lease, WorkerId{agent}});
      play.Say(AgentId{agent}, Credit{1});
      ++played;
    }
    if (!play.Told<Stop>(AgentId{agent}).empty()) play.Say(AgentId{agent}, Goodbye{});
    if (play.run.finished()) break;
    play.Apply(Run::Lost{AgentId{agent}, ""});
    played = 0;
    ++lost;
  }
  CHECK(lost == 3);
  CHECK(play.run.exit_code() == 1);
  CHECK(play.Reports() == 7);
}

TEST_CASE(
    "an agent without a pytest is refused though it is the only one, one in the coordinator itself ends the run") {
  const bool own = GENERATE(false, true);
  Play play;
  Hello hello;
  hello.workers = 1;
  hello.code_digest = own ? "" : "d";
  play.Apply(Run::Joined{kOne, hello});
  play.Say(kOne, Ready{false, "ERROR: no pytest\n", 3});
  CHECK(play.Told<Refused>(kOne).size() == (own ? 0 : 1));
  play.Say(kOne, Goodbye{});
  CHECK(play.run.finished() == own);
  if (own) return;
  play.Join(kTwo, "two");
  CHECK(play.wants_plan);
}
