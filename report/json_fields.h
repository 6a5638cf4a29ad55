// Reading fields of JSON that others made: no access here throws or aborts, whatever the types.
//
// For the .cc files of this folder only.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace fastest {

using Json = nlohmann::ordered_json;

// The parsed text; a null for what is no JSON. What only Python calls JSON is read too: NaN and infinities (as null),
// and halves of surrogate pairs (as U+FFFD).
Json ParseJson(std::string_view text);

// The member, or a null.
inline const Json& Field(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto member = object.find(name);
  return member == object.end() ? kNull : *member;
}

// The element, or a null.
inline const Json& Element(const Json& array, std::size_t index) {
  static const Json kNull;
  return array.is_array() && index < array.size() ? array[index] : kNull;
}

inline std::string TextOf(const Json& value, std::string otherwise = "") {
  return value.is_string() ? value.get<std::string>() : std::move(otherwise);
}

inline double NumberOf(const Json& value, double otherwise = 0) {
  return value.is_number() ? value.get<double>() : otherwise;
}

inline bool FlagOf(const Json& value, bool otherwise = false) {
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

// As Python's json.dumps(value, ensure_ascii=ascii): text that is not UTF-8 is replaced, never refused.
inline std::string DumpJson(const Json& value, int indent = -1, bool ascii = true) {
  return value.dump(indent, ' ', ascii, Json::error_handler_t::replace);
}

}  // namespace fastest
