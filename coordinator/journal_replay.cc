#include "coordinator/journal_replay.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <unordered_map>

namespace fastest {
namespace {

using nlohmann::json;

// It runs again; what is known of its attempts stays.
void DropResult(RestoredItem* item) {
  item->state = RestoredItem::State::kPending;
  item->worker = {};
  item->reports.clear();
}

// Takes a journal's records in, in order, and knows at any moment what a run that is resumed now would be given.
class Rebuilding {
 public:
  void Take(JournalRecord& record) {
    std::visit([this](auto& one) { On(one); }, record);
  }
  // What is under way has no result.
  void DropUnfinished();
  // Of an item of this part; null if the journal does not know it.
  RestoredItem* Find(ItemId item) {
    if (Number(item) >= places_.size()) return nullptr;
    const auto [unit, index] = places_[Number(item)];
    return &contents.restored.units[unit].items[index];
  }

  JournalContents contents;

 private:
  using Place = std::pair<std::size_t, std::size_t>;  // Unit and item in contents.restored.
  using Cut = std::tuple<std::string, std::vector<std::string>, std::vector<std::string>>;

  void On(JournalOpened& opened) {
    Forget(opened.forgotten, &contents.restored);
    DropUnfinished();
    places_.clear();
    contents.opened = std::move(opened);
    contents.restored.part = contents.opened.part + 1;
    contents.finished.reset();
    contents.endpoint.clear();
  }
  void On(JournalListening& listening) { contents.endpoint = std::move(listening.endpoint); }
  void On(RunStarted& started) {
    contents.planned = true;
    contents.mode = started.mode;
    contents.shard = std::move(started.shard);
  }
  void On(UnitCollected& collected);
  void On(CollectionFinished&) {}
  void On(TestReported& reported);
  void On(TestFinished& finished);
  void On(JournalRestored&) {}
  void On(WarningRaised& warning) { contents.restored.warnings.push_back(std::move(warning.warning)); }
  void On(WorkerChanged&) {}
  void On(Notice&) {}
  void On(RunFinished&) {}
  void On(JournalClosed& closed) { contents.finished = closed.exit_code; }

  RestoredUnit& UnitOf(const UnitCollected& collected);
  bool RunsAgain(const WarningReport& warning);

  std::map<Cut, std::size_t> units_;
  std::map<std::pair<std::string, std::uint32_t>, Place> items_;
  std::vector<Place> places_;  // By ItemId, of this part.
};

RestoredUnit& Rebuilding::UnitOf(const UnitCollected& collected) {
  std::vector<RestoredUnit>& units = contents.restored.units;
  const auto [known, added] = units_.emplace(Cut(collected.path, collected.include, collected.exclude), units.size());
  if (added) units.push_back({collected.path, collected.include, collected.exclude, {}, {}, {}, {}});
  return units[known->second];
}

void Rebuilding::On(UnitCollected& collected) {
  if (!collected.first && collected.items.empty()) {
    contents.restored.more_reports.push_back(std::move(collected.reports));
    return;
  }
  RestoredUnit& unit = UnitOf(collected);
  const auto number = static_cast<std::size_t>(&unit - contents.restored.units.data());
  unit.forgotten = false;
  if (collected.first) {
    unit.reports = std::move(collected.reports);
    unit.deselected = std::move(collected.deselected);
    unit.serial = std::move(collected.serial);
  }
  std::unordered_map<std::string, std::uint32_t> seen;
  for (std::size_t i = 0; i < collected.items.size() && i < collected.node_ids.size(); ++i) {
    const std::string& node_id = collected.node_ids[i];
    const std::uint32_t occurrence = seen[node_id]++;
    const auto [known, added] = items_.emplace(std::pair(node_id, occurrence), Place{number, unit.items.size()});
    if (added) unit.items.push_back({{node_id, occurrence}, {}, WorkerId{}, {}});
    contents.restored.units[known->second.first].items[known->second.second].forgotten = false;
    // A run numbers its items as they come: a number beyond that is damage.
    if (Number(collected.items[i]) == places_.size()) places_.push_back(known->second);
  }
}

void Rebuilding::On(TestReported& reported) {
  if (Number(reported.item) == kNoItem) {
    contents.restored.strangers.push_back(std::move(reported));
    return;
  }
  RestoredItem* item = Find(reported.item);
  if (item == nullptr) return;
  if (item->complete()) {  // It ran again in this part.
    DropResult(item);
    item->reruns.clear();
  }
  if (reported.rerun > 0) {
    item->reruns.push_back({reported.rerun, reported.worker, std::move(reported.report)});
    return;
  }
  item->worker = reported.worker;
  item->reports.push_back(std::move(reported.report));
  if (item->state == RestoredItem::State::kHeld && item->reports.back().phase == Phase::kTeardown)
    item->state = RestoredItem::State::kComplete;
}

void Rebuilding::On(TestFinished& finished) {
  if (RestoredItem* item = Find(finished.item))
    item->state = finished.held ? RestoredItem::State::kHeld : RestoredItem::State::kComplete;
}

// A test's own warning comes again when the test does.
bool Rebuilding::RunsAgain(const WarningReport& warning) {
  const json fields = json::parse(warning.envelope, nullptr, false);
  if (!fields.is_object() || !fields.contains("nodeid") || !fields["nodeid"].is_string()) return false;
  if (!fields.contains("when") || fields["when"] != "runtest") return false;
  const auto place = items_.find({fields["nodeid"].get<std::string>(), 0});
  if (place == items_.end()) return false;
  return !contents.restored.units[place->second.first].items[place->second.second].complete();
}

void Rebuilding::DropUnfinished() {
  for (RestoredUnit& unit : contents.restored.units)
    for (RestoredItem& item : unit.items)
      if (!item.complete()) DropResult(&item);
  std::erase_if(contents.restored.warnings, [this](const WarningReport& warning) { return RunsAgain(warning); });
}

// Tells the events of one part.
class Telling {
 public:
  Telling(Rebuilding& before, const std::function<void(const Event&)>& tell) : known_(before), tell_(tell) {}

  void On(const JournalOpened&) {}
  void On(const JournalListening&) {}
  void On(const JournalClosed&) {}
  void On(const RunStarted& started) {
    tell_(started);
    for (const WarningReport& warning : known_.contents.restored.warnings) tell_(WarningRaised{warning, true});
    for (TestReported stranger : known_.contents.restored.strangers) {
      stranger.restored = true;
      tell_(stranger);
    }
  }
  void On(TestReported reported) {
    if (const RestoredItem* item = known_.Find(reported.item)) {
      reported.node_id = item->key.node_id;
      if (begun_.insert(reported.item).second) TellReruns(reported.item, *item);
    }
    tell_(reported);
  }
  void On(TestFinished finished) {
    if (const RestoredItem* item = known_.Find(finished.item)) finished.node_id = item->key.node_id;
    tell_(finished);
  }
  void On(const JournalRestored& restored) {
    const RestoredItem* item = known_.Find(restored.item);
    if (item == nullptr) return;
    TellReruns(restored.item, *item);
    for (const TestReport& report : item->reports)
      tell_(TestReported{restored.item, item->key.node_id, item->worker, report, true});
    tell_(TestFinished{restored.item, item->key.node_id, item->worker, false, true});
  }
  template <typename Other>
  void On(const Other& event) {
    tell_(event);
  }

 private:
  // Attempts of earlier parts.
  void TellReruns(ItemId id, const RestoredItem& item) {
    for (const RestoredRerun& rerun : item.reruns)
      tell_(TestReported{id, item.key.node_id, rerun.worker, rerun.report, true, rerun.attempt});
  }

  Rebuilding& known_;
  const std::function<void(const Event&)>& tell_;
  std::set<ItemId> begun_;  // In this part.
};

}  // namespace

Result<JournalContents> ReadJournal(std::string_view file) {
  JournalReader reader(file);
  Rebuilding rebuilding;
  bool opened = false;
  while (auto record = reader.Next()) {
    const auto* head = std::get_if<JournalOpened>(&*record);
    if (head != nullptr && head->format != kJournalFormat)
      return Error{fmt::format("it was written by fastest {}, in format {}; this one reads {}", head->version,
                               head->format, kJournalFormat)};
    opened = opened || head != nullptr;
    rebuilding.Take(*record);
  }
  if (!opened) return Error{reader.problem().empty() ? "it is empty" : reader.problem()};
  rebuilding.DropUnfinished();
  DropForgotten(&rebuilding.contents.restored);
  JournalContents contents = std::move(rebuilding.contents);
  contents.readable = reader.readable();
  contents.torn = reader.torn();
  contents.problem = reader.problem();
  return contents;
}

void ReplayJournal(std::string_view file, const std::function<void(const Event&)>& tell) {
  int parts = 0;
  for (JournalReader reader(file); auto record = reader.Next();)
    if (std::holds_alternative<JournalOpened>(*record)) ++parts;
  Rebuilding known;
  Telling telling(known, tell);
  for (JournalReader reader(file); auto record = reader.Next();) {
    if (std::holds_alternative<JournalOpened>(*record)) --parts;
    if (parts == 0) std::visit([&](const auto& one) { telling.On(one); }, *record);
    known.Take(*record);
  }
}

}  // namespace fastest
