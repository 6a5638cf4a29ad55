// What a Run (coordinator/run.h) knows of its agents, units, tasks and leases. Values; nobody else uses them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "coordinator/plan.h"
#include "coordinator/reserve.h"
#include "protocol/event.h"
#include "scheduler/dispatch_policy.h"

namespace fastest {

struct RunAgent : AgentLoad {
  bool is_coordinators = false;  // It is in the coordinator's own process.
  bool ready = false;
  bool begun = false;
  bool has_asked = false;  // Its first credit has come.
  bool leaving = false;
  bool gone = false;
  std::uint32_t given = 0;  // Leases, ever.
  Time left_behind{};       // When it was told to give up an attempt that had lost, at the run's end.
  std::uint32_t owed = 0;   // Leases that were given without a credit: the next credits pay for them.
  AgentFigures figures;

  // Whether work may be given to it, as far as credit allows.
  bool takes_work() const { return begun && !gone && !leaving; }
};

struct RunUnit {
  PlannedUnit plan;
  bool collected = false;
  bool given_out = false;
  bool is_suspect = false;  // Its import may have taken an agent down: it is collected alone, after the others.
  int losses = 0;           // Of agents, in halves: one that is known to be by it is two.
  double collect_seconds = 0;
  std::vector<WorkerId> collectors;  // That have it collected.
  std::vector<LeaseId> leases;       // Open ones with items of it.
};

// What stays together: a unit that nobody has collected, or items of one unit.
struct RunTask {
  UnitId unit{};
  std::vector<ItemId> items;  // Empty: the whole unit, not collected yet.
  double seconds = 0;
  double longest_part = -1;  // Seconds of what is never divided; negative: all of it.
};

struct RunLease {
  AgentId agent{};
  std::vector<UnitId> uncollected;  // Units given as a whole whose Collected has not come.
  std::vector<ItemId> items;        // Known items of the lease, finished ones too.
  std::vector<UnitId> units;        // Theirs.
  bool alive = true;                // News under it counts.
  bool open = true;                 // It holds a credit: neither done nor dead.
  bool alone = false;               // Nothing else was given out meanwhile.
  bool released = false;
  bool named = false;          // It was given as items (of a resumed run), which its worker may not have collected yet.
  Reserve reserve;             // Of `items` what its worker may not run yet.
  bool keeps_reserve = false;  // To take of it would cost more than it gains.
  std::uint32_t ready = 0;     // What it may run and has not begun, while there is a reserve …
  std::uint32_t refill_at = 0;  // … which is drawn on when there is no more than this.
  bool together = false;        // As Assign's.
  Time heard{};                 // When an item of it began or ended last, or it was given out.
  bool of_copy = false;         // Nothing but the second attempt at an item.
  bool of_suspect = false;      // Nothing but one file that may take its agent down, while no other is collected.
};

// The second attempt at an item that is under way, at another agent (--duplicate-tail): a lease of its own. What is
// said under it is kept until it is the item's lease; it becomes that by finishing first, or when the first attempt is
// lost.
struct RunCopy {
  LeaseId first{};
  LeaseId lease{};
  AgentId agent{};
  bool is_racing = true;       // Nothing is decided, and the copy is under way.
  bool loser_is_done = false;  // It has come to its own end.
  std::vector<ItemReport> reports;
  std::vector<WarningReport> warnings;
};

struct RunTotals {
  std::uint32_t failures = 0;  // As pytest's session.testsfailed.
  std::uint32_t collection_errors = 0;
  std::uint32_t deselected = 0;
  std::uint32_t warnings = 0;
};

enum class RunStage : std::uint8_t { kStarting, kCollecting, kRunning, kStopping, kFinished };

}  // namespace fastest
