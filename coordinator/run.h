// Run: the state machine of one run. State changes only in Apply(), in one order; a recorded sequence of inputs replays
// to the same effects.
//
// Inputs are what agents say, the plan, lost agents and interrupts. Effects are messages to agents and events for
// reports. Every collected item gets exactly one result, or the run ends red and says which did not. Pure: prints
// nothing, starts nothing, reads no clock. One thread.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "coordinator/ledger.h"
#include "coordinator/plan.h"
#include "protocol/event.h"
#include "scheduler/dispatch_policy.h"
#include "scheduler/open_leases.h"
#include "scheduler/work_queue.h"

namespace fastest {

class Run {
 public:
  // ---- inputs ----
  struct Joined {  // An agent was welcomed.
    AgentId agent{};
    Hello hello;
  };
  struct Said {
    AgentId agent{};
    AgentMessage message;
  };
  struct Lost {  // An agent has been silent for too long.
    AgentId agent{};
  };
  struct Interrupted {
    bool now = false;  // Do not wait for running items.
    std::string why = "KeyboardInterrupt";
  };
  using Input = std::variant<Joined, Said, Lost, Plan, Interrupted>;

  // ---- effects ----
  struct Effects {
    std::vector<std::pair<AgentId, CoordinatorMessage>> messages;
    std::vector<Event> events;
    std::optional<std::string> wants_plan;  // The first READY has come (its JSON): answer with a Plan.
  };

  explicit Run(RunOptions options) : options_(std::move(options)) {}

  Effects Apply(Time now, Input input);

  // RunFinished was among the events.
  bool finished() const { return finished_; }
  int exit_code() const { return exit_code_; }
  // The text for stderr where no agent's pytest could be loaded (a usage error), else "".
  const std::string& failure_text() const { return failure_text_; }
  // Where the WorkerIds of an agent that joins now begin.
  WorkerId next_worker() const { return WorkerId{next_worker_}; }
  // Measured seconds of each finished item, for the history.
  std::vector<std::pair<std::string, double>> Durations() const;

 private:
  struct Agent : AgentLoad {
    bool ready = false;
    bool begun = false;
    bool gone = false;
  };
  struct UnitState {
    PlannedUnit plan;
    bool collected = false;
    bool given_out = false;
    double collect_seconds = 0;
  };
  // What stays together: a unit that nobody has collected, or items of one unit.
  struct Task {
    UnitId unit{};
    std::vector<ItemId> items;  // Empty: the whole unit, not collected yet.
    double seconds = 0;
  };
  struct LeaseState {
    AgentId agent{};
    std::vector<UnitId> uncollected;  // Units given as a whole whose Collected has not come.
    std::vector<ItemId> items;        // Known items of the lease, finished ones too.
    bool alive = true;                // News under it counts.
    bool open = true;                 // It holds a credit: neither done nor dead.
    bool released = false;
  };
  enum class Stage : std::uint8_t { kStarting, kCollecting, kRunning, kStopping, kFinished };

  // run.cc: what was said
  void On(const Joined& joined);
  void On(Said& said);
  void On(const Lost& lost);
  void On(Plan& plan);
  void On(const Interrupted& interrupted);
  void On(AgentId agent, Hello&) { (void)agent; }
  void On(AgentId agent, Ready& ready);
  void On(AgentId agent, Credit& credit);
  void On(AgentId agent, Walked& walked);
  void On(AgentId agent, Collected& collected);
  void On(AgentId agent, ItemStarted& started);
  void On(AgentId agent, ItemReport& report);
  void On(AgentId agent, ItemFinished& finished);
  void On(AgentId agent, ItemsUnknown& unknown);
  void On(AgentId agent, Warning& warning);
  void On(AgentId agent, Output& output);
  void On(AgentId agent, LeaseDone& done);
  void On(AgentId agent, Revoked& revoked);
  void On(AgentId agent, WorkerUp& up);
  void On(AgentId agent, WorkerLost& lost);
  void On(AgentId agent, WorkerDone& done);
  void On(AgentId agent, WorkerStopping& stopping);
  void On(AgentId agent, InternalError& error);
  void On(AgentId agent, Heartbeat&) { (void)agent; }
  void On(AgentId agent, Goodbye& goodbye);

  void Begin(AgentId agent);
  void Accept(ItemId item, WorkerId worker, const TestReport& report);
  void StartItem(ItemId item, WorkerId worker);
  void Publish(ItemId item, WorkerId worker, const TestReport& report);
  void FinishItem(ItemId item, WorkerId worker);
  void FailItem(ItemId item, WorkerId worker, Phase phase, const std::string& text);
  void EnterWhole(Collected& collected);
  void EnterUnit(Collected& collected, LeaseState& lease);
  void AcceptCollectReports(std::vector<CollectReport> reports, std::vector<CollectReport>* accepted);
  void SeparateSerial(const std::vector<ItemId>& items, const std::vector<std::uint32_t>& serial);
  void BlameForLoss(const WorkerLost& lost);
  void FailCollection(UnitId unit, const std::string& text);
  void CountFailure();
  void CheckCollectionFinished();
  void RequestStop(Stop::How how, const std::string& why);
  void CheckAllDone();
  void CheckFinished();
  void Finish();
  int ComputeExitCode() const;
  RunTimes ComputeTimes() const;
  void SetFloor(RunTimes* times) const;

  // run_dispatch.cc: who gets what
  void Dispatch();
  void DispatchCollectFirst();
  void DispatchSerial();
  void DispatchSingle();
  void DispatchQueue();
  void Steal();
  bool IsTimeToLook();
  std::optional<AgentId> AgentWithCredit() const;
  LeaseId Give(AgentId agent, const std::vector<std::uint32_t>& tasks, bool run, bool alone);
  Assignment AssignmentOf(const Task& task) const;
  void QueueUnit(UnitId unit);
  void QueueItems(const std::vector<ItemId>& items);
  void QueueGroups(UnitId unit, const std::vector<ItemId>& items, double largest);
  void EndLease(LeaseId id, bool alive);
  void ReturnLease(LeaseId id);
  double KnownSeconds(ItemId item) const;
  double UnknownSeconds() const;
  double PredictSeconds(ItemId item) const;
  std::uint32_t LiveWorkers() const;
  bool AllUnitsCollected() const;

  RunOptions options_;
  Plan plan_;
  bool planned_ = false;
  Stage stage_ = Stage::kStarting;
  Effects effects_;
  Time now_{};
  Time started_{};
  Time ready_at_{};

  std::map<AgentId, Agent> agents_;
  std::uint32_t next_worker_ = 0;
  std::vector<UnitState> units_;
  bool walked_ = false;
  bool whole_entered_ = false;
  Ledger ledger_;
  std::unordered_map<std::uint32_t, std::vector<TestReport>>
      unpublished_;                  // By ItemId, of items that have not finished.
  std::vector<std::string> groups_;  // xdist_group of each item ("" beyond its end).
  std::vector<ItemId> serial_;       // Items that run alone, after the others.
  std::set<std::uint32_t> serial_set_;
  bool serial_given_ = false;

  std::vector<Task> tasks_;
  WorkQueue queue_;
  std::map<LeaseId, LeaseState> leases_;
  OpenLeases open_leases_;
  std::uint32_t unreleased_ = 0;               // Leases that wait for Release.
  Time looked_{};                              // When work was last looked for because of an item's news.
  mutable std::vector<float> predicted_;       // By ItemId: the history's answer; NaN: not asked yet.
  mutable std::size_t first_uncollected_ = 0;  // All units before it are collected.
  std::uint64_t next_lease_ = 1;

  std::map<std::pair<std::string, int>, Outcome> collect_reports_;  // By collector node id: what was accepted.
  std::set<std::string> warnings_seen_;
  std::uint32_t failures_ = 0;  // As pytest's session.testsfailed.
  std::uint32_t collection_errors_ = 0;
  std::uint32_t deselected_ = 0;
  std::uint32_t warnings_ = 0;
  bool internal_error_ = false;
  bool incomplete_ok_ = false;  // The run was asked to stop: items without a result are no error.
  std::optional<int>
      stop_exit_code_;  // What the stop asks for: 1 for --maxfail, 2 for an interrupt, pytest.exit's code.
  std::string stop_reason_;
  std::optional<int> hosted_exit_code_;  // A single worker's own exit status.
  std::string plugin_text_;              // What its plugins wrote for the summary.
  std::string failure_text_;
  std::optional<int> failure_code_;
  double collect_seconds_ = 0;
  double test_seconds_ = 0;
  std::vector<double> worker_busy_;
  bool finished_ = false;
  int exit_code_ = 0;
};

}  // namespace fastest
