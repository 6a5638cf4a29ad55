// RunRecords: the reports of a run that its end still needs, by pytest's category, and its warnings.
//
// What nothing will show (passes without -rp, -rP or --durations) is not kept: a million passes cost no memory.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/report_record.h"
#include "report/terminal_options.h"

namespace fastest {

struct WarningRecord {
  std::string text;      // As the summary prints it.
  std::string location;  // Node id, or "path:line" relative to where the user stands; "": unknown.
};

struct DurationRecord {
  double seconds = 0;
  std::string when;
  std::string node_id;
};

class RunRecords {
 public:
  void Add(ReportRecord record, const TerminalOptions& options);
  void Add(const WarningReport& warning, const TerminalOptions& options);

  // Where the items of a unit stand in collection order: units come as planned, not as they were collected.
  void Enter(const UnitCollected& event);
  // Puts reports into collection order, as one worker would have made them; collection reports stay first.
  void SortByItem();

  const std::vector<ReportRecord>& Of(const std::string& category) const;
  const std::vector<WarningRecord>& warnings() const { return warnings_; }
  const std::vector<DurationRecord>& durations() const { return durations_; }
  // The passed teardown of the same test, where it captured something; else null.
  const ReportRecord* TeardownOf(const ReportRecord& record) const;

 private:
  UnitId UnitOf(ItemId item) const;

  std::map<std::string, std::vector<ReportRecord>> by_category_;
  std::map<std::pair<ItemId, std::string>, ReportRecord> teardowns_;
  std::vector<WarningRecord> warnings_;
  std::vector<DurationRecord> durations_;
  std::vector<UnitId> unit_of_;  // By ItemId.
};

}  // namespace fastest
