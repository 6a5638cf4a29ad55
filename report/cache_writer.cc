#include "report/cache_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <set>
#include <vector>

#include "base/file_system.h"
#include "protocol/node_id.h"
#include "report/json_fields.h"

namespace fastest {
namespace {

// What pytest puts beside its cache when it makes the folder.
constexpr std::pair<const char*, const char*> kSupportingFiles[] = {
    {"README.md",
     "# pytest cache directory #\n\n"
     "This directory contains data from the pytest's cache plugin,\n"
     "which provides the `--lf` and `--ff` options, as well as the `cache` fixture.\n\n"
     "**Do not** commit this to version control.\n\n"
     "See [the docs](https://docs.pytest.org/en/stable/how-to/cache.html) for more information.\n"},
    {".gitignore", "# Created by pytest automatically.\n*\n"},
    {"CACHEDIR.TAG",
     "Signature: 8a477f597d28d172789f06886806bc55\n"
     "# This file is a cache directory tag created by pytest.\n"
     "# For information about cache directory tags, see:\n"
     "#\thttps://bford.info/cachedir/spec.html\n"},
};

// The node id of the collector's child that `node_id` is or belongs to; "" if it does not belong to the collector.
std::string ChildOf(const std::string& collector, const std::string& node_id) {
  if (node_id.compare(0, collector.size(), collector) != 0) return "";
  if (node_id.compare(collector.size(), 2, "::") != 0) return "";
  const std::size_t bracket = std::min(node_id.find('[', collector.size()), node_id.size());
  const std::size_t next = node_id.find("::", collector.size() + 2);
  return next < bracket ? node_id.substr(0, next) : node_id;
}

// datetime.now().isoformat(), in the zone of this machine.
std::string LocalTime(double epoch_seconds) {
  const double whole = std::floor(epoch_seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}", fmt::localtime(static_cast<std::time_t>(whole)),
                     static_cast<int>((epoch_seconds - whole) * 1e6));
}

// The set of failed node ids, in the order in which they came, as pytest's dict has them.
class FailedIds {
 public:
  bool Has(const std::string& id) const { return members_.count(id) > 0; }
  void Add(const std::string& id) {
    if (members_.insert(id).second) order_.push_back(id);
  }
  void Remove(const std::string& id) {
    if (members_.erase(id) > 0) order_.erase(std::find(order_.begin(), order_.end(), id));
  }
  const std::set<std::string>& members() const { return members_; }
  Json ToJson() const {
    Json json = Json::object();
    for (const std::string& id : order_) json[id] = true;
    return json;
  }

 private:
  std::set<std::string> members_;
  std::vector<std::string> order_;
};

// A sorted set of node ids that stays small: a file's ids stand one after the other, each as how much it shares with
// the one before it and the rest (a million ids of 70 bytes: about 20 bytes each in place of 180).
class NodeIds {
 public:
  void Add(const std::string& id) {
    Ids& ids = files_[std::string(FileOf(id)) + ':'];  // With the colon files sort as their ids do.
    const auto end = std::mismatch(id.begin(), id.end(), ids.last.begin(), ids.last.end()).first;
    const auto shared = static_cast<std::uint32_t>(end - id.begin());
    const std::uint32_t head[] = {shared, static_cast<std::uint32_t>(id.size()) - shared};
    ids.packed.append(reinterpret_cast<const char*>(head), sizeof head).append(id, shared);
    ids.last = id;
  }

  // As pytest writes them.
  std::string ToJson() const {
    std::string text;
    for (const auto& [file, ids] : files_)
      for (const std::string& id : Unpacked(ids))
        text += (text.empty() ? "[\n  " : ",\n  ") + DumpJson(Json(id), -1, false);
    return text.empty() ? "[]" : text + "\n]";
  }

 private:
  struct Ids {
    std::string packed;
    std::string last;
  };

  static std::set<std::string> Unpacked(const Ids& ids) {
    std::set<std::string> all;
    std::string id;
    for (std::size_t at = 0; at < ids.packed.size();) {
      std::uint32_t head[2];
      std::memcpy(head, ids.packed.data() + at, sizeof head);
      id = id.substr(0, head[0]) + ids.packed.substr(at + sizeof head, head[1]);
      at += sizeof head + head[1];
      all.insert(id);
    }
    return all;
  }

  std::map<std::string, Ids> files_;
};

}  // namespace

class CacheWriter::Cache {
 public:
  void Start(const RunStarted& event);
  void Collect(const UnitCollected& event);
  void FinishCollection(const CollectionFinished& event) { items_ = event.items + event.deselected; }
  void Report(const TestReported& event);
  Status Finish(const RunFinished& event);

 private:
  Json Read(const std::string& key) const;
  Status Write(const std::string& key, const Json& value) { return WriteText(key, DumpJson(value, 2, false)); }
  Status WriteText(const std::string& key, const std::string& text);
  Status WriteSupportingFiles() const;
  void CollectOne(const CollectReport& report, const UnitCollected& event);
  void ReportToStepwise(const TestReported& event, bool failed);
  Status WriteStepwise(double now);

  bool enabled_ = false;
  bool collect_only_ = false;
  bool stepwise_ = false;
  bool stepwise_skip_ = false;
  bool stepwise_keeps_id_only_ = false;  // pytest before 8.4.
  double wall_start_ = 0;
  std::uint32_t items_ = 0;
  std::string folder_;
  FailedIds failed_;
  std::set<std::string> saved_failed_;
  NodeIds node_ids_;
  Json stepwise_before_;
  std::string stepwise_id_;                   // Where the last run stopped; "": nowhere.
  std::map<ItemId, std::string> step_fails_;  // Of this run, in collection order.
};

Json CacheWriter::Cache::Read(const std::string& key) const {
  const Result<FileContents> file = ReadFile(folder_ + "/v/" + key);
  return file.ok() ? ParseJson(file->text) : Json();
}

void CacheWriter::Cache::Start(const RunStarted& event) {
  const Json ready = ParseJson(event.ready);
  const Json& options = Field(ready, "options");
  // The cache provider defines --lf: without the option there is no provider.
  enabled_ = options.contains("lf") && (Field(options, "cacheshow").is_null() || Field(options, "cacheshow").empty());
  if (!enabled_) return;
  wall_start_ = event.wall_start;
  collect_only_ = FlagOf(Field(options, "collectonly"));
  stepwise_skip_ = FlagOf(Field(options, "stepwise_skip"));
  stepwise_ = FlagOf(Field(options, "stepwise")) || stepwise_skip_ || FlagOf(Field(options, "stepwise_reset"));
  stepwise_keeps_id_only_ = !options.contains("stepwise_reset");
  folder_ =
      AbsolutePath(TextOf(Field(ready, "rootdir")), TextOf(Field(Field(ready, "ini"), "cache_dir"), ".pytest_cache"));
  const bool cleared = FlagOf(Field(options, "cacheclear"));
  const Json failed = Read("cache/lastfailed");
  for (const auto& [id, value] : failed.items()) {
    if (!failed.is_object()) break;
    saved_failed_.insert(id);
    if (!cleared) failed_.Add(id);
  }
  if (cleared) return;
  for (const Json& id : Read("cache/nodeids")) node_ids_.Add(TextOf(id));
  stepwise_before_ = Read("cache/stepwise");
  if (FlagOf(Field(options, "stepwise_reset"))) return;
  stepwise_id_ =
      stepwise_before_.is_string() ? TextOf(stepwise_before_) : TextOf(Field(stepwise_before_, "last_failed"));
}

void CacheWriter::Cache::CollectOne(const CollectReport& report, const UnitCollected& event) {
  if (report.outcome == Outcome::kFailed) return failed_.Add(report.node_id);
  if (!failed_.Has(report.node_id)) return;
  // What could not be collected last time can now: nobody knows yet which of its children fail.
  failed_.Remove(report.node_id);
  for (const auto* ids : {&event.node_ids, &event.deselected}) {
    for (const std::string& id : *ids) {
      const std::string child = ChildOf(report.node_id, id);
      if (!child.empty()) failed_.Add(child);
    }
  }
}

void CacheWriter::Cache::Collect(const UnitCollected& event) {
  if (!enabled_) return;
  for (const CollectReport& report : event.reports) CollectOne(report, event);
  for (const std::string& id : event.node_ids) node_ids_.Add(id);
}

void CacheWriter::Cache::Report(const TestReported& event) {
  if (!enabled_) return;
  const TestReport& report = event.report;
  const bool passed_call = report.phase == Phase::kCall && report.outcome == Outcome::kPassed;
  const bool failed = report.outcome == Outcome::kFailed;
  if (passed_call || report.outcome == Outcome::kSkipped) {
    failed_.Remove(event.node_id);
  } else if (failed) {
    failed_.Add(event.node_id);
  }
  if (stepwise_) ReportToStepwise(event, failed);
}

void CacheWriter::Cache::ReportToStepwise(const TestReported& event, bool failed) {
  if (failed) {
    step_fails_.emplace(event.item, event.node_id);
  } else if (event.report.phase == Phase::kCall && event.node_id == stepwise_id_) {
    stepwise_id_.clear();
  }
}

Status CacheWriter::Cache::WriteStepwise(double now) {
  auto first = step_fails_.begin();
  if (stepwise_skip_ && first != step_fails_.end()) {
    // --sw-skip lets the first failure pass.
    if (first->second == stepwise_id_) stepwise_id_.clear();
    ++first;
  }
  if (first != step_fails_.end()) stepwise_id_ = first->second;
  const Json id = stepwise_id_.empty() ? Json() : Json(stepwise_id_);
  if (stepwise_keeps_id_only_) return Write("cache/stepwise", id);
  return Write("cache/stepwise",
               {{"last_failed", id}, {"last_test_count", items_}, {"last_cache_date_str", LocalTime(now)}});
}

Status CacheWriter::Cache::WriteSupportingFiles() const {
  if (IsDirectory(folder_)) return Ok();
  for (const auto& [name, text] : kSupportingFiles) {
    Status written = WriteFileAtomically(folder_ + "/" + name, text);
    if (!written.ok()) return written;
  }
  return Ok();
}

Status CacheWriter::Cache::WriteText(const std::string& key, const std::string& text) {
  Status written = WriteSupportingFiles();
  if (!written.ok()) return written;
  return WriteFileAtomically(folder_ + "/v/" + key, text);
}

Status CacheWriter::Cache::Finish(const RunFinished& event) {
  if (!enabled_) return Ok();
  Status written = Ok();
  if (failed_.members() != saved_failed_) written = Write("cache/lastfailed", failed_.ToJson());
  if (written.ok() && !collect_only_) {
    written = WriteText("cache/nodeids", node_ids_.ToJson());
  }
  if (!written.ok()) return written;
  if (stepwise_) return WriteStepwise(wall_start_ + event.times.wall);
  return stepwise_keeps_id_only_ && !collect_only_ ? Write("cache/stepwise", Json::array()) : Ok();
}

CacheWriter::CacheWriter(std::function<void(const std::string&)> complain)
    : cache_(std::make_unique<Cache>()), complain_(std::move(complain)) {}
CacheWriter::~CacheWriter() = default;

void CacheWriter::OnEvent(const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    cache_->Start(*started);
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    cache_->Collect(*collected);
  } else if (const auto* counted = std::get_if<CollectionFinished>(&event)) {
    cache_->FinishCollection(*counted);
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    cache_->Report(*reported);
  } else if (const auto* finished = std::get_if<RunFinished>(&event)) {
    const Status written = cache_->Finish(*finished);
    if (!written.ok()) complain_("pytest's cache was not written: " + written.error().message);
  }
}

}  // namespace fastest
