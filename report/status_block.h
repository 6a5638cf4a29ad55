// StatusBlock: the lines below the text on a live screen: how far the run is, and which tests have been running for
// long.
//
// Told what happens and what time it is; makes lines; draws nothing itself.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/ids.h"
#include "report/tally.h"
#include "report/terminal_writer.h"

namespace fastest {

class StatusBlock {
 public:
  void SetWorkers(std::uint32_t workers) { workers_ = workers; }
  // The files and items that the plan expects; 0: unknown.
  void SetPlan(std::uint32_t files, std::uint32_t items) { planned_files_ = files, planned_items_ = items; }
  void CountCollected(bool is_new_file, std::uint32_t items) {
    collected_files_ += is_new_file ? 1 : 0;
    collected_items_ += items;
  }
  void FinishCollection(std::uint32_t items) { collected_items_ = items, collection_finished_ = true; }
  void Start(WorkerId worker, const std::string& node_id);
  void Finish(WorkerId worker);
  void ForgetWorker(WorkerId worker) { running_.erase(worker); }
  void SetTime(double now) { now_ = now; }

  // At most 2 + min(8, workers) lines, each at most `columns` - 1 wide; none while nothing is known.
  std::vector<std::string> Lines(const Tally& tally, const TerminalWriter& style, int columns) const;
  // Where no block is shown: a line for each test that has been running for another whole minute since it was last
  // told.
  std::vector<std::string> TakeSlow();

 private:
  struct Running {
    std::string node_id;
    double since = 0;
    int told_minutes = 0;
  };

  std::string ProgressLine(const Tally& tally, const TerminalWriter& style, int columns) const;
  std::string CollectingLine() const;
  std::uint32_t Total() const;

  std::uint32_t workers_ = 0;
  std::uint32_t planned_files_ = 0;
  std::uint32_t planned_items_ = 0;
  std::uint32_t collected_files_ = 0;
  std::uint32_t collected_items_ = 0;
  std::uint32_t finished_ = 0;
  bool collection_finished_ = false;
  double now_ = 0;
  double first_start_ = -1;  // When the first test started; -1: none has.
  std::map<WorkerId, Running> running_;
};

// "0:07", "1:02:03"
std::string ClockText(double seconds);

}  // namespace fastest
