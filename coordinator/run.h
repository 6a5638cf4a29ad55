// Run: the state machine of one run. State changes only in Apply(), in one order; a recorded sequence of inputs replays
// to the same effects.
//
// Inputs are what agents say, the plan, lost agents and interrupts. Effects are messages to agents and events for
// reports. Every collected item gets exactly one result, or the run ends red and says which did not. Pure. One thread.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "coordinator/attempts.h"
#include "coordinator/ledger.h"
#include "coordinator/run_input.h"
#include "coordinator/run_state.h"
#include "coordinator/shared_fixtures.h"
#include "coordinator/warning_counts.h"
#include "protocol/event.h"
#include "scheduler/grouping.h"
#include "scheduler/open_leases.h"
#include "scheduler/work_queue.h"

namespace fastest {

class Run : public RunInput {
 public:
  struct Effects {
    std::vector<std::pair<AgentId, CoordinatorMessage>> messages;
    std::vector<Event> events;
    std::optional<std::string> wants_plan;  // READY's JSON, when agents are there: answer with a Plan or NoPlan.
  };
  explicit Run(RunOptions options) : options_(std::move(options)) {}
  Effects Apply(Time now, Input input);
  bool finished() const { return finished_; }  // RunFinished was among the events.
  int exit_code() const { return exit_code_; }
  const std::string& failure_text() const { return failure_text_; }  // For stderr: why no pytest was loaded.
  bool waits_for_time() const;  // For a retry to be due, or a long test to be seen as one.
  WorkerId next_worker() const { return WorkerId{next_worker_}; }  // The first of an agent that joins now.
  // How many agents are there and how many of them have loaded pytest.
  std::uint32_t present() const;
  std::uint32_t ready() const;
  std::string NameOf(AgentId agent) const;                        // For a person.
  std::vector<std::pair<std::string, double>> Durations() const;  // Measured seconds of each finished item.

 private:
  using Agent = RunAgent;
  using UnitState = RunUnit;
  using Task = RunTask;
  using LeaseState = RunLease;
  using Stage = RunStage;

  // run.cc: what was said
  void On(const Joined& joined);
  void On(Said& said);
  void On(const Lost& lost);
  void On(const Hurry&);
  void On(const NoPlan& none);
  void On(const Abandoned& abandoned);
  void On(Plan& plan);
  void On(const Interrupted& interrupted);
  void On(Restored& restored);
  void On(const Ticked&) {}
  void On(AgentId, Hello&) {}
  void On(AgentId, Heartbeat&) {}
  void On(AgentId, CodeWanted&) {}  // Of sessions that only fetch code.
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
  void On(AgentId agent, SharedSaid& said);
  void On(AgentId agent, Leaving& leaving);
  void On(AgentId agent, Goodbye& goodbye);

  void Begin(AgentId agent);
  void AskForPlan();
  void AskForWalk();
  bool Admit(AgentId agent, const std::string& ready);
  void BlameAgents(ItemId item);
  void BlameLease(LeaseId id, const LeaseState& lease);
  void BlameFiles(const LeaseState& lease);
  void Dismiss(AgentId agent, const std::string& why);
  void DoWithout(AgentId agent, const Ready& ready);
  void Pass(SharedFixtures::Outcome outcome);
  void TakeBack(AgentId agent);
  void TakeBackHeld(AgentId agent, std::optional<WorkerId> worker);
  // The lease, if the agent holds it and news under it counts.
  LeaseState* LiveLease(AgentId agent, LeaseId lease);
  void Accept(ItemId item, WorkerId worker, const TestReport& report);
  void StartItem(ItemId item, WorkerId worker);
  void Publish(ItemId item, WorkerId worker, const TestReport& report);
  void FinishItem(ItemId item, WorkerId worker, bool held = false);
  void FailItem(ItemId item, WorkerId worker, Phase phase, const std::string& text);
  void BlameForLoss(AgentId agent, const WorkerLost& lost);
  void CountFailure();
  void CountWarning(WarningReport warning);
  void RequestStop(Stop::How how, const std::string& why);
  void CheckAllDone();
  void CheckFinished();
  void Finish();
  int ComputeExitCode() const;
  RunTimes ComputeTimes() const;
  void SetFloor(RunTimes* times) const;
  // run_collect.cc: what there is to run
  void EnterWhole(Collected& collected);
  void AddMissed(Collected* collected) const;
  void EnterUnit(Collected& collected, LeaseState& lease);
  void AcceptCollectReports(std::vector<CollectReport> reports, std::vector<CollectReport>* accepted);
  UnitCollected EventOf(UnitId unit) const;
  void SeparateSerial(const std::vector<ItemId>& items, const std::vector<std::uint32_t>& serial);
  void FailCollection(UnitId unit, const std::string& path, const std::string& text);
  void CheckCollectionFinished();
  // run_restore.cc: what a resumed run takes over
  void KeepRestoredCuts(std::vector<PlannedUnit>* units) const;
  void RestoreSession();
  bool RestoreUnit(UnitId unit);
  void RestoreWhole();
  void RestoreMissing(RestoredItem item);
  void RestoreItem(ItemId item, RestoredItem restored);
  void PublishRestored();
  void EnterLate(const Collected& collected, UnitCollected* event);
  bool RetryItem(ItemId item, WorkerId worker);
  void AcceptLate(ItemId item, const ItemReport& report);
  void DispatchRetries();
  void EndRetries();
  std::vector<FlakyTest> Flaky() const;
  // run_dispatch.cc: who gets what
  void Dispatch();
  void DispatchCollectFirst();
  void ReleaseAll();
  void ReleaseMore(LeaseId id, LeaseState& lease);
  void DrawOnReserve(ItemId item, bool has_finished);
  bool StealReserve();
  void DispatchSuspects();
  // run_tail.cc: the last items at a second agent, too
  void DuplicateTail();
  void NoteSign(ItemId item);
  std::optional<ItemId> LongestElsewhere(AgentId agent) const;
  void StartCopy(ItemId item, AgentId agent);
  RunCopy* RacingCopy(ItemId item, LeaseId lease);
  bool Promote(ItemId item);
  void LetCopyWin(ItemId item);
  void EndLosers();
  bool KeepForCopy(const Warning& warning);
  bool IsLeftBehind(AgentId agent) const;
  void DispatchSerial();
  void DispatchSingle();
  void DispatchQueue();
  void Steal();
  bool IsTimeToLook();
  std::optional<AgentId> AgentWithCredit() const;
  void HandOut(LeaseId id, LeaseState lease, Assign assign);
  LeaseId Give(AgentId agent, const std::vector<std::uint32_t>& tasks, bool run, bool alone);
  Assignment AssignmentOf(const Task& task) const;
  void QueueUnit(UnitId unit);
  void QueueItems(const std::vector<ItemId>& items);
  void QueueAgain(const std::vector<ItemId>& items);
  void QueueGroups(UnitId unit, const std::vector<ItemId>& items, double largest, double cut);
  std::vector<Task> GroupsOf(UnitId unit, const std::vector<ItemId>& items, double largest, double cut) const;
  std::vector<GroupItem> Groupable(const std::vector<ItemId>& items, double cut) const;
  bool CanBeDivided(const LeaseState& lease, double cut) const;
  std::string_view MarkOf(ItemId item) const;
  void EnterLease(LeaseId id, LeaseState& lease, UnitId unit);
  void PriceSteals(UnitId id);
  void EndLease(LeaseId id, bool alive);
  void ReturnLease(LeaseId id);
  double KnownSeconds(ItemId item) const;
  double UnknownSeconds() const;
  double PredictSeconds(ItemId item) const;
  std::uint32_t LiveWorkers() const;
  bool AllUnitsCollected() const;

  RunOptions options_;
  Plan plan_;
  Stage stage_ = Stage::kStarting;
  Effects effects_;
  Time now_{}, started_{}, ready_at_{}, looked_{};  // When work was last looked for because of an item's news.
  std::map<AgentId, Agent> agents_;
  std::uint32_t next_worker_ = 0, refused_ = 0;
  int lost_collectors_ = 0;                   // Agents that went before all was collected in one process.
  std::vector<AgentId> agent_of_;             // By worker.
  std::string first_ready_, first_platform_;  // The plan is made from the first; others must agree with it.
  std::optional<AgentId> walker_;
  std::vector<UnitState> units_;
  bool planned_ = false, walked_ = false, whole_entered_ = false, serial_given_ = false;
  Ledger ledger_;
  std::unordered_map<std::uint32_t, std::vector<TestReport>> unpublished_;  // By ItemId, of items not finished.
  std::vector<std::string> groups_;               // xdist_group of each item ("" beyond its end).
  std::set<std::string, std::less<>> divisible_;  // Methods, by name, and classes whose items may part.
  Restored restored_;
  std::vector<std::pair<ItemId, RestoredItem>> unpublished_restored_;
  std::vector<ItemId> serial_;  // Items that run alone, after the others.
  std::set<std::uint32_t> serial_set_;
  SharedFixtures shared_;
  std::map<ItemId, Attempts> attempts_;
  std::vector<Retry> retries_;        // In the order of their failures.
  std::map<ItemId, RunCopy> copies_;  // Of items that were ever started twice.
  std::uint32_t copies_that_won_ = 0;
  std::set<std::string> warned_;  // Node ids of which a first attempt has raised a warning.
  std::vector<Task> tasks_;
  WorkQueue queue_;
  std::vector<UnitId> suspects_;  // Files that wait to be collected, one at a time.
  std::map<LeaseId, LeaseState> leases_;
  OpenLeases open_leases_;
  std::uint32_t unreleased_ = 0;               // Leases that wait for Release.
  mutable std::vector<float> predicted_;       // By ItemId: the history's answer; NaN: not asked yet.
  mutable std::size_t first_uncollected_ = 0;  // All units before it are collected.
  std::uint64_t next_lease_ = 1;
  std::map<std::pair<std::string, int>, Outcome> collect_reports_;  // By collector node id: what was accepted.
  WarningCounts warnings_;
  RunTotals counts_;
  bool incomplete_ok_ = false;         // The run was asked to stop: items without a result are no error.
  std::optional<int> stop_exit_code_;  // 1 for --maxfail, 2 for an interrupt, pytest.exit's code.
  std::string stop_reason_, stop_place_, failure_text_;
  std::optional<int> hosted_exit_code_, failure_code_;  // A single worker's own exit status; of a run without a plan.
  std::string plugin_text_;                             // What its plugins wrote for the summary.
  double collect_seconds_ = 0, test_seconds_ = 0;
  std::vector<double> worker_busy_;
  bool internal_error_ = false, finished_ = false;
  int exit_code_ = 0;
};

}  // namespace fastest
