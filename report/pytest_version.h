// What pytest prints depends on its version: "8.3.5" and its like, as READY tells it. Pure.

#pragma once

#include <cstdio>
#include <string>

namespace fastest {

// Also true of a text that is no version: then it is presumed to be the newest.
inline bool IsAtLeast(const std::string& version, int major, int minor) {
  int its_major = 0;
  int its_minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &its_major, &its_minor) < 1) return true;
  return its_major != major ? its_major > major : its_minor >= minor;
}

}  // namespace fastest
