// What there is to run: the part of Run that takes in what workers collected.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/loss_report.h"
#include "coordinator/run.h"
#include "protocol/node_id.h"

namespace fastest {

// pytest's own list of files: what the plan lacks is added; what only the plan has, the worker will find empty.
void Run::On(AgentId agent, Walked& walked) {
  if (walked_ || walker_ != agent) return;
  walked_ = true;
  std::vector<CollectReport> accepted;
  AcceptCollectReports(std::move(walked.reports), &accepted);
  UnitCollected event;
  event.reports = std::move(accepted);
  event.walked = walked.paths;
  effects_.events.push_back(std::move(event));
  std::set<std::string> planned;
  for (const UnitState& unit : units_) planned.insert(unit.plan.path);
  for (const std::string& path : walked.paths) {
    if (planned.contains(path) || (plan_.cut && !plan_.cut->Takes(plan_.shard_index, path))) continue;
    PlannedUnit unit;
    unit.path = path;
    unit.roots = ~0U;
    units_.emplace_back().plan = unit;
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
      ++counts_.collection_errors;
      CountFailure();
    }
    accepted->push_back(std::move(report));
  }
}

void Run::On(AgentId agent, Collected& collected) {
  if (collected.groups.size() != collected.node_ids.size()) collected.groups.clear();
  collect_seconds_ += collected.seconds;
  divisible_.insert(std::make_move_iterator(collected.divisible.begin()),
                    std::make_move_iterator(collected.divisible.end()));
  if (!collected.problem.empty()) {
    internal_error_ = true;
    effects_.events.push_back(Notice{collected.problem, true});
    RequestStop(Stop::How::kFinish, collected.problem);
  }
  if (plan_.mode != CollectMode::kFile) return EnterWhole(collected);
  LeaseState* lease = LiveLease(agent, collected.lease);
  if (lease == nullptr || Number(collected.unit) >= units_.size()) return;
  const bool given =
      std::find(lease->uncollected.begin(), lease->uncollected.end(), collected.unit) != lease->uncollected.end();
  if (lease->of_copy) collected.reports.clear();  // The file was collected long ago.
  if (given || units_[Number(collected.unit)].collected) EnterUnit(collected, *lease);
}

void Run::EnterWhole(Collected& collected) {
  if (whole_entered_) {
    // Another process collected the same: its items are matched by key when they are given out. What failed in it alone
    // is red, too.
    UnitCollected again = EventOf(UnitId{0});
    if (options_.remote) AddMissed(&collected);
    AcceptCollectReports(std::move(collected.reports), &again.reports);
    if (!again.reports.empty()) effects_.events.push_back(std::move(again));
    return;
  }
  whole_entered_ = true;
  units_[0].collected = true;
  UnitCollected event = EventOf(UnitId{0});
  event.first = true;
  event.header = std::move(collected.header);
  event.finish = std::move(collected.finish);
  const auto items = ledger_.Enter(UnitId{0}, collected.node_ids, &event.items);
  groups_ = std::move(collected.groups);
  SeparateSerial(items, collected.serial);
  event.serial = std::move(collected.serial);
  counts_.deselected += static_cast<std::uint32_t>(collected.deselected.size());
  AcceptCollectReports(std::move(collected.reports), &event.reports);
  event.node_ids = std::move(collected.node_ids);
  event.deselected = std::move(collected.deselected);
  effects_.events.push_back(std::move(event));
  RestoreWhole();
  CheckCollectionFinished();
  if (stage_ != Stage::kRunning || plan_.single) return;
  std::vector<ItemId> parallel;
  for (const ItemId item : items)
    if (!serial_set_.contains(Number(item)) && ledger_[item].state == Ledger::State::kWaiting) parallel.push_back(item);
  QueueItems(parallel);
}

// A test file that the first machine did not have: its tests would be missing in the run without a word.
void Run::AddMissed(Collected* collected) const {
  std::set<std::string_view> known, missed;
  for (std::uint32_t i = 0; i < ledger_.size(); ++i) known.insert(FileOf(ledger_[ItemId{i}].key.node_id));
  for (const std::string& node_id : collected->node_ids)
    if (!known.contains(FileOf(node_id))) missed.insert(FileOf(node_id));
  for (const std::string_view path : missed)
    collected->reports.push_back(MakeCollectFailure(
        std::string(path),
        fmt::format("{} was collected by gw{}, but not by the first worker", path, Number(collected->worker))));
}

void Run::EnterUnit(Collected& collected, LeaseState& lease) {
  UnitState& unit = units_[Number(collected.unit)];
  if (std::erase(lease.uncollected, collected.unit) > 0) open_leases_.RemoveWaiting(collected.lease, unit.plan.seconds);
  if (std::find(unit.collectors.begin(), unit.collectors.end(), collected.worker) == unit.collectors.end()) {
    unit.collectors.push_back(collected.worker);
    unit.collect_seconds = collected.seconds;
  }
  EnterLease(collected.lease, lease, collected.unit);
  PriceSteals(collected.unit);
  UnitCollected event = EventOf(collected.unit);
  event.header = std::move(collected.header);
  AcceptCollectReports(std::move(collected.reports), &event.reports);
  if (unit.collected) {
    EnterLate(collected, &event);
  } else {
    unit.collected = event.first = true;
    const auto items = ledger_.Enter(collected.unit, collected.node_ids, &event.items);
    if (!collected.groups.empty()) {
      groups_.resize(ledger_.size() - items.size());
      groups_.insert(groups_.end(), collected.groups.begin(), collected.groups.end());
    }
    SeparateSerial(items, collected.serial);
    event.serial = std::move(collected.serial);
    for (const ItemId item : items) {
      if (serial_set_.contains(Number(item))) continue;
      ledger_.Lease(item, collected.lease);
      lease.items.push_back(item);
      open_leases_.AddWaiting(collected.lease, KnownSeconds(item));
    }
    counts_.deselected += static_cast<std::uint32_t>(collected.deselected.size());
    event.node_ids = std::move(collected.node_ids);
    event.deselected = std::move(collected.deselected);
  }
  if (event.first || !event.items.empty() || !event.reports.empty() || !event.deselected.empty())
    effects_.events.push_back(std::move(event));
  CheckCollectionFinished();
}

UnitCollected Run::EventOf(UnitId id) const {
  const PlannedUnit& plan = units_[Number(id)].plan;
  UnitCollected event;
  event.unit = id;
  event.path = plan.path;
  event.include = plan.include;
  event.exclude = plan.exclude;
  return event;
}

void Run::SeparateSerial(const std::vector<ItemId>& items, const std::vector<std::uint32_t>& serial) {
  if (plan_.single) return;
  for (const auto index : serial) {
    if (index < items.size() && serial_set_.insert(Number(items[index])).second) serial_.push_back(items[index]);
  }
}

// Collection errors end the run before any test where everything is collected first, else as soon as one is known.
void Run::CheckCollectionFinished() {
  if (stage_ != Stage::kCollecting) return;
  const bool all = AllUnitsCollected();
  const bool fatal = counts_.collection_errors > 0 && !options_.continue_on_collection_errors;
  if (!all && (!fatal || plan_.collect_first)) return;
  if (all) {
    effects_.events.push_back(
        CollectionFinished{static_cast<std::uint32_t>(ledger_.size()), counts_.deselected, counts_.collection_errors});
  }
  if (fatal) {
    incomplete_ok_ = true;
    if (!stop_exit_code_) stop_exit_code_ = static_cast<int>(ExitCode::kInterrupted);
    return RequestStop(Stop::How::kFinish,
                       fmt::format("Interrupted: {} error{} during collection", counts_.collection_errors,
                                   counts_.collection_errors == 1 ? "" : "s"));
  }
  stage_ = Stage::kRunning;
}

// `path`: of a file of the unit that holds everything; else "".
void Run::FailCollection(UnitId id, const std::string& path, const std::string& text) {
  if (Number(id) >= units_.size()) return;
  UnitState& unit = units_[Number(id)];
  UnitCollected event = EventOf(id);
  AcceptCollectReports({MakeCollectFailure(path.empty() ? unit.plan.path : path, text)}, &event.reports);
  unit.collected = event.first = true;
  for (auto& [lease_id, lease] : leases_) std::erase(lease.uncollected, id);
  effects_.events.push_back(std::move(event));
  CheckCollectionFinished();
  if (plan_.mode != CollectMode::kFile && stage_ == Stage::kRunning) {  // Nothing else can be collected.
    internal_error_ = true;
    RequestStop(Stop::How::kKill, text);
  }
}

}  // namespace fastest
