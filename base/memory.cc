#include "base/memory.h"

#include <fstream>
#include <string>

namespace fastest {

std::uint64_t OwnMemory(pid_t pid) {
  std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::uint64_t kilobytes = 0;
  std::uint64_t sum = 0;
  std::string line;
  std::getline(rollup, line);  // The range of addresses.
  for (std::string name, unit; rollup >> name >> kilobytes >> unit;)
    if (name == "Private_Dirty:" || name == "SwapPss:") sum += kilobytes;
  return sum << 10;
}

}  // namespace fastest
