// RecordOrder: puts a worker's records, which come by ring and by socket, back into the worker's order by their
// numbers.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "agent/ring.h"

namespace fastest {

class RecordOrder {
 public:
  // Returns false if the number was there before: the record is dropped.
  [[nodiscard]] bool Add(Record record);

  // The record whose turn it is, if it has come.
  std::optional<Record> Next();

  // All that is left, in order, over gaps: the worker is dead and nothing more will come.
  std::vector<Record> TakeRest();

 private:
  std::map<std::uint32_t, Record> waiting_;
  std::uint32_t next_ = 0;
};

}  // namespace fastest
