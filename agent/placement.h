// Which worker a batch goes to: pure, so that the rule can be read and tested by itself.

#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace fastest {

// A place in the pool.
struct Seat {
  bool up = false;         // A process is there or on its way.
  bool closed = false;     // It takes nothing more (it is ending or being killed).
  std::size_t leases = 0;  // That it runs or has waiting.
  bool avoid = false;      // Only if no other has room.
  bool familiar = false;   // It has collected a file of the batch.
};

// A worker holds the lease that it runs and one ahead, so that it never waits and little is lost with it.
constexpr std::size_t kLeasesAWorker = 2;

// An idle worker first, then a seat where one can be started (rather than queue behind a busy one), then the worker
// with the fewest leases; of equal ones one that need not import, then the lowest number. Nothing: all are full.
std::optional<std::size_t> ChooseSeat(std::span<const Seat> seats);

}  // namespace fastest
