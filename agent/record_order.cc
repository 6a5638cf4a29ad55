#include "agent/record_order.h"

namespace fastest {

bool RecordOrder::Add(Record record) {
  const std::uint32_t number = record.number;
  return number >= next_ && waiting_.emplace(number, std::move(record)).second;
}

std::optional<Record> RecordOrder::Next() {
  const auto first = waiting_.begin();
  if (first == waiting_.end() || first->first != next_) return std::nullopt;
  ++next_;
  return std::move(waiting_.extract(first).mapped());
}

std::vector<Record> RecordOrder::TakeRest() {
  std::vector<Record> rest;
  for (auto& [number, record] : waiting_) {
    next_ = number + 1;
    rest.push_back(std::move(record));
  }
  waiting_.clear();
  return rest;
}

}  // namespace fastest
