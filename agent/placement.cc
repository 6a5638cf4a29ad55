#include "agent/placement.h"

#include <tuple>

namespace fastest {

std::optional<std::size_t> ChooseSeat(std::span<const Seat> seats) {
  // Smaller is better: 0 idle, 1 to be started, then 1 + leases.
  const auto rank = [](const Seat& seat) { return seat.up ? (seat.leases == 0 ? 0 : 1 + seat.leases) : 1; };
  const auto key = [&](const Seat& seat) { return std::tuple(seat.avoid, rank(seat), !seat.familiar); };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    if (seats[i].closed || seats[i].leases >= kLeasesAWorker) continue;
    if (!best || key(seats[i]) < key(seats[*best])) best = i;
  }
  return best;
}

}  // namespace fastest
