// SharedMemory: an anonymous file (memfd) that is mapped here and, by its descriptor, in another process.
//
// 64-bit words are read and written whole; LoadWord and StoreWord order them against the bytes around them (acquire and
// release), which is what a ring with one writer and one reader needs.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

class SharedMemory {
 public:
  // `name` is what /proc/PID/maps shows ("memfd:name"). The bytes are zero.
  static Result<SharedMemory> Create(const std::string& name, std::size_t size);

  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();

  int fd() const { return fd_.get(); }
  std::size_t size() const { return size_; }
  const std::byte* bytes() const { return bytes_; }
  std::byte* bytes() { return bytes_; }

  // The word at `offset` (a multiple of 8 within the memory).
  std::uint64_t LoadWord(std::size_t offset) const;
  void StoreWord(std::size_t offset, std::uint64_t value);

 private:
  SharedMemory(UniqueFd fd, std::byte* bytes, std::size_t size) : fd_(std::move(fd)), bytes_(bytes), size_(size) {}

  UniqueFd fd_;
  std::byte* bytes_;
  std::size_t size_;
};

}  // namespace fastest
