#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace fastest {

void CheckFailed(const char* file, int line, const char* expression, const std::string& values) {
  std::fprintf(stderr, "fastest: internal error: %s:%d: CHECK(%s)%s\n", file, line, expression, values.c_str());
  std::abort();
}

}  // namespace fastest
