#include "discovery/source_text.h"

#include <algorithm>
#include <cstring>

namespace fastest {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\\'; }
bool IsOpen(char c) { return c == '(' || c == '[' || c == '{'; }
bool IsClose(char c) { return c == ')' || c == ']' || c == '}'; }

// Without comments and line ends at both ends.
std::string_view TrimComments(std::string_view text) {
  text = Trim(text);
  while (!text.empty() && text.front() == '#') {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text = Trim(text.substr(end));
  }
  return text;
}

// Calls `each(position, character)` for each character outside brackets, strings and comments, until it returns false.
template <typename Each>
void ScanTopLevel(std::string_view text, Each each) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
    } else if (IsOpen(c)) {
      at = SkipBrackets(text, at);
    } else if (c == '#') {
      at = text.find('\n', at);
    } else if (!each(at, c)) {
      return;
    } else {
      ++at;
    }
    if (at == std::string_view::npos) return;
  }
}

// The text without trailing comments: a comment can only end a line.
std::string_view CutComment(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = text.find('\n', at);
    } else if (c == '"' || c == '\'') {
      at = end = SkipString(text, at);
    } else if (IsOpen(c)) {
      at = end = SkipBrackets(text, at);
    } else {
      ++at;
      if (!IsSpace(c)) end = at;
    }
    if (at == std::string_view::npos) break;
  }
  return end == std::string_view::npos ? text : text.substr(0, end);
}

}  // namespace

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

std::string_view TrimLeft(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view Trim(std::string_view text) {
  text = TrimLeft(text);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view LeadingName(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && IsNameByte(text[end])) ++end;
  if (end > 0 && text[0] >= '0' && text[0] <= '9') return {};
  return text.substr(0, end);
}

std::string_view LeadingDottedName(std::string_view text) {
  std::size_t end = LeadingName(text).size();
  while (end > 0 && end < text.size() && text[end] == '.') {
    const std::size_t next = LeadingName(text.substr(end + 1)).size();
    if (next == 0) break;
    end += 1 + next;
  }
  return text.substr(0, end);
}

bool IsDottedName(std::string_view text) { return !text.empty() && LeadingDottedName(text).size() == text.size(); }
std::string_view LastPart(std::string_view dotted) { return dotted.substr(dotted.rfind('.') + 1); }

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.starts_with(word) && (text.size() == word.size() || !IsNameByte(text[word.size()]));
}

bool TakeWord(std::string_view& text, std::string_view word) {
  if (!StartsWithWord(text, word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::size_t SkipString(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool triple = text.size() >= at + 3 && text[at + 1] == quote && text[at + 2] == quote;
  at += triple ? 3 : 1;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\\') {
      at += text.substr(at).starts_with("\\\r\n") ? 3 : 2;
    } else if (c == quote) {
      if (!triple) return at + 1;
      if (text.size() >= at + 3 && text[at + 1] == quote && text[at + 2] == quote) return at + 3;
      ++at;
    } else if (c == '\n' && !triple) {
      return std::string_view::npos;
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

std::size_t SkipBrackets(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
    } else if (c == '#') {
      at = text.find('\n', at);
    } else {
      ++at;
      if (IsOpen(c)) ++depth;
      if (IsClose(c) && --depth == 0) return at;
      continue;
    }
    if (at == std::string_view::npos) return at;
  }
  return std::string_view::npos;
}

std::vector<std::string_view> SplitTopLevel(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  ScanTopLevel(text, [&](std::size_t at, char c) {
    if (c == separator) {
      parts.push_back(CutComment(TrimComments(text.substr(begin, at - begin))));
      begin = at + 1;
    }
    return true;
  });
  const std::string_view last = CutComment(TrimComments(text.substr(begin)));
  if (!last.empty()) parts.push_back(last);
  return parts;
}

std::size_t FindTopLevel(std::string_view text, char wanted) {
  std::size_t found = std::string_view::npos;
  ScanTopLevel(text, [&](std::size_t at, char c) {
    if (c != wanted) return true;
    if (wanted == '=') {
      const char before = at > 0 ? text[at - 1] : ' ';
      const char after = at + 1 < text.size() ? text[at + 1] : ' ';
      if (after == '=' || std::strchr("=!<>+-*/%&|^@:~", before) != nullptr) return true;
    }
    found = at;
    return false;
  });
  return found;
}

std::string CollapseBrackets(std::string_view text, int depth) {
  std::string out;
  int level = 0;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
      if (at == std::string_view::npos) break;
      continue;
    }
    if (c == '#') {
      if (level < depth) out.append(text.substr(copied, at - copied));
      at = std::min(text.find('\n', at), text.size());
      if (level < depth) copied = at;
      continue;
    }
    ++at;
    if (IsOpen(c) && ++level == depth) {
      out.append(text.substr(copied, at - copied));
    } else if (IsClose(c) && level-- == depth) {
      if (!IsOpen(Trim(text.substr(0, at - 1)).back())) out.push_back('0');
      copied = at - 1;
    }
  }
  if (level < depth) out.append(text.substr(copied));
  return out;
}

std::optional<std::string> StringValue(std::string_view text) {
  text = Trim(text);
  bool raw = false;
  while (!text.empty() && std::strchr("rRbBuU", text.front()) != nullptr) {
    raw = raw || text.front() == 'r' || text.front() == 'R';
    text.remove_prefix(1);
  }
  if (text.empty() || (text.front() != '"' && text.front() != '\'') || SkipString(text, 0) != text.size())
    return std::nullopt;
  const std::size_t quotes = text.size() >= 6 && text[1] == text[0] && text[2] == text[0] ? 3 : 1;
  text = text.substr(quotes, text.size() - 2 * quotes);
  std::string value;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && !raw && at + 1 < text.size()) {
      ++at;
      if (text[at] == '\n') continue;
      value.push_back(text[at] == 'n' ? '\n' : text[at] == 't' ? '\t' : text[at]);
    } else {
      value.push_back(text[at]);
    }
  }
  return value;
}

std::optional<std::vector<std::string>> StringList(std::string_view text) {
  text = Trim(text);
  if (auto single = StringValue(text)) return std::vector<std::string>{*std::move(single)};
  if (text.empty() || !IsOpen(text.front()) || SkipBrackets(text, 0) != text.size()) return std::nullopt;
  std::vector<std::string> values;
  for (const std::string_view part : SplitTopLevel(text.substr(1, text.size() - 2))) {
    auto value = StringValue(part);
    if (!value) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return values;
}

std::optional<std::uint32_t> LiteralLength(std::string_view text) {
  text = Trim(text);
  if (text.empty() || !IsOpen(text.front()) || SkipBrackets(text, 0) != text.size()) return std::nullopt;
  const std::vector<std::string_view> parts = SplitTopLevel(text.substr(1, text.size() - 2));
  for (const std::string_view part : parts) {
    if (part.starts_with('*')) return std::nullopt;
    // A comprehension: `x for x in …` outside brackets.
    std::size_t at = 0;
    while ((at = part.find(" for ", at)) != std::string_view::npos) {
      if (part.find_first_of("([{\"'") > at) return std::nullopt;
      ++at;
    }
  }
  return static_cast<std::uint32_t>(parts.size());
}

}  // namespace fastest
