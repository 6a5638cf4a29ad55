// What a resumed run takes over from its journal: the part of Run that goes on where an earlier coordinator ended.
//
// File mode: a file that was collected keeps its cut into parts and its items; those with a result are finished at
// once, the others are queued one by one, and only files with such items are imported again. Whole mode: everything is
// collected anew, and the items are matched by key. What was collected before and is not there any more, is reported:
// its result stays, or it fails for that reason. Results are published when the collection allows tests to run.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/run.h"

namespace fastest {
namespace {

// "a.py::x, a.py::y and 3 more"
std::string Listed(const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + words[i];
  return words.size() <= kMost ? text : fmt::format("{} and {} more", text, words.size() - kMost);
}

// What of a file is left when these parts of it are taken: a part that names what it includes, or everything but.
// Nothing, if nothing is left.
std::optional<PlannedUnit> RestOf(const std::vector<const RestoredUnit*>& parts, PlannedUnit file) {
  std::vector<std::string> included;
  const std::vector<std::string>* excluded = nullptr;
  for (const RestoredUnit* part : parts) {
    included.insert(included.end(), part->include.begin(), part->include.end());
    if (part->include.empty()) excluded = &part->exclude;
  }
  file.include.clear();
  file.exclude = included;
  if (excluded == nullptr) return file;
  for (const std::string& name : *excluded)
    if (std::find(included.begin(), included.end(), name) == included.end()) file.include.push_back(name);
  file.exclude.clear();
  if (file.include.empty()) return std::nullopt;
  return file;
}

}  // namespace

void Run::On(Restored& restored) {
  restored_ = std::move(restored);
  next_lease_ = (std::uint64_t{restored_.part} << 32U) + 1;
}

// A file that was collected, wholly or in parts, keeps these; what they leave is one part more.
void Run::KeepRestoredCuts(std::vector<PlannedUnit>* units) const {
  std::map<std::string, std::vector<const RestoredUnit*>> known;
  for (const RestoredUnit& unit : restored_.units)
    if (!unit.path.empty()) known[unit.path].push_back(&unit);
  if (known.empty()) return;
  std::vector<PlannedUnit> kept;
  const auto keep = [&](const std::vector<const RestoredUnit*>& parts, const PlannedUnit& file) {
    for (const RestoredUnit* part : parts) {
      PlannedUnit unit = file;
      unit.include = part->include;
      unit.exclude = part->exclude;
      unit.items = static_cast<std::uint32_t>(part->items.size());
      kept.push_back(std::move(unit));
    }
    if (auto rest = RestOf(parts, file)) kept.push_back(*std::move(rest));
  };
  std::set<std::string> done;
  for (PlannedUnit& unit : *units) {
    const auto parts = known.find(unit.path);
    if (parts == known.end()) {
      kept.push_back(std::move(unit));
    } else if (done.insert(unit.path).second) {
      keep(parts->second, unit);
    }
  }
  for (const auto& [path, parts] : known) {  // What only pytest's own walk had found.
    if (done.contains(path)) continue;
    PlannedUnit file;
    file.path = path;
    file.roots = ~0U;
    keep(parts, file);
  }
  *units = std::move(kept);
}

// What does not belong to one unit.
void Run::RestoreSession() {
  for (const WarningReport& warning : restored_.warnings) {
    ++counts_.warnings;
    warnings_.Restore(warning);
    effects_.events.emplace_back(WarningRaised{warning, true});
  }
  for (std::vector<CollectReport>& reports : restored_.more_reports) {
    UnitCollected event;
    AcceptCollectReports(std::move(reports), &event.reports);
    if (!event.reports.empty()) effects_.events.emplace_back(std::move(event));
  }
  for (TestReported& stranger : restored_.strangers) {
    stranger.restored = true;
    if (stranger.report.outcome == Outcome::kFailed) CountFailure();
    effects_.events.emplace_back(std::move(stranger));
  }
}

// File mode: true if the unit was collected before; what has no result is queued.
bool Run::RestoreUnit(UnitId id) {
  UnitState& unit = units_[Number(id)];
  const auto known = std::find_if(restored_.units.begin(), restored_.units.end(), [&](const RestoredUnit& one) {
    return one.path == unit.plan.path && one.include == unit.plan.include && one.exclude == unit.plan.exclude;
  });
  if (known == restored_.units.end()) return false;
  unit.collected = true;
  UnitCollected event = EventOf(id);
  event.first = true;
  for (const RestoredItem& item : known->items) event.node_ids.push_back(item.key.node_id);
  const auto items = ledger_.Enter(id, event.node_ids, &event.items);
  event.serial = known->serial;
  SeparateSerial(items, known->serial);
  counts_.deselected += static_cast<std::uint32_t>(known->deselected.size());
  event.deselected = std::move(known->deselected);
  AcceptCollectReports(std::move(known->reports), &event.reports);
  effects_.events.emplace_back(std::move(event));
  std::vector<ItemId> pending;
  for (std::size_t i = 0; i < items.size(); ++i) {
    RestoredItem& item = known->items[i];
    if (!item.complete() && !serial_set_.contains(Number(items[i]))) pending.push_back(items[i]);
    RestoreItem(items[i], std::move(item));
  }
  QueueGroups(id, pending, HUGE_VAL, HUGE_VAL);
  return true;
}

// Whole mode: everything was collected anew, as unit 0.
void Run::RestoreWhole() {
  std::vector<std::string> kept, missing;
  for (RestoredUnit& unit : restored_.units) {
    for (RestoredItem& item : unit.items) {
      const auto found = ledger_.Find(UnitId{0}, item.key);
      if (!found) {
        (item.complete() ? kept : missing).push_back(item.key.node_id);
        RestoreMissing(std::move(item));
      } else {
        RestoreItem(*found, std::move(item));
      }
    }
  }
  restored_.units.clear();
  const auto notice = [&](const std::vector<std::string>& ids, const char* what) {
    if (ids.empty()) return;
    effects_.events.emplace_back(
        Notice{fmt::format("collected before the run was resumed, but not any more{}: {}", what, Listed(ids)), true});
  };
  notice(kept, "; the result is kept");
  notice(missing, "");
}

void Run::RestoreMissing(RestoredItem item) {
  UnitCollected event = EventOf(UnitId{0});
  const std::vector<std::string> ids(item.key.occurrence + 1, item.key.node_id);
  const ItemId id = ledger_.Enter(UnitId{0}, ids, &event.items).back();
  event.node_ids.assign(event.items.size(), item.key.node_id);
  effects_.events.emplace_back(std::move(event));
  if (item.complete()) return RestoreItem(id, std::move(item));
  attempts_[id].failed = options_.retries;  // No worker could run it.
  FailItem(id, WorkerId{0}, Phase::kSetup,
           fmt::format("{} was collected before the run was resumed, but is not any more", item.key.node_id));
}

// Its attempts, and its result if it has one.
void Run::RestoreItem(ItemId id, RestoredItem item) {
  if (!item.reruns.empty()) attempts_[id].failed = item.reruns.back().attempt;
  if (item.complete()) {
    ledger_.Start(id, item.worker);
    for (const TestReport& report : item.reports) ledger_.AddReport(id, report, true);
    ledger_.Finish(id);
  }
  if (item.complete() || !item.reruns.empty()) unpublished_restored_.emplace_back(id, std::move(item));
}

// Not before tests may run: a collection error keeps everything from running.
void Run::PublishRestored() {
  const bool streams = plan_.mode == CollectMode::kFile && !plan_.collect_first;
  if (unpublished_restored_.empty() || (stage_ == Stage::kCollecting && !streams)) return;
  for (auto& [id, item] : std::exchange(unpublished_restored_, {})) {
    for (RestoredRerun& rerun : item.reruns) {
      test_seconds_ += rerun.report.duration;
      effects_.events.emplace_back(
          TestReported{id, item.key.node_id, rerun.worker, std::move(rerun.report), true, rerun.attempt});
    }
    for (TestReport& report : item.reports) {
      test_seconds_ += report.duration;
      if (report.outcome == Outcome::kFailed) {
        if (!item.reruns.empty()) attempts_[id].failed_at_last = true;
        CountFailure();
      }
      effects_.events.emplace_back(TestReported{id, item.key.node_id, item.worker, std::move(report), true});
    }
    if (!item.complete()) continue;
    effects_.events.emplace_back(TestFinished{id, item.key.node_id, item.worker, false, true});
  }
}

// A unit that was restored is imported again for the items that it has left: what is new in it runs too.
void Run::EnterLate(const Collected& collected, UnitCollected* event) {
  if (restored_.part == 0) return;
  ledger_.Enter(collected.unit, collected.node_ids, &event->items);
  for (const ItemId item : event->items) event->node_ids.push_back(ledger_[item].key.node_id);
  QueueGroups(collected.unit, event->items, HUGE_VAL, HUGE_VAL);
}

}  // namespace fastest
