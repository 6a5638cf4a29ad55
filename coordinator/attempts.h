// What a run remembers of items that failed and run again (--retries). Values.

#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/time.h"
#include "protocol/ids.h"
#include "protocol/report.h"

namespace fastest {

// Of an item that has failed once at least.
struct Attempts {
  std::uint32_t failed = 0;     // That were followed, or are to be, by a retry.
  std::set<LeaseId> leases;     // Theirs: a teardown report that was held back may still come.
  bool failed_at_last = false;  // A failure counted.
  bool skipped = false;         // By an attempt that counts.
  // Of the last attempt, while another is to follow: if none does, these are the item's.
  std::vector<TestReport> last;
};

// An item that waits for its next attempt.
struct Retry {
  ItemId item{};
  Time due{};
  AgentId agent{};    // Of the failed attempt,
  WorkerId worker{};  // and its worker: another one is preferred.
};

}  // namespace fastest
