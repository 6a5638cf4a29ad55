#include "base/byte_size.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace fastest {

Result<std::uint64_t> ParseSize(const std::string& text) {
  constexpr std::string_view kUnits = "KMGT";
  std::string_view digits = text;
  int shift = 0;
  if (!digits.empty())
    if (const auto unit = kUnits.find(digits.back()); unit != std::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_number = failed == std::errc() && end == digits.data() + digits.size();
  if (digits.size() > 7 + (shift == 0 ? 8 : 0) || !is_number || number == 0)
    return Error{text + ": a size is a number with K, M, G or T behind it, or of bytes (512M)"};
  return number << shift;
}

std::string SizeText(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
  return unit == 0 || size >= 10 ? fmt::format("{:.0f} {}", size, kUnits[unit])
                                 : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace fastest
