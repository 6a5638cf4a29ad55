#include "base/shared_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>

namespace fastest {

Result<SharedMemory> SharedMemory::Create(const std::string& name, std::size_t size) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // Who made it smaller would end us: reading what is not there any more is a SIGBUS.
  constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, kFixed) != 0) {
    return Error{fmt::format("cannot make shared memory of {} bytes: {}", size, ::strerror(errno))};
  }
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return Error{fmt::format("cannot map {} bytes: {}", size, ::strerror(errno))};
  return SharedMemory(std::move(fd), static_cast<std::byte*>(mapped), size);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_(std::move(other.fd_)), bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}

SharedMemory::~SharedMemory() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
}

std::uint64_t SharedMemory::LoadWord(std::size_t offset) const {
  CHECK(offset % 8 == 0 && offset + 8 <= size_, offset, size_);
  return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(bytes_ + offset)).load(std::memory_order_acquire);
}

void SharedMemory::StoreWord(std::size_t offset, std::uint64_t value) {
  CHECK(offset % 8 == 0 && offset + 8 <= size_, offset, size_);
  std::atomic_ref(*reinterpret_cast<std::uint64_t*>(bytes_ + offset)).store(value, std::memory_order_release);
}

}  // namespace fastest
