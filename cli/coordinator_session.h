// CoordinatorSession: a Run wired to its agents and its reporters. The place where its effects become messages and
// events.
//
// One thread: the loop's. Owns nothing that it is handed but the run.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cli/code_server.h"
#include "cli/tree_paths.h"
#include "coordinator/journal.h"
#include "coordinator/run.h"
#include "protocol/coordinator_link.h"
#include "protocol/event.h"

namespace fastest {

// What a run over several machines adds.
struct NetworkOptions {
  std::optional<CoordinatorKeys> keys;
  std::string code_digest;    // Of the coordinator's own tree; agents must have the same. "": not compared.
  std::string code_manifest;  // Its files, for an agent to tell what differs.
  // --sync: who gives that tree to agents that have other code, and where it lies. Null: nobody.
  std::unique_ptr<CodeServer> sync = {};
  std::unique_ptr<TreePaths> paths = {};
  Duration enough_after{};     // So long --expect-agents are waited for if --min-agents are there.
  Duration abandoned_after{};  // So long the run waits for an agent when there is none.
};

class CoordinatorSession {
 public:
  // A plan, or why there can be none.
  using Planned = std::function<void(std::variant<Plan, Run::NoPlan>)>;
  // Makes the plan from READY's JSON and calls `planned` with it, at once or later.
  using Planner = std::function<void(const std::string& ready, Planned planned)>;
  // May hold the run's end back and add to it: calls `told` with what the reporters are to hear.
  using Finisher = std::function<void(RunFinished end, std::function<void(RunFinished)> told)>;

  // `setup`: SETUP's JSON for the agents. `on_finished`: the run is over and every reporter has heard so.
  CoordinatorSession(ZmqContext& context, EventLoop& loop, RunOptions options, std::string setup, Planner planner,
                     Finisher finisher, std::function<void()> on_finished);

  void AddReporter(Reporter* reporter) { reporters_.push_back(reporter); }
  // From now on the journal hears everything, and no agent's message is acknowledged before it is in.
  void Keep(Journal* journal);
  // Goes on from what a journal knows. Before Bind().
  void Resume(Restored restored) { Apply(std::move(restored)); }
  // Before Bind, for agents on other machines; `on_stranger` hears of those who are turned away.
  void OpenToNetwork(NetworkOptions network, std::function<void(const std::string&)> on_stranger);
  Result<std::string> Bind(const std::string& endpoint) { return link_.Bind(endpoint); }
  // From now on at most so many agents can be there: nobody waits for more of them to begin, and with 0 the run ends
  // (exit 3) when the last one has gone. `why`: a line for a person.
  void ExpectAtMost(std::uint32_t agents, std::string why);
  void Interrupt(bool now, const std::string& why);
  const Run& run() const { return run_; }
  // The run's, with what the finisher made of it.
  int exit_code() const { return exit_code_.value_or(run_.exit_code()); }

 private:
  std::variant<Welcome, Refused> Answer(AgentId agent, const Hello& hello);
  void Hear(AgentId agent, AgentMessage message);
  // Whether the agent was one that only fetches code.
  bool HearFetcher(AgentId agent, AgentMessage& message);
  void Lose(AgentId agent, const std::string& why);
  void WatchAgents();
  void Apply(Run::Input input);
  void Deliver(Run::Effects effects);
  void Tell(const Event& event);
  void Conclude(const RunFinished& end);
  void Tick();

  EventLoop& loop_;
  RunOptions options_;
  std::string setup_;
  Planner planner_;
  Finisher finisher_;
  std::function<void()> on_finished_;
  Run run_;
  CoordinatorLink link_;
  std::vector<Reporter*> reporters_;
  std::optional<NetworkOptions> network_;
  std::function<void(const std::string&)> on_stranger_ = [](const std::string&) {};
  std::set<std::string> refused_for_code_;  // Agents, with what differs.
  Time started_;
  Time attended_;          // When an agent was last there; until then, when the wait began.
  bool gathered_ = false;  // As many agents as were waited for were there.
  bool hurried_ = false;
  std::optional<std::uint32_t> most_agents_;
  std::string why_no_more_;
  bool is_finishing_ = false;  // The finisher has the run's end.
  bool told_finished_ = false;
  std::optional<int> exit_code_;
};

}  // namespace fastest
