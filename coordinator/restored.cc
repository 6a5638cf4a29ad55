#include "coordinator/restored.h"

#include <algorithm>

#include "protocol/node_id.h"

namespace fastest {

void Forget(const std::vector<std::string>& files, Restored* restored) {
  if (files.empty()) return;
  const auto is_of_one = [&](const std::string& node_id) {
    return std::find(files.begin(), files.end(), FileOf(node_id)) != files.end();
  };
  const auto is_report = [&](const CollectReport& report) { return is_of_one(report.node_id); };
  for (RestoredUnit& unit : restored->units) {
    if (is_of_one(unit.path)) unit.forgotten = true;
    for (RestoredItem& item : unit.items)
      if (is_of_one(item.key.node_id)) item = {item.key, {}, {}, {}, {}, true};
    std::erase_if(unit.deselected, is_of_one);
    std::erase_if(unit.reports, is_report);
  }
  for (std::vector<CollectReport>& reports : restored->more_reports) std::erase_if(reports, is_report);
  std::erase_if(restored->strangers, [&](const TestReported& one) { return is_of_one(one.node_id); });
}

void DropForgotten(Restored* restored) {
  std::erase_if(restored->units, [](const RestoredUnit& unit) { return unit.forgotten; });
  for (RestoredUnit& unit : restored->units)
    std::erase_if(unit.items, [](const RestoredItem& item) { return item.forgotten; });
}

}  // namespace fastest
