#include "coordinator/reserve.h"

namespace fastest {

std::vector<ItemId> Reserve::TakeFront(double seconds) {
  std::size_t count = 0;
  for (double taken = 0; count < parts_.size() && (count == 0 || taken < seconds); ++count)
    taken += parts_[count].seconds;
  return Take(0, count);
}

std::vector<ItemId> Reserve::TakeFrontItems(std::size_t items) {
  std::size_t count = 0;
  for (std::size_t taken = 0; count < parts_.size() && taken < items; ++count) taken += parts_[count].items.size();
  return Take(0, count);
}

std::vector<ItemId> Reserve::TakeBack(double seconds) {
  std::size_t first = parts_.size();
  for (double taken = 0; first > 0 && (first == parts_.size() || taken < seconds);) taken += parts_[--first].seconds;
  return Take(first, parts_.size());
}

std::vector<ItemId> Reserve::Take(std::size_t first, std::size_t last) {
  std::vector<ItemId> items;
  for (std::size_t i = first; i < last; ++i) {
    items.insert(items.end(), parts_[i].items.begin(), parts_[i].items.end());
    seconds_ -= parts_[i].seconds;
  }
  const auto begin = parts_.begin();
  parts_.erase(begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last));
  if (parts_.empty()) seconds_ = 0;
  return items;
}

}  // namespace fastest
