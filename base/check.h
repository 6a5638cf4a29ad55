// CHECK(condition, values...): for what cannot happen. Prints the expression, the place and the values, then aborts.

#pragma once

#include <sstream>
#include <string>

namespace fastest {

[[noreturn]] void CheckFailed(const char* file, int line, const char* expression, const std::string& values);

template <typename... Values>
std::string CheckValues(const Values&... values) {
  std::ostringstream out;
  ((out << ' ' << values), ...);
  return out.str();
}

}  // namespace fastest

#define CHECK(condition, ...)                                                                      \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::fastest::CheckFailed(__FILE__, __LINE__, #condition, ::fastest::CheckValues(__VA_ARGS__)); \
  } while (false)
