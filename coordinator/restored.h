// Restored: what the journal knows of the earlier part of a run that is resumed. Values.
//
// An item is known by its key alone (the plan of the resumed run may number units otherwise; a node id names its file).
// Complete are only items with all their reports: what was under way, or had its teardown held back, runs again.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/event.h"

namespace fastest {

// Of an attempt that failed and was followed by another, or was to be (--retries).
struct RestoredRerun {
  std::uint32_t attempt = 0;  // From 1.
  WorkerId worker{};
  TestReport report;
};

struct RestoredItem {
  enum class State : std::uint8_t {
    kPending,  // No result, or not all of it: it runs again.
    kHeld,     // Finished, but the report of its teardown had not come: likewise.
    kComplete,
  };
  ItemKey key;
  State state = State::kPending;
  WorkerId worker{};
  std::vector<TestReport> reports;         // Empty unless complete.
  std::vector<RestoredRerun> reruns = {};  // Whether or not it is complete: attempts count in all parts together.
  bool forgotten = false;

  bool complete() const { return state == State::kComplete; }
};

struct RestoredUnit {
  std::string path;                  // "": everything, collected at once.
  std::vector<std::string> include;  // As Assignment's.
  std::vector<std::string> exclude;
  std::vector<RestoredItem> items;  // As collected, in order.
  std::vector<std::uint32_t> serial;
  std::vector<std::string> deselected;
  std::vector<CollectReport> reports;
  bool forgotten = false;
};

struct Restored {
  // Of the journal's parts the resumed run is this one, from 0. Its leases' ids begin with it, so that none is used
  // twice.
  std::uint32_t part = 0;
  std::vector<RestoredUnit> units;
  std::vector<std::vector<CollectReport>> more_reports;  // One answer each: of folders, or of a unit collected again.
  std::vector<WarningReport> warnings;                   // But those of items that run again.
  std::vector<TestReported> strangers;                   // Reports of no known item.

  std::size_t complete() const {
    std::size_t count = 0;
    for (const RestoredUnit& unit : units)
      for (const RestoredItem& item : unit.items) count += item.complete() ? 1 : 0;
    return count;
  }
};

// Nothing that was known of these files counts: they are not what they were. By path relative to the root directory.
void Forget(const std::vector<std::string>& files, Restored* restored);
// Takes out what was forgotten and not collected again.
void DropForgotten(Restored* restored);

}  // namespace fastest
