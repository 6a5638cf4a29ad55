#include "report/json_fields.h"

namespace fastest {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Whether an escape of a surrogate stands here whose second digit is one of these.
bool IsSurrogate(std::string_view text, std::string_view second_digits) {
  if (text.size() < 6 || !StartsWith(text, "\\u") || (text[2] != 'd' && text[2] != 'D')) return false;
  return second_digits.find(text[3]) != std::string_view::npos;
}

// The escape sequence at the beginning of `text`, mended.
std::string_view MendedEscape(std::string_view text, std::size_t* length) {
  constexpr std::string_view kHigh = "89abAB";
  constexpr std::string_view kLow = "cdefCDEF";
  if (IsSurrogate(text, kHigh) && IsSurrogate(text.substr(6), kLow)) {
    *length = 12;
    return text.substr(0, 12);
  }
  if (IsSurrogate(text, kHigh) || IsSurrogate(text, kLow)) {
    *length = 6;
    return "\\ufffd";
  }
  *length = std::min<std::size_t>(2, text.size());
  return text.substr(0, *length);
}

// Python's JSON as the standard has it.
std::string Mended(std::string_view text) {
  std::string mended;
  bool in_string = false;
  while (!text.empty()) {
    std::size_t length = 1;
    std::string_view piece = text.substr(0, 1);
    if (in_string && text[0] == '\\') {
      piece = MendedEscape(text, &length);
    } else if (text[0] == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
        if (!StartsWith(text, word)) continue;
        length = word.size();
        piece = "null";
        break;
      }
    }
    mended += piece;
    text.remove_prefix(length);
  }
  return mended;
}

}  // namespace

Json ParseJson(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) json = Json::parse(Mended(text), nullptr, false);
  return json.is_discarded() ? Json() : json;
}

}  // namespace fastest
