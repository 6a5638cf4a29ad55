// The rules by which work is handed out, as pure functions: a run and the simulator decide by the same ones.
//
// Work leaves in batches that shrink (WorkQueue); the next one goes to the agent whose workers have least; when nothing
// waits and workers are idle, the fullest leases give back what they have not begun (OpenLeases) and that is cut.

#pragma once

#include <algorithm>
#include <cstdint>

namespace fastest {

// A batch takes this fraction of an even share of what is left.
constexpr double kShareDivisor = 2;
// What an item is presumed to take while nothing is known, in seconds.
constexpr double kUnknownSeconds = 0.005;
// What an item of which nothing is known will take, when `finished` ones took `seconds` in all: the presumption weighs
// as much as this many of them.
constexpr double kPresumedItems = 5;
constexpr double UnknownSeconds(double seconds, double finished) {
  return (seconds + kPresumedItems * kUnknownSeconds) / (finished + kPresumedItems);
}
// Less than this is not worth a steal; more of it has to be where the thief imports the file again, after tests that
// pytest would run later.
constexpr double LeastSteal(bool imports_again) { return imports_again ? 0.1 : 0.02; }
// Where items are cut into groups, a group holds no more than an even share divided by this. Few workers get few cuts,
// since each costs its fixtures again; with many the last pieces decide (simulated, 512 workers: 1.11 of the bound with
// 2, 1.08 with 4, 1.11 with 8).
constexpr double GroupDivisor(std::uint32_t workers) { return workers < 64 ? 2 : 4; }
// For an idle worker a class is cut, where it may be, if so many seconds of it are left.
constexpr double kLeastClassCut = 0.5;
// The part of a task by whose length it is judged to be long (WorkQueue); negative: all of it. With many workers it is
// all: the last pieces decide, and little is left of pytest's order (simulated, 512 workers: 1.08 of the bound, 1.10 by
// part).
constexpr double JudgedPart(std::uint32_t workers, double longest_part) { return workers < 64 ? longest_part : -1; }
// What was stolen is cut into so many pieces.
constexpr double kStolenPieces = 2;

// Whether an item that an idle worker elsewhere could start, too, is worth it (--duplicate-tail): its agent has told
// nothing of its lease for so many seconds, and for longer than the item is known to take (negative: unknown).
constexpr double kTailPatience = 1;
constexpr bool IsOverdue(double silent, double known) { return silent >= std::max(kTailPatience, known); }
// When all is done, an agent whose attempt has lost gets so many seconds to end it; nobody waits for it any longer.
constexpr double kLoserPatience = 2;

// What an agent has, as far as handing out goes. Only agents that take work are asked about.
struct AgentLoad {
  std::uint32_t workers = 0;
  std::uint32_t credit = 0;  // Batches that it may still be given.
  std::uint32_t leases = 0;  // Given and neither done nor dead.
  std::uint32_t queued = 0;  // Of these: known to wait behind another at the same worker.
};

// How many of its workers have nothing and may be given something.
constexpr std::uint32_t IdleWorkers(const AgentLoad& agent) {
  const std::uint32_t busy = agent.leases - std::min(agent.queued, agent.leases);
  return busy < agent.workers ? std::min(agent.workers - busy, agent.credit) : 0;
}

// The agent has said that so many workers are idle, and of `unseen` leases it did not know yet: an idle worker gets the
// first of these.
constexpr std::uint32_t QueuedLeases(const AgentLoad& agent, std::uint32_t idle, std::uint32_t unseen) {
  const std::uint32_t busy = agent.workers - std::min(idle, agent.workers);
  const std::uint32_t seen = agent.leases - std::min(unseen, agent.leases);
  return seen > busy ? seen - busy : 0;
}

// Whether some of its leases have to wait for others of its own.
constexpr bool IsOverbooked(const AgentLoad& agent) { return agent.leases > agent.workers || agent.queued > 0; }

// Whether the next batch should rather go to `a` than to `b`: to the one with fewer batches a worker, so that what was
// stolen for an idle worker gets to one. (By credit alone a large busy agent would be preferred to a small idle one,
// and the theft would begin again.) Both have credit.
constexpr bool IsHungrier(const AgentLoad& a, const AgentLoad& b) {
  const std::uint64_t of_a = std::uint64_t{a.leases} * std::max(b.workers, 1U);
  const std::uint64_t of_b = std::uint64_t{b.leases} * std::max(a.workers, 1U);
  return of_a != of_b ? of_a < of_b : a.credit > b.credit;
}

}  // namespace fastest
