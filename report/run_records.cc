#include "report/run_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/json_fields.h"
#include "report/node_path.h"

namespace fastest {
namespace {

bool HasOption(const TerminalOptions& options, char c) { return options.report_chars.find(c) != std::string::npos; }

bool IsShown(const std::string& category, const TerminalOptions& options) {
  if (category == "passed") return HasOption(options, 'p') || HasOption(options, 'P');
  return !category.empty();
}

}  // namespace

void RunRecords::Add(ReportRecord record, const TerminalOptions& options) {
  if (options.durations >= 0 && record.when != "collect") {
    durations_.push_back({record.duration, record.when, record.node_id});
  }
  if (record.category.empty() && record.when == "teardown" && !record.sections.empty()) {
    const auto key = std::make_pair(record.item, record.node_id);
    teardowns_.insert_or_assign(key, std::move(record));
  } else if (IsShown(record.category, options)) {
    by_category_[record.category].push_back(std::move(record));
  }
}

void RunRecords::Add(const WarningReport& warning, const TerminalOptions& options) {
  const Json json = ParseJson(warning.envelope);
  WarningRecord record;
  record.text = TextOf(Field(json, "text"), TextOf(Field(json, "message")));
  record.location = TextOf(Field(json, "nodeid"));
  const std::string file = TextOf(Field(json, "filename"));
  if (record.location.empty() && !file.empty()) {
    record.location = fmt::format("{}:{}", RelativePath(file, options.rootdir, options.invocation_dir),
                                  static_cast<int>(NumberOf(Field(json, "lineno"))));
  }
  warnings_.push_back(std::move(record));
}

void RunRecords::Enter(const UnitCollected& event) {
  for (const ItemId item : event.items) {
    if (Number(item) >= unit_of_.size()) unit_of_.resize(Number(item) + 1);
    unit_of_[Number(item)] = event.unit;
  }
}

UnitId RunRecords::UnitOf(ItemId item) const {
  return Number(item) < unit_of_.size() ? unit_of_[Number(item)] : UnitId{~0U};
}

void RunRecords::SortByItem() {
  for (auto& [category, records] : by_category_) {
    std::stable_sort(records.begin(), records.end(), [this](const ReportRecord& a, const ReportRecord& b) {
      const bool a_collects = a.when == "collect";
      const bool b_collects = b.when == "collect";
      if (a_collects || b_collects) return a_collects && !b_collects;
      return std::pair(UnitOf(a.item), a.item) < std::pair(UnitOf(b.item), b.item);
    });
  }
}

const std::vector<ReportRecord>& RunRecords::Of(const std::string& category) const {
  static const std::vector<ReportRecord> kNone;
  const auto records = by_category_.find(category);
  return records == by_category_.end() ? kNone : records->second;
}

const ReportRecord* RunRecords::TeardownOf(const ReportRecord& record) const {
  const auto teardown = teardowns_.find({record.item, record.node_id});
  return teardown == teardowns_.end() ? nullptr : &teardown->second;
}

}  // namespace fastest
