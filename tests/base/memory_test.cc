#include "base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("what a process alone has written is its own memory") {
  constexpr std::size_t kSize = 32 << 20;
  void* bytes = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(bytes != MAP_FAILED);
  const std::uint64_t before = OwnMemory(::getpid());
  CHECK(before > 0);
  std::memset(bytes, 1, kSize);
  const std::uint64_t grown = OwnMemory(::getpid()) - before;
  CHECK(grown >= kSize);
#ifndef __SANITIZE_THREAD__  // Whose shadow is four times as large.
  CHECK(grown < kSize + (8 << 20));
#endif
  ::munmap(bytes, kSize);
}

TEST_CASE("a process that is not there has no memory") { CHECK(OwnMemory(0x7fffffff) == 0); }
