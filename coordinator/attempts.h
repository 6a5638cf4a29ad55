// What a run remembers of items that failed and run again (--retries), and what it makes of their reports. Values.

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

// A subtest's report has the phase of its test but does not end it. (pytest 9: SubtestReport; pytest-subtests:
// SubTestReport.)
bool IsSubtest(const TestReport& report);

// pytest-rerunfailures takes the subtests of an attempt that it repeats out of pytest's counts: those among an item's
// reports that such a one follows count as nothing any more, whatever they say.
void WithdrawSubtests(std::vector<TestReport>* reports);

}  // namespace fastest
