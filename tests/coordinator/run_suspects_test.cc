// Files whose import takes their agent down: found out one by one, and set aside after three agents.

#include <algorithm>

#include "coordinator/run.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

// Agents of one worker that come one after the other. A file named "kills.py" ends its agent when it is imported.
struct Killing {
  explicit Killing(Plan plan, bool continues = false) : run(Options(continues)), plan(std::move(plan)) {}

  static RunOptions Options(bool continues) {
    RunOptions options;
    options.remote = true;
    options.continue_on_collection_errors = continues;
    return options;
  }
  static Plan Files(std::vector<std::string> paths, bool collect_first) {
    Plan plan;
    plan.mode = CollectMode::kFile;
    plan.collect_first = collect_first;
    for (const std::string& path : paths) plan.units.push_back({path, 0, {}, {}, 1, 1});
    return plan;
  }
  // An agent comes, and does what it is told until it ends: whether it was killed.
  bool Live() {
    const AgentId agent{next_agent++};
    Hello hello;
    hello.workers = 1;
    Apply(Run::Joined{agent, hello});
    Say(agent, Ready{true, "{}", 0});
    if (!std::exchange(planned, true)) Apply(Plan(plan));
    Say(agent, Credit{2, 1, 0});
    for (; heard < messages.size(); ++heard) {
      const auto [to, message] = messages[heard];
      if (to != agent) continue;
      if (std::holds_alternative<Walk>(message)) {
        Walked walked;
        for (const PlannedUnit& unit : plan.units) walked.paths.push_back(unit.path);
        Say(agent, walked);
      }
      if (const auto* assign = std::get_if<Assign>(&message)) {
        if (!Collect(agent, *assign)) return true;
      }
      if (std::holds_alternative<Stop>(message)) Say(agent, Goodbye{});
    }
    return false;
  }
  bool Collect(AgentId agent, const Assign& assign) {
    for (const Assignment& unit : assign.units) {
      if (!unit.items.empty()) continue;
      if (unit.path == "kills.py") {
        Apply(Run::Lost{agent, "silent"});
        return false;
      }
      imported.push_back(unit.path);
      Collected collected;
      collected.lease = assign.lease;
      collected.unit = unit.unit;
      collected.node_ids = {unit.path + "::t"};
      Say(agent, collected);
      if (assign.run) Pass(agent, assign.lease, unit.unit, {unit.path + "::t", 0});
    }
    if (!assign.run) return true;
    for (const Assignment& unit : assign.units)
      for (const ItemKey& item : unit.items) Pass(agent, assign.lease, unit.unit, item);
    Say(agent, LeaseDone{assign.lease, WorkerId{Number(agent)}});
    Say(agent, Credit{1, 1, 100});
    return true;
  }
  void Pass(AgentId agent, LeaseId lease, UnitId unit, const ItemKey& item) {
    const WorkerId worker{Number(agent)};
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) {
      ItemReport report{worker, lease, unit, item, {}};
      report.report.phase = phase;
      Say(agent, report);
    }
    Say(agent, ItemFinished{worker, lease, unit, item});
  }
  void Say(AgentId agent, AgentMessage message) { Apply(Run::Said{agent, std::move(message)}); }
  void Apply(Run::Input input) {
    auto effects = run.Apply(Time{} + std::chrono::seconds(++turns), std::move(input));
    for (auto& message : effects.messages) messages.push_back(std::move(message));
    for (auto& event : effects.events) events.push_back(std::move(event));
  }
  std::vector<std::string> Failed() const {
    std::vector<std::string> failed;
    for (const Event& event : events)
      if (const auto* collected = std::get_if<UnitCollected>(&event))
        for (const CollectReport& report : collected->reports) failed.push_back(report.node_id);
    return failed;
  }

  Run run;
  Plan plan;
  bool planned = false;
  std::uint32_t next_agent = 0;
  int turns = 0;
  std::size_t heard = 0;
  std::vector<std::string> imported;
  std::vector<std::pair<AgentId, CoordinatorMessage>> messages;
  std::vector<Event> events;
};

}  // namespace

TEST_CASE("a file whose import kills its agent is a collection error after three agents, wherever it stands") {
  const bool collect_first = GENERATE(true, false);
  const std::vector<std::string> files = GENERATE(std::vector<std::string>{"kills.py", "b.py", "c.py", "d.py"},
                                                  std::vector<std::string>{"a.py", "b.py", "c.py", "kills.py"});
  Killing play(Killing::Files(files, collect_first));
  int killed = 0;
  while (killed < 10 && !play.run.finished() && play.Live()) ++killed;
  CHECK(play.Failed() == std::vector<std::string>{"kills.py"});
  CHECK(killed == 3);
  CHECK(play.run.finished());
  CHECK(play.run.exit_code() == 2);
}

TEST_CASE("the other files are collected when the one that kills its agent is set aside") {
  Killing play(Killing::Files({"a.py", "kills.py", "c.py", "d.py", "e.py"}, true), true);
  while (play.next_agent < 10 && play.Live()) {
  }
  CHECK(play.Failed() == std::vector<std::string>{"kills.py"});
  std::sort(play.imported.begin(), play.imported.end());
  CHECK(play.imported == std::vector<std::string>{"a.py", "c.py", "d.py", "e.py"});
}

TEST_CASE("tests of files that were collected are not under suspicion where nothing may run yet") {
  Killing play(Killing::Files({"a.py", "kills.py"}, true), true);
  play.Live();
  play.Live();
  play.Live();
  play.Live();
  const auto is_alone = [](const auto& told) {
    const auto* assign = std::get_if<Assign>(&told.second);
    return assign != nullptr && assign->alone;
  };
  CHECK(std::none_of(play.messages.begin(), play.messages.end(), is_alone));
}

TEST_CASE("a run whose agents are lost while one process collects everything ends with the third") {
  Plan plan;
  plan.mode = CollectMode::kWhole;
  Killing play(plan);
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK_FALSE(play.run.finished());
    play.Live();
    play.Apply(Run::Lost{AgentId{i}, "silent"});
  }
  CHECK(play.run.finished());
  CHECK(play.run.exit_code() == 3);
}
