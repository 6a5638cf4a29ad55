#include "coordinator/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "coordinator/loss_report.h"

namespace fastest {
namespace {

using nlohmann::json;

// An item that has gone down with this many agents is failed and set aside.
constexpr int kMostLosses = 3;

// A subtest's report has the phase of its test but does not end it. (pytest 9: SubtestReport; pytest-subtests:
// SubTestReport.)
bool IsSubtest(const TestReport& report) {
  return report.phase == Phase::kCall && (report.envelope.find("SubtestReport") != std::string::npos ||
                                          report.envelope.find("SubTestReport") != std::string::npos);
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
  if (!finished_) {
    if (!only_an_item || IsTimeToLook()) Dispatch();
    CheckAllDone();
    if (!only_an_item) CheckFinished();
  }
  return std::move(effects_);
}

void Run::On(const Joined& joined) {
  agents_[joined.agent].workers = joined.hello.workers;
  next_worker_ += joined.hello.workers;
  worker_busy_.resize(next_worker_);
}

void Run::On(Said& said) {
  std::visit([&](auto& message) { On(said.agent, message); }, said.message);
}

void Run::On(AgentId agent, Ready& ready) {
  if (!ready.ok) {
    failure_text_ = ready.answer;
    failure_code_ = static_cast<int>(ready.exit_code);
    return RequestStop(Stop::How::kKill, "");
  }
  agents_[agent].ready = true;
  if (planned_) return Begin(agent);
  if (effects_.wants_plan || ready_at_ != Time{}) return;
  ready_at_ = now_;
  effects_.wants_plan = ready.answer;
}

void Run::On(Plan& plan) {
  if (stage_ != Stage::kStarting) return;  // It was stopped while the plan was made.
  plan_ = std::move(plan);
  planned_ = true;
  stage_ = Stage::kCollecting;
  std::uint32_t items = 0;
  for (const PlannedUnit& unit : plan_.units) {
    units_.push_back({unit, false, false, 0});
    items += unit.items;
  }
  if (plan_.mode != CollectMode::kFile) units_.emplace_back();
  effects_.events.push_back(RunStarted{options_.run_id, options_.wall_start, plan_.ready, plan_.mode, plan_.why_mode,
                                       plan_.single ? 1 : options_.workers, items,
                                       static_cast<std::uint32_t>(plan_.units.size())});
  if (plan_.mode == CollectMode::kFile) {
    for (std::uint32_t i = 0; i < units_.size(); ++i) QueueUnit(UnitId{i});
  }
  for (const auto& [agent, state] : agents_)
    if (state.ready) Begin(agent);
}

void Run::Begin(AgentId agent) {
  if (agents_[agent].begun) return;
  const bool first = std::none_of(agents_.begin(), agents_.end(), [](const auto& one) { return one.second.begun; });
  agents_[agent].begun = true;
  effects_.messages.emplace_back(
      agent, fastest::Begin{plan_.mode, plan_.single, plan_.single ? 1 : options_.workers, plan_.start});
  if (first && plan_.mode == CollectMode::kFile) effects_.messages.emplace_back(agent, Walk{});
}

void Run::On(AgentId agent, Credit& credit) { agents_[agent].credit += credit.batches; }

// pytest's own list of files: what the plan lacks is added; what only the plan has, the worker will find empty.
void Run::On(AgentId, Walked& walked) {
  if (walked_) return;
  walked_ = true;
  std::vector<CollectReport> accepted;
  AcceptCollectReports(std::move(walked.reports), &accepted);
  if (!accepted.empty()) effects_.events.push_back(UnitCollected{{}, {}, std::move(accepted), {}});
  std::set<std::string> planned;
  for (const UnitState& unit : units_) planned.insert(unit.plan.path);
  for (const std::string& path : walked.paths) {
    if (planned.contains(path)) continue;
    PlannedUnit unit;
    unit.path = path;
    unit.roots = ~0U;
    units_.push_back({unit, false, false, 0});
    QueueUnit(UnitId{static_cast<std::uint32_t>(units_.size() - 1)});
  }
  CheckCollectionFinished();
}

// Equal ids in one answer are different collectors (a module and its doctests); in another answer they are the same.
void Run::AcceptCollectReports(std::vector<CollectReport> reports, std::vector<CollectReport>* accepted) {
  std::map<std::string, int> seen;
  for (CollectReport& report : reports) {
    const int occurrence = seen[report.node_id]++;
    const auto [known, added] = collect_reports_.emplace(std::pair(report.node_id, occurrence), report.outcome);
    if (!added && known->second == report.outcome) continue;
    if (!added && report.outcome != Outcome::kFailed) continue;
    known->second = report.outcome;
    if (report.outcome == Outcome::kFailed) {
      ++collection_errors_;
      CountFailure();
    }
    accepted->push_back(std::move(report));
  }
}

void Run::On(AgentId, Collected& collected) {
  collect_seconds_ += collected.seconds;
  if (!collected.problem.empty()) {
    internal_error_ = true;
    effects_.events.push_back(Notice{collected.problem, true});
    RequestStop(Stop::How::kFinish, collected.problem);
  }
  if (plan_.mode != CollectMode::kFile) return EnterWhole(collected);
  const auto lease = leases_.find(collected.lease);
  if (lease == leases_.end() || !lease->second.alive) return;
  if (Number(collected.unit) < units_.size()) EnterUnit(collected, lease->second);
}

void Run::EnterWhole(Collected& collected) {
  if (whole_entered_) {
    // Another process collected the same: its items are matched by key when they are given out.
    return;
  }
  whole_entered_ = true;
  units_[0].collected = true;
  UnitCollected event;
  const auto items = ledger_.Enter(UnitId{0}, collected.node_ids, &event.items);
  groups_ = std::move(collected.groups);
  SeparateSerial(items, collected.serial);
  deselected_ += static_cast<std::uint32_t>(collected.deselected.size());
  AcceptCollectReports(std::move(collected.reports), &event.reports);
  event.node_ids = std::move(collected.node_ids);
  event.deselected = std::move(collected.deselected);
  effects_.events.push_back(std::move(event));
  CheckCollectionFinished();
  if (stage_ != Stage::kRunning || plan_.single) return;
  std::vector<ItemId> parallel;
  for (const ItemId item : items)
    if (!serial_set_.contains(Number(item))) parallel.push_back(item);
  QueueItems(parallel);
}

void Run::EnterUnit(Collected& collected, LeaseState& lease) {
  UnitState& unit = units_[Number(collected.unit)];
  if (std::erase(lease.uncollected, collected.unit) > 0) open_leases_.RemoveWaiting(collected.lease, unit.plan.seconds);
  unit.collect_seconds = collected.seconds;
  open_leases_.SetCost(collected.lease, 2 * collected.seconds);  // The thief imports the file again.
  UnitCollected event;
  event.unit = collected.unit;
  AcceptCollectReports(std::move(collected.reports), &event.reports);
  if (!unit.collected) {
    unit.collected = true;
    const auto items = ledger_.Enter(collected.unit, collected.node_ids, &event.items);
    if (!collected.groups.empty()) {
      groups_.resize(ledger_.size() - items.size());
      groups_.insert(groups_.end(), collected.groups.begin(), collected.groups.end());
    }
    SeparateSerial(items, collected.serial);
    for (const ItemId item : items) {
      if (serial_set_.contains(Number(item))) continue;
      ledger_.Lease(item, collected.lease);
      lease.items.push_back(item);
      open_leases_.AddWaiting(collected.lease, KnownSeconds(item));
    }
    deselected_ += static_cast<std::uint32_t>(collected.deselected.size());
    event.node_ids = std::move(collected.node_ids);
    event.deselected = std::move(collected.deselected);
  }
  if (!event.items.empty() || !event.reports.empty() || !event.deselected.empty())
    effects_.events.push_back(std::move(event));
  CheckCollectionFinished();
}

void Run::SeparateSerial(const std::vector<ItemId>& items, const std::vector<std::uint32_t>& serial) {
  if (plan_.single) return;
  for (const auto index : serial) {
    if (index >= items.size()) continue;
    serial_.push_back(items[index]);
    serial_set_.insert(Number(items[index]));
  }
}

// Collection errors end the run before any test where everything is collected first, else as soon as one is known.
void Run::CheckCollectionFinished() {
  if (stage_ != Stage::kCollecting) return;
  const bool all = AllUnitsCollected();
  const bool fatal = collection_errors_ > 0 && !options_.continue_on_collection_errors;
  if (!all && (!fatal || plan_.collect_first)) return;
  if (all) {
    effects_.events.push_back(
        CollectionFinished{static_cast<std::uint32_t>(ledger_.size()), deselected_, collection_errors_});
  }
  if (fatal) {
    incomplete_ok_ = true;
    if (!stop_exit_code_) stop_exit_code_ = static_cast<int>(ExitCode::kInterrupted);
    return RequestStop(Stop::How::kFinish, fmt::format("{} error{} during collection", collection_errors_,
                                                       collection_errors_ == 1 ? "" : "s"));
  }
  stage_ = Stage::kRunning;
}

void Run::On(AgentId, ItemStarted& started) {
  const auto item = ledger_.Find(started.unit, started.item);
  if (!item || !ledger_.Accepts(*item, started.lease)) return;
  StartItem(*item, started.worker);
  effects_.events.push_back(TestStarted{*item, started.item.node_id, started.worker});
}

void Run::On(AgentId, ItemReport& report) {
  const auto lease = leases_.find(report.lease);
  if (report.item.occurrence ==
      kNoItem) {  // A plugin reports something that is no item: it counts, but settles nothing.
    if (report.report.outcome == Outcome::kFailed) CountFailure();
    effects_.events.push_back(
        TestReported{ItemId{kNoItem}, report.item.node_id, report.worker, std::move(report.report)});
    return;
  }
  if (lease == leases_.end() || !lease->second.alive) return;
  const auto item = ledger_.Find(report.unit, report.item);
  if (!item || ledger_[*item].lease != report.lease) return;
  const auto& entry = ledger_[*item];
  // After an item has finished only its held teardown report is news.
  if (entry.state == Ledger::State::kFinished && (report.report.phase != Phase::kTeardown || !entry.next_phase)) return;
  if (entry.state != Ledger::State::kFinished) StartItem(*item, report.worker);
  Accept(*item, report.worker, report.report);
}

void Run::StartItem(ItemId item, WorkerId worker) {
  if (ledger_[item].state == Ledger::State::kLeased)
    open_leases_.RemoveWaiting(ledger_[item].lease, KnownSeconds(item));
  ledger_.Start(item, worker);
}

// An item's reports come out together when it has finished: an attempt that is lost on the way leaves none behind.
void Run::Accept(ItemId item, WorkerId worker, const TestReport& report) {
  ledger_.AddReport(item, report, !IsSubtest(report));
  if (ledger_[item].state == Ledger::State::kFinished) return Publish(item, worker, report);
  unpublished_[Number(item)].push_back(report);
}

void Run::Publish(ItemId item, WorkerId worker, const TestReport& report) {
  test_seconds_ += report.duration;
  if (Number(worker) < worker_busy_.size()) worker_busy_[Number(worker)] += report.duration;
  effects_.events.push_back(TestReported{item, ledger_[item].key.node_id, worker, report});
  if (report.outcome == Outcome::kFailed) CountFailure();
}

void Run::CountFailure() {
  ++failures_;
  if (options_.max_failures == 0 || failures_ != options_.max_failures) return;
  incomplete_ok_ = true;
  if (!stop_exit_code_) stop_exit_code_ = static_cast<int>(ExitCode::kTestsFailed);
  RequestStop(Stop::How::kFinish, fmt::format("stopping after {} failures", failures_));
}

void Run::On(AgentId, ItemFinished& finished) {
  const auto item = ledger_.Find(finished.unit, finished.item);
  if (item && ledger_.Accepts(*item, finished.lease)) FinishItem(*item, finished.worker);
}

void Run::FinishItem(ItemId item, WorkerId worker) {
  ledger_.Finish(item);
  if (auto reports = unpublished_.extract(Number(item)))
    for (const TestReport& report : reports.mapped()) Publish(item, worker, report);
  effects_.events.push_back(TestFinished{item, ledger_[item].key.node_id, worker});
}

void Run::FailItem(ItemId item, WorkerId worker, Phase phase, const std::string& text) {
  const double wall = options_.wall_start + Seconds(now_ - started_).count();
  Accept(item, worker, MakeFailure(ledger_[item].key.node_id, phase, text, wall));
  if (ledger_[item].state != Ledger::State::kFinished) FinishItem(item, worker);
}

// Items that another process collected but this worker did not: nobody can run them as they were told.
void Run::On(AgentId, ItemsUnknown& unknown) {
  for (const ItemKey& key : unknown.items) {
    const auto item = ledger_.Find(unknown.unit, key);
    if (!item || !ledger_.Accepts(*item, unknown.lease)) continue;
    FailItem(*item, unknown.worker, Phase::kSetup,
             fmt::format("{} was collected by one worker, but not by gw{}: its id differs between processes",
                         key.node_id, Number(unknown.worker)));
  }
}

void Run::On(AgentId, Warning& warning) {
  // Each process meets the warnings of configuration and collection: they count once.
  const json fields = json::parse(warning.warning.envelope, nullptr, false);
  if (fields.is_object() && fields.value("when", "") != "runtest") {
    json identity = {fields.value("filename", json()), fields.value("lineno", json()), fields.value("category", json()),
                     fields.value("message", json())};
    if (!warnings_seen_.insert(identity.dump(-1, ' ', false, json::error_handler_t::replace)).second) return;
  }
  ++warnings_;
  effects_.events.push_back(WarningRaised{std::move(warning.warning)});
}

void Run::On(AgentId, Output& output) {
  effects_.events.push_back(OutputWritten{output.worker, std::move(output.text)});
}

void Run::On(AgentId, LeaseDone& done) { EndLease(done.lease, true); }

void Run::On(AgentId, Revoked& revoked) {
  const auto found = leases_.find(revoked.lease);
  if (found == leases_.end() || !found->second.alive) return;
  LeaseState& lease = found->second;
  open_leases_.EndRevoke(revoked.lease);
  for (const Revoked::Part& part : revoked.parts) {
    if (part.whole && !units_[Number(part.unit)].collected) {
      std::erase(lease.uncollected, part.unit);
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
    std::erase_if(lease.items, [&](ItemId item) { return ledger_[item].lease != revoked.lease; });
    double seconds = 0;
    for (const ItemId item : back) seconds += PredictSeconds(item);
    QueueGroups(part.unit, back, seconds / kStolenPieces);
  }
}

void Run::On(AgentId, WorkerUp& up) {
  effects_.events.push_back(WorkerChanged{
      up.worker, WorkerChanged::What::kUp,
      up.why_fresh.empty() ? "" : fmt::format("gw{} started fresh: {}", Number(up.worker), up.why_fresh)});
}

void Run::On(AgentId, WorkerLost& lost) {
  const std::string where = lost.item.node_id.empty() ? "" : " in " + lost.item.node_id;
  effects_.events.push_back(
      WorkerChanged{lost.worker, WorkerChanged::What::kLost,
                    fmt::format("worker gw{} {}{}", Number(lost.worker),
                                lost.hung ? "hung and was killed" : DescribeEnd(lost.status), where)});
  if (plan_.single && !whole_entered_) {  // Nobody is left who could collect.
    internal_error_ = true;
    effects_.events.push_back(Notice{DescribeLoss(lost), true});
    return RequestStop(Stop::How::kKill, "");
  }
  BlameForLoss(lost);
  for (const LeaseId lease : lost.leases) ReturnLease(lease);
}

// The running item fails at once; a file that was being imported is a collection error; pending session finalizers are
// a teardown error of the last item; an idle worker's death is nobody's fault.
void Run::BlameForLoss(const WorkerLost& lost) {
  const std::string text = DescribeLoss(lost);
  if (lost.state == WorkerState::kCollecting) return FailCollection(lost.unit, text);
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

void Run::FailCollection(UnitId id, const std::string& text) {
  if (Number(id) >= units_.size()) return;
  UnitState& unit = units_[Number(id)];
  UnitCollected event;
  AcceptCollectReports({MakeCollectFailure(unit.plan.path, text)}, &event.reports);
  unit.collected = true;
  for (auto& [lease_id, lease] : leases_) std::erase(lease.uncollected, id);
  effects_.events.push_back(std::move(event));
  CheckCollectionFinished();
  if (plan_.mode != CollectMode::kFile && stage_ == Stage::kRunning) {  // Nothing else can be collected.
    internal_error_ = true;
    RequestStop(Stop::How::kKill, text);
  }
}

void Run::On(AgentId agent, WorkerDone& done) {
  effects_.events.push_back(WorkerChanged{done.worker, WorkerChanged::What::kDone, "", done.answer});
  const json answer = json::parse(done.answer, nullptr, false);
  if (plan_.single && answer.is_object() && answer.contains("exit") && answer["exit"].is_number_integer())
    hosted_exit_code_ = answer["exit"].get<int>();
  if (plan_.single && answer.is_object() && answer.contains("summary") && answer["summary"].is_string())
    plugin_text_ = answer["summary"].get<std::string>();
  (void)agent;
}

void Run::On(AgentId, WorkerStopping& stopping) {
  if (stopping.kind == "usage") {  // A single worker's pytest found an argument that is not there.
    failure_text_ = stopping.reason;
    failure_code_ = stopping.exit_code > 0 ? stopping.exit_code : static_cast<int>(ExitCode::kUsageError);
    return RequestStop(Stop::How::kFinish, "");
  }
  incomplete_ok_ = true;
  int code = static_cast<int>(ExitCode::kInterrupted);
  if (stopping.kind == "fail") code = static_cast<int>(ExitCode::kTestsFailed);
  if (stopping.kind == "exit" && stopping.exit_code >= 0) code = stopping.exit_code;
  if (!stop_exit_code_ || code == static_cast<int>(ExitCode::kInterrupted)) stop_exit_code_ = code;
  RequestStop(Stop::How::kFinish, stopping.reason);
}

void Run::On(AgentId, InternalError& error) {
  internal_error_ = true;
  effects_.events.push_back(Notice{error.text, true});
  RequestStop(Stop::How::kFinish, "internal error");
}

void Run::On(AgentId agent, Goodbye& goodbye) {
  agents_[agent].gone = true;
  for (auto& [id, lease] : leases_)
    if (lease.agent == agent && lease.alive) ReturnLease(id);
  if (!goodbye.why.empty() && stage_ != Stage::kStopping) effects_.events.push_back(Notice{goodbye.why, false});
}

void Run::On(const Lost& lost) {
  agents_[lost.agent].gone = true;
  effects_.events.push_back(Notice{fmt::format("agent {} is lost: its items run again", Number(lost.agent)), true});
  for (auto& [id, lease] : leases_) {
    if (lease.agent != lost.agent || !lease.alive) continue;
    for (const ItemId item : lease.items) {
      if (ledger_[item].state != Ledger::State::kRunning || ledger_[item].lease != id) continue;
      ledger_.CountLoss(item);
      if (ledger_[item].losses >= kMostLosses)
        FailItem(item, ledger_[item].worker, Phase::kCall,
                 fmt::format("{} agents were lost while they ran this test", kMostLosses));
    }
    ReturnLease(id);
  }
}

void Run::On(const Interrupted& interrupted) {
  incomplete_ok_ = true;
  stop_exit_code_ = static_cast<int>(ExitCode::kInterrupted);
  RequestStop(interrupted.now ? Stop::How::kKill : Stop::How::kInterrupt, interrupted.why);
}

void Run::RequestStop(Stop::How how, const std::string& why) {
  const bool again = stage_ == Stage::kStopping;
  if (again && how < Stop::How::kInterrupt) return;
  if (stage_ == Stage::kFinished) return;
  stage_ = Stage::kStopping;
  if (stop_reason_.empty()) stop_reason_ = why;
  for (const auto& [agent, state] : agents_)
    if (!state.gone) effects_.messages.emplace_back(agent, Stop{how, why});
}

}  // namespace fastest
