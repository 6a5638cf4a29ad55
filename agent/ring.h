// Ring: the agent's end of the shared memory through which a worker reports (docs/protocol.md 1.3).
//
// The worker writes records and says in the header what it is doing; the agent polls. What stands in the ring when the
// worker dies is still there. The worker's bytes are not trusted: a test may scribble over them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shared_memory.h"
#include "base/time.h"
#include "protocol/ids.h"
#include "protocol/message.h"

namespace fastest {

// One message of a worker, from the ring or from its socket.
struct Record {
  std::uint32_t number = 0;  // In the worker's own series, from 0.
  std::uint8_t kind = 0;
  std::string body;
};

// What the header says the worker is doing.
struct Doing {
  WorkerState state = WorkerState::kStarting;
  UnitId unit{};
  std::uint32_t index = kNoItem;
  LeaseId lease{};
  Time since{};  // When the item (collecting: the file) started.
};

class Ring {
 public:
  // `data_size`: a power of two. `name`: see SharedMemory.
  static Result<Ring> Create(const std::string& name, std::size_t data_size);

  int fd() const { return memory_.fd(); }

  // Removes and returns the finished records, in order. An error: these bytes are no records.
  Result<std::vector<Record>> Take();

  Doing doing() const;

  // Tells the worker that one more frame is in its socket.
  void CountFrame();

 private:
  explicit Ring(SharedMemory memory) : memory_(std::move(memory)) {}

  Result<Record> ReadRecord(std::uint64_t at, std::uint64_t end) const;
  void Copy(std::uint64_t at, void* to, std::size_t size) const;
  std::size_t data_size() const;

  SharedMemory memory_;
  std::uint64_t frames_ = 0;
};

}  // namespace fastest
