#include "coordinator/run.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "coordinator/loss_report.h"

namespace fastest {
namespace {

using nlohmann::json;

// News that only a worker can have: an agent that has not begun has none.
bool IsOfAWorker(const AgentMessage& message) {
  return std::holds_alternative<Walked>(message) || std::holds_alternative<Collected>(message) ||
         std::holds_alternative<ItemReport>(message) || std::holds_alternative<WorkerUp>(message) ||
         std::holds_alternative<WorkerLost>(message) || std::holds_alternative<WorkerDone>(message) ||
         std::holds_alternative<WorkerStopping>(message) || std::holds_alternative<SharedSaid>(message);
}

// What comes several times a test, and opens no way to hand anything out.
bool IsItemNews(const Run::Input& input) {
  const auto* said = std::get_if<Run::Said>(&input);
  return said != nullptr &&
         (std::holds_alternative<ItemReport>(said->message) || std::holds_alternative<ItemFinished>(said->message) ||
          std::holds_alternative<ItemStarted>(said->message) || std::holds_alternative<Output>(said->message) ||
          std::holds_alternative<Warning>(said->message));
}

}  // namespace

Run::Effects Run::Apply(Time now, Input input) {
  if (started_ == Time{}) started_ = now;
  now_ = now;
  effects_ = {};
  const bool only_an_item = IsItemNews(input);
  std::visit([this](auto& one) { On(one); }, input);
  PublishRestored();
  if (!finished_) {
    if (!only_an_item || !retries_.empty() || IsTimeToLook()) Dispatch();
    CheckAllDone();
    if (!only_an_item) CheckFinished();
  }
  return std::move(effects_);
}

void Run::On(Said& said) {
  const auto agent = agents_.find(said.agent);
  if (agent == agents_.end() || agent->second.gone) return;
  if (!agent->second.begun && IsOfAWorker(said.message)) return;
  std::visit([&](auto& message) { On(said.agent, message); }, said.message);
}

void Run::On(Plan& plan) {
  if (stage_ != Stage::kStarting) return;  // It was stopped while the plan was made.
  if (options_.remote) options_.workers = next_worker_;
  plan_ = std::move(plan);
  planned_ = true;
  stage_ = Stage::kCollecting;
  std::uint32_t items = 0;
  KeepRestoredCuts(&plan_.units);
  for (const PlannedUnit& unit : plan_.units) {
    units_.emplace_back().plan = unit;
    items += unit.items;
  }
  if (plan_.mode != CollectMode::kFile) units_.emplace_back();
  effects_.events.push_back(RunStarted{options_.run_id, options_.wall_start, plan_.ready, plan_.mode, plan_.why_mode,
                                       plan_.single ? 1 : options_.workers, items,
                                       static_cast<std::uint32_t>(plan_.units.size()), plan_.shard});
  if (!plan_.notice.empty()) effects_.events.push_back(Notice{plan_.notice, false});
  RestoreSession();
  if (plan_.mode == CollectMode::kFile) {
    for (std::uint32_t i = 0; i < units_.size(); ++i)
      if (!RestoreUnit(UnitId{i})) QueueUnit(UnitId{i});
  }
  for (const auto& [agent, state] : agents_)
    if (state.ready) Begin(agent);
  CheckCollectionFinished();
}

void Run::On(AgentId agent, ItemStarted& started) {
  if (LiveLease(agent, started.lease) == nullptr) return;
  const auto item = ledger_.Find(started.unit, started.item);
  if (!item || !ledger_.Accepts(*item, started.lease)) return;
  StartItem(*item, started.worker);
  if (ledger_[*item].again) return;
  effects_.events.push_back(TestStarted{*item, started.item.node_id, started.worker});
}

void Run::On(AgentId agent, ItemReport& report) {
  if (report.item.occurrence ==
      kNoItem) {  // A plugin reports something that is no item: it counts, but settles nothing.
    if (report.report.outcome == Outcome::kFailed) CountFailure();
    effects_.events.push_back(
        TestReported{ItemId{kNoItem}, report.item.node_id, report.worker, std::move(report.report)});
    return;
  }
  if (LiveLease(agent, report.lease) == nullptr) return;
  const auto item = ledger_.Find(report.unit, report.item);
  if (!item) return;
  if (RunCopy* const copy = RacingCopy(*item, report.lease)) return copy->reports.push_back(std::move(report));
  if (ledger_[*item].lease != report.lease) return AcceptLate(*item, report);
  const auto& entry = ledger_[*item];
  // After an item has finished only its held teardown report is news.
  if (entry.state == Ledger::State::kFinished && (report.report.phase != Phase::kTeardown || !entry.next_phase)) return;
  if (entry.state != Ledger::State::kFinished) StartItem(*item, report.worker);
  Accept(*item, report.worker, report.report);
}

void Run::StartItem(ItemId item, WorkerId worker) {
  if (ledger_[item].state == Ledger::State::kLeased)
    open_leases_.Begin(ledger_[item].lease, KnownSeconds(item), Seconds(now_ - started_).count());
  DrawOnReserve(item, false);
  ledger_.Start(item, worker);
  NoteSign(item);
}

// An item's reports come out together when it has finished: an attempt that is lost on the way leaves none behind.
void Run::Accept(ItemId item, WorkerId worker, const TestReport& report) {
  ledger_.AddReport(item, report, !IsSubtest(report));
  if (ledger_[item].state == Ledger::State::kFinished) return Publish(item, worker, report);
  auto& reports = unpublished_[Number(item)];
  if (reports.empty()) reports.reserve(3);
  reports.push_back(report);
}

void Run::Publish(ItemId item, WorkerId worker, const TestReport& report) {
  test_seconds_ += report.duration;
  if (Number(worker) < worker_busy_.size()) {
    worker_busy_[Number(worker)] += report.duration;
    agents_[agent_of_[Number(worker)]].figures.busy += report.duration;
  }
  effects_.events.push_back(TestReported{item, ledger_[item].key.node_id, worker, report});
  const bool failed = report.outcome == Outcome::kFailed;
  if (const auto attempts = attempts_.find(item); attempts != attempts_.end()) {
    attempts->second.failed_at_last |= failed;
    attempts->second.skipped |= report.outcome == Outcome::kSkipped;
  }
  if (failed) CountFailure();
}

void Run::CountFailure() {
  ++counts_.failures;
  if (options_.max_failures == 0 || counts_.failures != options_.max_failures) return;
  incomplete_ok_ = true;
  if (!stop_exit_code_) stop_exit_code_ = static_cast<int>(ExitCode::kTestsFailed);
  RequestStop(Stop::How::kFinish, fmt::format("stopping after {} failures", counts_.failures));
}

void Run::On(AgentId agent, ItemFinished& finished) {
  if (LiveLease(agent, finished.lease) == nullptr) return;
  const auto item = ledger_.Find(finished.unit, finished.item);
  if (item && RacingCopy(*item, finished.lease) != nullptr) LetCopyWin(*item);
  if (const auto copy = item ? copies_.find(*item) : copies_.end(); copy != copies_.end())
    copy->second.loser_is_done |= ledger_[*item].lease != finished.lease;
  if (!item || !ledger_.Accepts(*item, finished.lease)) return;
  // A teardown report is held back of an item whose set-up was told; others' protocols may tell of no phase or of one.
  const std::optional<Phase> next = ledger_[*item].next_phase;
  FinishItem(*item, finished.worker, next && *next != Phase::kSetup);
}

void Run::FinishItem(ItemId item, WorkerId worker, bool held) {
  const bool again = ledger_[item].again;
  DrawOnReserve(item, true);
  if (const auto copy = copies_.find(item); copy != copies_.end()) copy->second.is_racing = false;
  if (!again && RetryItem(item, worker)) return;
  ledger_.Finish(item, held);
  NoteSign(item);
  if (auto reports = unpublished_.extract(Number(item))) {
    WithdrawSubtests(&reports.mapped());
    effects_.events.reserve(effects_.events.size() + reports.mapped().size() + 1);
    for (const TestReport& report : reports.mapped())
      if (!again || report.phase == Phase::kTeardown) Publish(item, worker, report);
  }
  if (again) return;
  if (Number(worker) < agent_of_.size()) ++agents_[agent_of_[Number(worker)]].figures.tests;
  effects_.events.push_back(TestFinished{item, ledger_[item].key.node_id, worker, held});
}

void Run::FailItem(ItemId item, WorkerId worker, Phase phase, const std::string& text) {
  const double wall = options_.wall_start + Seconds(now_ - started_).count();
  if (ledger_[item].again) phase = Phase::kTeardown;  // Of its other phases nothing is published any more.
  Accept(item, worker, MakeFailure(ledger_[item].key.node_id, phase, text, wall));
  if (ledger_[item].state != Ledger::State::kFinished) FinishItem(item, worker);
}

// Items that another process collected but this worker did not: nobody can run them as they were told.
void Run::On(AgentId agent, ItemsUnknown& unknown) {
  if (LiveLease(agent, unknown.lease) == nullptr) return;
  for (const ItemKey& key : unknown.items) {
    const auto item = ledger_.Find(unknown.unit, key);
    if (!item || !ledger_.Accepts(*item, unknown.lease)) continue;
    FailItem(*item, unknown.worker, Phase::kSetup,
             restored_.part > 0
                 ? fmt::format("{} was collected before the run was resumed, but is not any more", key.node_id)
                 : fmt::format("{} was collected by one worker, but not by gw{}: its id differs between processes",
                               key.node_id, Number(unknown.worker)));
  }
}

void Run::On(AgentId, Warning& warning) {
  if (KeepForCopy(warning) || !warnings_.Take(warning.worker, warning.warning)) return;
  CountWarning(std::move(warning.warning));
}

void Run::CountWarning(WarningReport warning) {
  ++counts_.warnings;
  effects_.events.push_back(WarningRaised{std::move(warning)});
}

void Run::On(AgentId, Output& output) {
  effects_.events.push_back(OutputWritten{output.worker, std::move(output.text)});
}

void Run::On(AgentId agent, LeaseDone& done) {
  if (LiveLease(agent, done.lease) != nullptr) EndLease(done.lease, true);
}

void Run::On(AgentId agent, Revoked& revoked) {
  LeaseState* found = LiveLease(agent, revoked.lease);
  if (found == nullptr) return;
  LeaseState& lease = *found;
  open_leases_.EndRevoke(revoked.lease);
  for (const Revoked::Part& part : revoked.parts) {
    if (Number(part.unit) >= units_.size()) continue;
    if (part.whole && !units_[Number(part.unit)].collected) {
      if (std::erase(lease.uncollected, part.unit) == 0) continue;
      open_leases_.RemoveWaiting(revoked.lease, units_[Number(part.unit)].plan.seconds);
      QueueUnit(part.unit);
      continue;
    }
    std::vector<ItemId> back;
    if (part.whole) {
      for (const ItemId item : lease.items)
        if (ledger_[item].unit == part.unit && ledger_.Accepts(item, revoked.lease)) back.push_back(item);
    } else {
      for (const ItemKey& key : part.items)
        if (const auto item = ledger_.Find(part.unit, key); item && ledger_.Accepts(*item, revoked.lease))
          back.push_back(*item);
    }
    for (const ItemId item : back) {
      open_leases_.RemoveWaiting(revoked.lease, KnownSeconds(item));
      ledger_.Return(item);
    }
    std::erase_if(back, [this](ItemId item) { return Promote(item); });
    lease.reserve = {};  // It is among them.
    std::erase_if(lease.items, [&](ItemId item) { return ledger_[item].lease != revoked.lease; });
    double seconds = 0;
    for (const ItemId item : back) seconds += PredictSeconds(item);
    QueueGroups(part.unit, back, seconds / kStolenPieces, kLeastClassCut);
  }
}

void Run::On(AgentId agent, WorkerUp& up) {
  if (Number(up.worker) < agent_of_.size() && agent_of_[Number(up.worker)] == agent) shared_.Up(up.worker);
  effects_.events.push_back(WorkerChanged{
      up.worker, WorkerChanged::What::kUp,
      up.why_fresh.empty() ? "" : fmt::format("gw{} started fresh: {}", Number(up.worker), up.why_fresh)});
}

void Run::On(AgentId agent, WorkerLost& lost) {
  Pass(shared_.Gone(lost.worker));
  const std::string where = lost.item.node_id.empty() ? "" : " in " + lost.item.node_id;
  effects_.events.push_back(
      WorkerChanged{lost.worker, WorkerChanged::What::kLost,
                    fmt::format("worker gw{} {}{}", Number(lost.worker),
                                lost.hung ? "hung and was killed" : DescribeEnd(lost.status), where)});
  const bool by_itself = plan_.single || plan_.mode == CollectMode::kWholeEach;
  const bool names_file = lost.state == WorkerState::kCollecting && !lost.item.node_id.empty();
  // Nobody is left who could collect, or the next would fare no better.
  if (by_itself && !whole_entered_ && !names_file) {
    internal_error_ = true;
    effects_.events.push_back(Notice{DescribeLoss(lost), true});
    return RequestStop(Stop::How::kKill, "");
  }
  BlameForLoss(agent, lost);
  // Its session's end was cut short, by os._exit in a hook say: then that is the exit status, as pytest's would be.
  if (plan_.single && stage_ == Stage::kStopping) {
    if (WIFEXITED(lost.status)) hosted_exit_code_ = WEXITSTATUS(lost.status);
    if (WIFSIGNALED(lost.status) && counts_.failures == 0)
      hosted_exit_code_ = static_cast<int>(ExitCode::kInternalError);
  }
  for (const LeaseId lease : lost.leases)
    if (LiveLease(agent, lease) != nullptr) ReturnLease(lease);
  TakeBackHeld(agent, lost.worker);
}

// The running item fails at once; a file that was being imported is a collection error; pending session finalizers are
// a teardown error of the last item; an idle worker's death is nobody's fault.
void Run::BlameForLoss(AgentId agent, const WorkerLost& lost) {
  const std::string text = DescribeLoss(lost);
  const bool whole = plan_.mode != CollectMode::kFile && lost.state == WorkerState::kCollecting;
  const LeaseState* lease = LiveLease(agent, lost.lease);
  if (lease == nullptr && !whole) return;
  if (lease != nullptr && lease->of_copy && lost.state == WorkerState::kCollecting) return;
  if (lost.state == WorkerState::kCollecting) return FailCollection(lost.unit, lost.item.node_id, text);
  const auto item = ledger_.Find(lost.unit, lost.item);
  if (!item || lost.item.node_id.empty() || ledger_[*item].lease != lost.lease) return;
  // The header may lag behind the reports: the phase to blame is the first that has none.
  const std::optional<Phase> phase = ledger_[*item].next_phase;
  const bool finished = ledger_[*item].state == Ledger::State::kFinished;
  const bool ran =
      lost.state == WorkerState::kSetup || lost.state == WorkerState::kCall || lost.state == WorkerState::kTeardown;
  const bool held = lost.state == WorkerState::kIdle || lost.state == WorkerState::kFinalizing;
  if (phase && ((ran && !finished) || (held && finished))) return FailItem(*item, lost.worker, *phase, text);
  if (!phase && !finished) FinishItem(*item, lost.worker);
}

void Run::On(AgentId agent, WorkerDone& done) {
  // Memory is the one reason for which an agent ends a worker that the run still has work for.
  const bool recycled = (stage_ == Stage::kCollecting || stage_ == Stage::kRunning) && !agents_[agent].leaving;
  const std::string text =
      recycled ? fmt::format("gw{} is recycled: its memory is above the limit", Number(done.worker)) : "";
  effects_.events.push_back(WorkerChanged{done.worker, WorkerChanged::What::kDone, text, done.answer});
  const json answer = json::parse(done.answer, nullptr, false);
  if (plan_.single && answer.is_object() && answer.contains("exit") && answer["exit"].is_number_integer())
    hosted_exit_code_ = answer["exit"].get<int>();
  if (plan_.single && answer.is_object() && answer.contains("summary") && answer["summary"].is_string())
    plugin_text_ = answer["summary"].get<std::string>();
  Pass(shared_.Gone(done.worker));
}

void Run::On(AgentId, WorkerStopping& stopping) {
  if (stopping.kind == "usage") {  // A single worker's pytest found an argument that is not there.
    // Or was interrupted with the run, before it had a session.
    if (stop_exit_code_ == static_cast<int>(ExitCode::kInterrupted)) return;
    failure_text_ = stopping.reason;
    failure_code_ = stopping.exit_code > 0 ? stopping.exit_code : static_cast<int>(ExitCode::kUsageError);
    return RequestStop(Stop::How::kFinish, "");
  }
  incomplete_ok_ = true;
  int code = static_cast<int>(ExitCode::kInterrupted);
  if (stopping.kind == "fail") code = static_cast<int>(ExitCode::kTestsFailed);
  if (stopping.kind == "exit" && stopping.exit_code >= 0) code = stopping.exit_code;
  if (!stop_exit_code_ || code == static_cast<int>(ExitCode::kInterrupted)) stop_exit_code_ = code;
  if (stop_reason_.empty()) stop_place_ = stopping.place;
  RequestStop(Stop::How::kFinish, stopping.reason);
}

void Run::On(AgentId agent, InternalError& error) {
  if (options_.remote && !agents_[agent].begun) return Dismiss(agent, error.text);
  internal_error_ = true;
  effects_.events.push_back(Notice{error.text, true});
  RequestStop(Stop::How::kFinish, "internal error");
}

void Run::On(const Interrupted& interrupted) {
  incomplete_ok_ = true;
  stop_exit_code_ = static_cast<int>(ExitCode::kInterrupted);
  RequestStop(interrupted.now ? Stop::How::kKill : Stop::How::kInterrupt, interrupted.why);
}

void Run::RequestStop(Stop::How how, const std::string& why) {
  if (stage_ == Stage::kFinished) return;
  if (stop_reason_.empty()) stop_reason_ = why;
  const bool again = stage_ == Stage::kStopping;
  if (again && how < Stop::How::kInterrupt) return;
  stage_ = Stage::kStopping;
  if (!again && how == Stop::How::kDone) EndLosers();
  for (const auto& [agent, state] : agents_)
    if (!state.gone) effects_.messages.emplace_back(agent, Stop{how, why});
  Pass(shared_.Stop());
}

}  // namespace fastest
