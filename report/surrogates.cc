#include "report/surrogates.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text_width.h"

namespace fastest {
namespace {

constexpr char32_t kFirst = 0x10D800;
constexpr char32_t kLast = 0x10DFFF;

// Whether the backslash at `at` begins an escape, and is not the second of two.
bool BeginsEscape(std::string_view json, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && json[before - 1] == '\\') --before;
  return (at - before) % 2 == 0;
}

}  // namespace

bool HasSurrogates(std::string_view text) {
  for (std::size_t at = text.find("\xF4\x8D"); at != std::string_view::npos; at = text.find("\xF4\x8D", at + 2))
    if (at + 2 < text.size() && static_cast<unsigned char>(text[at + 2]) >= 0xA0) return true;
  return false;
}

char32_t SurrogateOf(char32_t point) { return point >= kFirst && point <= kLast ? point - 0x100000 : point; }

std::string WithEscapedSurrogates(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t point = NextCodepoint(text, &at);
    if (SurrogateOf(point) == point) {
      escaped += text.substr(begin, at - begin);
    } else {
      escaped += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(SurrogateOf(point)));
    }
  }
  return escaped;
}

std::string WithSurrogateEscapes(std::string json) {
  constexpr std::string_view kHigh = "\\udbf";
  std::string escaped;
  std::size_t done = 0;
  for (std::size_t at = json.find(kHigh); at != std::string::npos; at = json.find(kHigh, std::max(done, at + 1))) {
    const bool stands_for_one = at + 12 <= json.size() && (json[at + 5] == '6' || json[at + 5] == '7');
    if (!stands_for_one || !BeginsEscape(json, at)) continue;
    const auto low = static_cast<unsigned>(std::stoul(json.substr(at + 8, 4), nullptr, 16)) & 0x3FFU;
    escaped.append(json, done, at - done);
    escaped += fmt::format("\\u{:04x}", 0xD800U + (json[at + 5] == '7' ? 0x400U : 0U) + low);
    done = at + 12;
  }
  return done == 0 ? json : escaped.append(json, done);
}

}  // namespace fastest
