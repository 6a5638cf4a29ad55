#include "report/shard_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "protocol/node_id.h"
#include "report/json_fields.h"

namespace fastest {
namespace {

// So many of one kind are named.
constexpr std::size_t kMostNamed = 20;

// Adds the lines, at most kMostNamed of them.
void AddSome(const std::vector<std::string>& lines, std::vector<std::string>* problems) {
  const std::size_t shown = std::min(lines.size(), kMostNamed);
  problems->insert(problems->end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown));
  if (lines.size() > shown) problems->push_back(fmt::format("… and {} more like it", lines.size() - shown));
}

void Tell(const std::vector<Reporter*>& reporters, const Event& event) {
  for (Reporter* reporter : reporters) reporter->OnEvent(event);
}

// The worst speaks for the run: internal error, interrupted, usage, one of the suite's own, failed, too many warnings.
int WorseExit(int a, int b) {
  constexpr int kBestFirst[] = {5, 0, 6, 1, -1, 4, 2, 3};  // -1: any other.
  const auto badness = [&](int code) {
    const auto* own = std::find(std::begin(kBestFirst), std::end(kBestFirst), -1);
    const auto* known = std::find(std::begin(kBestFirst), std::end(kBestFirst), code);
    return std::pair((known == std::end(kBestFirst) ? own : known) - std::begin(kBestFirst), code);
  };
  return std::max(a, b, [&](int one, int other) { return badness(one) < badness(other); });
}

}  // namespace

std::string ShardMerge::Shard::Title() const { return fmt::format("shard {}/{}", index + 1, total); }

void ShardMerge::AddFile(std::string name) {
  shards_.emplace_back();
  shards_.back().name = std::move(name);
}

void ShardMerge::Note(const Event& event) {
  Shard& shard = shards_.back();
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    const Json cut = ParseJson(started->shard);
    shard.index = static_cast<std::uint32_t>(NumberOf(Field(cut, "index")));
    shard.total = static_cast<std::uint32_t>(NumberOf(Field(cut, "total")));
    shard.digest = TextOf(Field(cut, "digest"));
    for (const auto& [path, owner] : Field(cut, "files").items())
      shard.owners[path] = owner.is_object() ? "split" : DumpJson(owner);
    shard.started = *started;
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    shard.walk.insert(shard.walk.end(), collected->walked.begin(), collected->walked.end());
    shard.paths.insert(shard.paths.end(), collected->walked.begin(), collected->walked.end());
    for (const CollectReport& report : collected->reports) {
      if (report.node_id.find("::") == std::string::npos && shard.has.insert(report.node_id).second)
        shard.paths.push_back(report.node_id);
      const bool failed = report.outcome == Outcome::kFailed;
      const auto [counts, added] = collectors_.emplace(report.node_id, std::pair(shards_.size() - 1, failed));
      if (!added && failed && !counts->second.second) counts->second = {shards_.size() - 1, true};
    }
    for (std::size_t i = 0; i < collected->items.size(); ++i) {
      shard.items[collected->items[i]].node_id = collected->node_ids[i];
      const std::string path(FileOf(collected->node_ids[i]));
      if (shard.paths.empty() || shard.paths.back() != path) shard.paths.push_back(path);
      shard.has.insert(path);
    }
    shard.units.push_back(*collected);
  } else if (const auto* counted = std::get_if<CollectionFinished>(&event)) {
    shard.counted = *counted;
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    const auto item = shard.items.find(reported->item);
    if (item != shard.items.end() && reported->report.outcome != Outcome::kOther)
      item->second.seconds += reported->report.duration;
  } else if (const auto* finished = std::get_if<TestFinished>(&event)) {
    if (const auto item = shard.items.find(finished->item); item != shard.items.end()) item->second.finished = true;
  } else if (const auto* end = std::get_if<RunFinished>(&event)) {
    shard.end = *end;
  }
}

bool ShardMerge::EndFile(bool complete) {
  Shard& shard = shards_.back();
  shard.complete = complete;
  if (shard.total > 0) return true;
  nameless_.push_back(std::move(shard.name));
  shards_.pop_back();
  return false;
}

// ---- what is wrong ----

std::vector<std::string> ShardMerge::Problems() const {
  std::vector<std::string> problems;
  CheckShards(&problems);
  CheckTests(&problems);
  if (problems.empty()) CheckFiles(&problems);
  return problems;
}

void ShardMerge::CheckShards(std::vector<std::string>* problems) const {
  std::map<std::uint32_t, std::string> totals;
  std::map<std::string, std::string> digests;
  std::map<std::uint32_t, std::string> names;
  for (const std::string& name : nameless_)
    problems->push_back(fmt::format("{} is cut short: its job ended before its run began", name));
  for (const Shard& shard : shards_) {
    totals.emplace(shard.total, shard.name);
    std::string& who = digests[shard.digest];
    who += (who.empty() ? "" : ", ") + shard.Title();
    const auto [known, added] = names.emplace(shard.index, shard.name);
    if (!added)
      problems->push_back(fmt::format("{} is there twice: {} and {}", shard.Title(), known->second, shard.name));
    if (!shard.complete)
      problems->push_back(fmt::format("{} is cut short: its job ended before its run ({})", shard.Title(), shard.name));
  }
  if (totals.size() > 1) {
    std::string all;
    for (const auto& [total, name] : totals) all += fmt::format("{}of {} ({})", all.empty() ? "" : ", ", total, name);
    return problems->push_back("shards of different runs: " + all);
  }
  for (std::uint32_t i = 0; !totals.empty() && i < totals.begin()->first; ++i)
    if (!names.contains(i)) problems->push_back(fmt::format("shard {}/{} is missing", i + 1, totals.begin()->first));
  if (digests.size() < 2) return;
  std::string all;
  for (const auto& [digest, who] : digests) all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", digest, who);
  problems->push_back(
      fmt::format("the shards were not cut alike ({}): their jobs had other files, another history or another -k or -m "
                  "(hint: give all jobs one --history file)",
                  all));
}

void ShardMerge::CheckTests(std::vector<std::string>* problems) const {
  std::vector<std::string> doubled, missing;
  std::map<std::string, const Shard*> known;
  for (const Shard& shard : shards_) {
    const std::set<std::string> not_run(shard.end.not_run.begin(), shard.end.not_run.end());
    for (const auto& [id, item] : shard.items) {
      // One shard may have an id twice (--keep-duplicates).
      const auto [owner, added] = known.emplace(item.node_id, &shard);
      if (!added && owner->second != &shard)
        doubled.push_back(
            fmt::format("{} ran twice: in {} and {}", item.node_id, owner->second->Title(), shard.Title()));
      if (!shard.complete || item.finished) continue;
      // A run that was stopped (-x, Ctrl-C) is red by itself and says what it left out.
      if (not_run.contains(item.node_id) && shard.end.exit_code != 0) continue;
      missing.push_back(fmt::format("{} has no result: {} collected it ({})", item.node_id, shard.Title(), shard.name));
    }
  }
  AddSome(doubled, problems);
  AddSome(missing, problems);
}

std::string ShardMerge::OwnerOf(const std::string& path) const {
  const auto known = shards_.front().owners.find(path);
  return known == shards_.front().owners.end() ? "" : known->second;
}

// A file that one shard found and leaves to another must have been collected there.
void ShardMerge::CheckFiles(std::vector<std::string>* problems) const {
  std::map<std::string, const Shard*> by_number;
  for (const Shard& shard : shards_) by_number[std::to_string(shard.index)] = &shard;
  const auto was_stopped = [](const Shard& shard) {
    return shard.end.exit_code >= 2 || !shard.end.stop_reason.empty();
  };
  const bool stopped = std::any_of(shards_.begin(), shards_.end(), was_stopped);
  std::vector<std::string> lost;
  std::set<std::string> told;
  for (const Shard& finder : shards_) {
    for (const std::string& path : finder.paths) {
      if (!told.insert(path).second) continue;
      const auto owner = by_number.find(OwnerOf(path));
      if (owner != by_number.end() && !owner->second->has.contains(path) && !was_stopped(*owner->second)) {
        lost.push_back(fmt::format("{} was found by {}, but not run by {}, whose it is", path, finder.Title(),
                                   owner->second->Title()));
      }
      if (owner != by_number.end() || stopped) continue;
      const auto has = [&](const Shard& shard) { return shard.has.contains(path); };
      if (std::none_of(shards_.begin(), shards_.end(), has)) lost.push_back(path + " was run by no shard");
    }
  }
  AddSome(lost, problems);
}

// ---- the merged run ----

// Files as pytest's walk had them, else in the order of the shard that knows most of them; the others' own come after.
void ShardMerge::Order() {
  std::vector<const Shard*> by_size;
  by_size.reserve(shards_.size());
  for (const Shard& shard : shards_) by_size.push_back(&shard);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const Shard* a, const Shard* b) { return a->paths.size() > b->paths.size(); });
  for (const Shard* shard : by_size)
    for (const std::string& path : shard->walk) rank_.emplace(path, static_cast<std::uint32_t>(rank_.size()));
  for (const Shard* shard : by_size)
    for (const std::string& path : shard->paths) rank_.emplace(path, static_cast<std::uint32_t>(rank_.size()));
  std::vector<std::tuple<std::uint32_t, std::size_t, ItemId, Item*>> all;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    for (auto& [id, item] : shards_[i].items)
      all.emplace_back(rank_.at(std::string(FileOf(item.node_id))), i, id, &item);
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) std::get<Item*>(all[i])->merged = ItemId{static_cast<std::uint32_t>(i)};
}

void ShardMerge::Begin(const std::vector<Reporter*>& reporters) {
  if (shards_.empty()) return;
  Order();
  RunStarted started = shards_.front().started;
  Json ready = ParseJson(started.ready);
  if (ready.is_object() && Field(ready, "options").is_object()) ready["options"]["verbose"] = -1;
  started.ready = DumpJson(ready);
  started.workers = 0;
  for (const Shard& shard : shards_) {
    started.workers += std::max(shard.started.workers, 1U);
    started.wall_start = std::min(started.wall_start, shard.started.wall_start);
  }
  started.shard.clear();
  Tell(reporters, started);
  CollectionFinished counted;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    counted.items += static_cast<std::uint32_t>(shard.items.size());
    counted.deselected += shard.counted.deselected;
    for (UnitCollected& unit : shard.units) {
      // Shards that collect everything tell of the same folders and files.
      std::erase_if(unit.reports,
                    [&](const CollectReport& report) { return collectors_.at(report.node_id).first != i; });
      for (const CollectReport& report : unit.reports) counted.errors += report.outcome == Outcome::kFailed ? 1 : 0;
      // A unit of whole mode spans files: reporters sort by unit first.
      std::map<std::uint32_t, UnitCollected> by_file;
      for (std::size_t k = 0; k < unit.items.size(); ++k) {
        const std::uint32_t rank = rank_.at(std::string(FileOf(unit.node_ids[k])));
        by_file[rank].items.push_back(shard.items.at(unit.items[k]).merged);
        by_file[rank].node_ids.push_back(unit.node_ids[k]);
      }
      Tell(reporters, UnitCollected{{}, {}, std::move(unit.reports), std::move(unit.deselected)});
      for (auto& [rank, part] : by_file) {
        part.unit = UnitId{rank};
        Tell(reporters, part);
      }
    }
    shard.units.clear();
  }
  Tell(reporters, counted);
}

bool ShardMerge::IsNewWarning(const WarningRaised& event) {
  const Json fields = ParseJson(event.warning.envelope);
  if (TextOf(Field(fields, "when")) == "runtest") return true;
  const Json identity = {Field(fields, "filename"), Field(fields, "lineno"), Field(fields, "category"),
                         Field(fields, "message")};
  return warnings_.insert(DumpJson(identity)).second;
}

void ShardMerge::Replay(std::size_t file, Event event, const std::vector<Reporter*>& reporters) {
  const Shard& shard = shards_[file];
  std::uint32_t workers_before = 0;
  for (std::size_t i = 0; i < file; ++i) workers_before += std::max(shards_[i].started.workers, 1U);
  if (auto* reported = std::get_if<TestReported>(&event)) {
    const auto item = shard.items.find(reported->item);
    reported->item = item == shard.items.end() ? ItemId{kNoItem} : item->second.merged;
    reported->worker = WorkerId{Number(reported->worker) + workers_before};
  } else if (auto* finished = std::get_if<TestFinished>(&event)) {
    const auto item = shard.items.find(finished->item);
    if (item == shard.items.end()) return;
    *finished = {item->second.merged, item->second.node_id, WorkerId{workers_before}};
  } else if (auto* changed = std::get_if<WorkerChanged>(&event)) {
    changed->worker = WorkerId{Number(changed->worker) + workers_before};
  } else if (auto* notice = std::get_if<Notice>(&event)) {
    notice->text = shard.Title() + ": " + notice->text;
  } else if (const auto* warning = std::get_if<WarningRaised>(&event)) {
    if (!IsNewWarning(*warning)) return;
  } else {
    return;  // Begin and End have told it.
  }
  Tell(reporters, event);
}

int ShardMerge::exit_code(bool problems) const {
  if (problems) return static_cast<int>(ExitCode::kInternalError);
  int code = static_cast<int>(ExitCode::kOk);
  for (const Shard& shard : shards_) code = WorseExit(code, shard.end.exit_code);
  return code == 0 && tests() == 0 ? static_cast<int>(ExitCode::kNoTests) : code;
}

void ShardMerge::End(const std::vector<Reporter*>& reporters, bool problems) {
  RunFinished end;
  end.exit_code = exit_code(problems);
  end.collected = static_cast<std::uint32_t>(tests());
  for (const Shard& shard : shards_) {
    if (end.stop_reason.empty()) {
      end.stop_reason = shard.end.stop_reason;
      end.stop_place = shard.end.stop_place;
    }
    end.not_run.insert(end.not_run.end(), shard.end.not_run.begin(), shard.end.not_run.end());
    end.flaky.insert(end.flaky.end(), shard.end.flaky.begin(), shard.end.flaky.end());
    end.times.wall = std::max(end.times.wall, shard.end.times.wall);
    end.times.tests += shard.end.times.tests;
  }
  Tell(reporters, end);
}

std::vector<std::pair<std::string, double>> ShardMerge::Durations() const {
  std::vector<std::pair<std::string, double>> durations;
  for (const Shard& shard : shards_)
    for (const auto& [id, item] : shard.items)
      if (item.finished) durations.emplace_back(item.node_id, item.seconds);
  return durations;
}

std::size_t ShardMerge::tests() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) count += shard.items.size();
  return count;
}

}  // namespace fastest
