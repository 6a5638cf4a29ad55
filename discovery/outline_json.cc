#include "discovery/outline_json.h"

namespace fastest {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

constexpr std::uint32_t kSerial = 1, kUnparsable = 2, kDoctests = 4, kSessionItems = 8;

void AppendStrings(std::string& out, const std::vector<std::string>& strings) {
  out.push_back('[');
  for (const std::string& text : strings) {
    if (out.back() != '[') out.push_back(',');
    AppendJsonString(out, text);
  }
  out.push_back(']');
}

void AppendDefinitions(std::string& out, const std::vector<Definition>& definitions);

void AppendDefinition(std::string& out, const Definition& definition) {
  out.append("[").append(std::to_string(static_cast<int>(definition.kind))).push_back(',');
  AppendJsonString(out, definition.name);
  out.append(",").append(std::to_string(definition.line));
  const bool body = !definition.body.empty();
  const bool targets = body || !definition.targets.empty();
  const bool marks = targets || !definition.marks.empty();
  const bool items = marks || definition.items != 1;
  if (items || definition.flags != 0) out.append(",").append(std::to_string(definition.flags));
  if (items) out.append(",").append(std::to_string(definition.items));
  if (marks) {
    out.push_back(',');
    AppendStrings(out, definition.marks);
  }
  if (targets) {
    out.push_back(',');
    AppendStrings(out, definition.targets);
  }
  if (body) {
    out.push_back(',');
    AppendDefinitions(out, definition.body);
  }
  out.push_back(']');
}

void AppendDefinitions(std::string& out, const std::vector<Definition>& definitions) {
  out.push_back('[');
  for (const Definition& definition : definitions) {
    if (out.back() != '[') out.push_back(',');
    AppendDefinition(out, definition);
  }
  out.push_back(']');
}

bool Read(element from, std::string& into) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS) return false;
  into = text;
  return true;
}

bool Read(element from, std::uint32_t& into) {
  std::uint64_t number = 0;
  if (from.get(number) != simdjson::SUCCESS || number > 0xffffffffU) return false;
  into = static_cast<std::uint32_t>(number);
  return true;
}

bool Read(element from, std::vector<std::string>& into) {
  array items;
  if (from.get(items) != simdjson::SUCCESS) return false;
  for (const element item : items)
    if (!Read(item, into.emplace_back())) return false;
  return true;
}

// Cached files are ours, but anybody may have written to them: nesting is limited.
bool Read(element from, std::vector<Definition>& into, int depth);

bool Read(element from, Definition& into, int depth) {
  array fields;
  std::uint32_t kind = 0;
  if (from.get(fields) != simdjson::SUCCESS) return false;
  int index = 0;
  for (const element field : fields) {
    bool good = true;
    switch (index++) {
      case 0:
        good = Read(field, kind) && kind <= static_cast<std::uint32_t>(Definition::Kind::kDelete);
        break;
      case 1:
        good = Read(field, into.name);
        break;
      case 2:
        good = Read(field, into.line);
        break;
      case 3:
        good = Read(field, into.flags);
        break;
      case 4:
        good = Read(field, into.items);
        break;
      case 5:
        good = Read(field, into.marks);
        break;
      case 6:
        good = Read(field, into.targets);
        break;
      case 7:
        good = Read(field, into.body, depth + 1);
        break;
      default:
        good = false;
    }
    if (!good) return false;
  }
  into.kind = static_cast<Definition::Kind>(kind);
  const bool import = into.kind == Definition::Kind::kImport, alias = into.kind == Definition::Kind::kAlias;
  return index >= 3 && (!import || into.targets.size() == 2) && (!alias || into.targets.size() == 1);
}

bool Read(element from, std::vector<Definition>& into, int depth) {
  array items;
  if (depth > 100 || from.get(items) != simdjson::SUCCESS) return false;
  into.reserve(items.size());
  for (const element item : items)
    if (!Read(item, into.emplace_back(), depth)) return false;
  return true;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[(c >> 4) & 15]);
      out.push_back(kHex[c & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void AppendJson(std::string& out, const Outline& outline) {
  const std::uint64_t bits = outline.serial * kSerial | outline.unparsable * kUnparsable |
                             outline.doctests * kDoctests | outline.session_items * kSessionItems;
  out.append("[").append(std::to_string(bits)).push_back(',');
  AppendJsonString(out, outline.surprise);
  out.push_back(',');
  AppendJsonString(out, outline.effect);
  out.push_back(',');
  AppendDefinitions(out, outline.definitions);
  for (const auto* strings : {&outline.marks, &outline.rebound, &outline.pytest_plugins, &outline.collect_ignore,
                              &outline.collect_ignore_glob}) {
    out.push_back(',');
    AppendStrings(out, *strings);
  }
  out.push_back(']');
}

bool ReadOutline(element from, Outline& outline) {
  array fields;
  if (from.get(fields) != simdjson::SUCCESS) return false;
  std::uint32_t bits = 0;
  int index = 0;
  for (const element field : fields) {
    bool good = true;
    switch (index++) {
      case 0:
        good = Read(field, bits);
        break;
      case 1:
        good = Read(field, outline.surprise);
        break;
      case 2:
        good = Read(field, outline.effect);
        break;
      case 3:
        good = Read(field, outline.definitions, 0);
        break;
      case 4:
        good = Read(field, outline.marks);
        break;
      case 5:
        good = Read(field, outline.rebound);
        break;
      case 6:
        good = Read(field, outline.pytest_plugins);
        break;
      case 7:
        good = Read(field, outline.collect_ignore);
        break;
      case 8:
        good = Read(field, outline.collect_ignore_glob);
        break;
      default:
        good = false;
    }
    if (!good) return false;
  }
  outline.serial = (bits & kSerial) != 0;
  outline.unparsable = (bits & kUnparsable) != 0;
  outline.doctests = (bits & kDoctests) != 0;
  outline.session_items = (bits & kSessionItems) != 0;
  return index == 9;
}

}  // namespace fastest
