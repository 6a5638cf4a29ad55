// Reserve: what a lease's worker has collected and may not run yet. While it is in here the coordinator can give it to
// another worker at once, though the first be in the midst of a long test. Pure.

#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "protocol/ids.h"

namespace fastest {

class Reserve {
 public:
  // Items that stay together, behind all others; their predicted seconds.
  void Add(std::vector<ItemId> part, double seconds) {
    seconds_ += seconds;
    parts_.push_back({std::move(part), seconds});
  }
  // The first parts, until they make up so many items; at least one part.
  std::vector<ItemId> TakeFrontItems(std::size_t items);
  // The first (last) parts, until they make up so many seconds; at least one. In their order.
  std::vector<ItemId> TakeFront(double seconds);
  std::vector<ItemId> TakeBack(double seconds);

  bool empty() const { return parts_.empty(); }
  double seconds() const { return seconds_; }

 private:
  struct Part {
    std::vector<ItemId> items;
    double seconds = 0;
  };
  // Parts from `first` to `last`, which are no more in here.
  std::vector<ItemId> Take(std::size_t first, std::size_t last);

  std::deque<Part> parts_;
  double seconds_ = 0;
};

}  // namespace fastest
