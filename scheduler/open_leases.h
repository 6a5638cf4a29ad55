// OpenLeases: what the leases that are under way still have to begin, and which of them give work back when workers are
// idle.
//
// A lease's load are the predicted seconds of its items (or files not yet collected) that have not begun; items of
// which nothing is known are counted and priced when a victim is looked for. An item more or less costs a hash look-up;
// a search for victims looks at each lease once, in one array. Pure: the caller's clock and ids. Times in seconds.

#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "protocol/ids.h"

namespace fastest {

class OpenLeases {
 public:
  // `may_give_back`: false for a lease that must run as it is.
  void Open(LeaseId lease, AgentId agent, bool may_give_back);
  // The lease is done or dead. These all do nothing for a lease that is not open.
  void Close(LeaseId lease);
  // Something of it waits that will take so long; negative: unknown.
  void AddWaiting(LeaseId lease, double seconds);
  // It waits no more: it was given back, or it has begun, at `now`.
  void RemoveWaiting(LeaseId lease, double seconds);
  void Begin(LeaseId lease, double seconds, double now);
  // What the taker has to spend first on what it takes (importing the file again).
  void SetCost(LeaseId lease, double seconds);
  // It was asked to give back, or has answered; it is asked once.
  void BeginRevoke(LeaseId lease);
  void EndRevoke(LeaseId lease);
  // It can't be divided: it runs as it is.
  void Keep(LeaseId lease);

  // Whether anything of it waits no more.
  bool HasBegun(LeaseId lease) const;
  std::size_t size() const { return loads_.size(); }
  // How many have been asked and have not answered.
  std::size_t revoking() const { return revoking_; }
  // Up to `most` leases that should give back what they have not begun: those with most to gain, and none with less
  // than `least`. `unknown`: what an item is presumed to take of which nothing is known; what stands behind one that
  // has been running for longer is presumed to be like it. A lease that has begun nothing is about to, unless its agent
  // is overbooked (has more leases than workers): else idle workers would take it from one another for ever and nobody
  // would begin.
  std::vector<LeaseId> Victims(std::size_t most, double unknown, double least,
                               const std::function<bool(AgentId)>& is_overbooked, double now = 0) const;

 private:
  struct Load {
    LeaseId lease{};
    AgentId agent{};
    double known = 0;  // Seconds.
    double cost = 0;
    double since = HUGE_VAL;  // When its last item began.
    std::uint32_t unknown_items = 0;
    std::uint32_t known_items = 0;
    bool may_give_back = true;
    bool is_revoking = false;
    bool has_begun = false;
  };

  Load* Find(LeaseId lease);

  std::vector<Load> loads_;  // In no order.
  std::unordered_map<LeaseId, std::size_t> places_;
  std::size_t revoking_ = 0;
};

}  // namespace fastest
