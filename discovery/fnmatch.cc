#include "discovery/fnmatch.h"

#include <algorithm>

#include "base/file_system.h"

namespace fastest {
namespace {

bool HasMagic(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

// The position after "[…]" that begins at `at`, or `at` if it does not close (then '[' is itself).
std::size_t SetEnd(std::string_view pattern, std::size_t at) {
  std::size_t end = at + 1;
  if (end < pattern.size() && pattern[end] == '!') ++end;
  if (end < pattern.size() && pattern[end] == ']') ++end;
  end = pattern.find(']', end);
  return end == std::string_view::npos ? at : end + 1;
}

bool InSet(char c, std::string_view set) {
  const bool inverted = set.starts_with('!');
  if (inverted) set.remove_prefix(1);
  const auto byte = [](char x) { return static_cast<unsigned char>(x); };
  bool found = false;
  for (std::size_t at = 0; at < set.size(); ++at) {
    if (at + 2 < set.size() && set[at + 1] == '-') {
      found = found || (byte(set[at]) <= byte(c) && byte(c) <= byte(set[at + 2]));
      at += 2;
    } else {
      found = found || set[at] == c;
    }
  }
  return found != inverted;
}

// Whether the one pattern element at `at` matches `c`; `next` becomes the position after it.
bool MatchOne(char c, std::string_view pattern, std::size_t at, std::size_t& next) {
  next = at + 1;
  if (pattern[at] == '?') return true;
  if (pattern[at] == '[') {
    const std::size_t end = SetEnd(pattern, at);
    if (end != at) {
      next = end;
      return InSet(c, pattern.substr(at + 1, end - at - 2));
    }
  }
  return pattern[at] == c;
}

void Expand(const std::string& base, const std::string& prefix, std::vector<std::string_view> parts,
            std::vector<std::string>& found, int depth) {
  const std::string here = AbsolutePath(base, prefix.empty() ? "." : prefix);
  if (parts.empty()) {
    if (Exists(here) && !prefix.empty()) found.push_back(prefix);
    return;
  }
  const std::string_view part = parts.front();
  const std::vector<std::string_view> rest(parts.begin() + 1, parts.end());
  const auto join = [&](std::string_view name) {
    return prefix.empty() || prefix == "/" ? prefix + std::string(name) : prefix + "/" + std::string(name);
  };
  if (!HasMagic(part)) return Expand(base, join(part), rest, found, depth);
  if (part == "**") Expand(base, prefix, rest, found, depth);
  auto listed = ListDirectory(here);
  if (!listed || depth > 64) return;
  for (const DirectoryEntry& entry : *listed) {
    if (entry.name.starts_with('.')) continue;
    const bool directory = entry.kind == DirectoryEntry::Kind::kDirectory;
    if (part == "**") {
      if (rest.empty()) found.push_back(join(entry.name));
      if (directory && !entry.link) Expand(base, join(entry.name), parts, found, depth + 1);
    } else if (FnMatch(entry.name, part) && (rest.empty() || directory)) {
      Expand(base, join(entry.name), rest, found, depth + 1);
    }
  }
}

}  // namespace

bool FnMatch(std::string_view name, std::string_view pattern) {
  std::size_t in_name = 0, in_pattern = 0;
  std::size_t star = std::string_view::npos, star_name = 0;
  while (in_name < name.size()) {
    std::size_t next = 0;
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = ++in_pattern;
      star_name = in_name;
    } else if (in_pattern < pattern.size() && MatchOne(name[in_name], pattern, in_pattern, next)) {
      in_pattern = next;
      ++in_name;
    } else if (star != std::string_view::npos) {
      in_pattern = star;
      in_name = ++star_name;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

bool PathMatches(std::string_view absolute_path, std::string_view pattern) {
  if (pattern.find('/') == std::string_view::npos) return FnMatch(BaseName(absolute_path), pattern);
  if (pattern.starts_with('/')) return FnMatch(absolute_path, pattern);
  return FnMatch(absolute_path, "*/" + std::string(pattern));
}

bool AnyPathMatches(std::string_view absolute_path, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return PathMatches(absolute_path, pattern); });
}

bool NameMatches(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return name.starts_with(pattern) || (HasMagic(pattern) && FnMatch(name, pattern));
  });
}

std::vector<std::string> ExpandGlob(const std::string& directory, std::string_view pattern) {
  std::vector<std::string> found;
  std::vector<std::string_view> parts;
  const std::string prefix = pattern.starts_with('/') ? "/" : "";
  for (std::size_t begin = 0; begin < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    if (end > begin) parts.push_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!HasMagic(pattern)) {
    // glob keeps the words as they are ("tests/", "./tests").
    if (Exists(AbsolutePath(directory, pattern))) found.emplace_back(pattern);
    return found;
  }
  Expand(directory, prefix, parts, found, 0);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace fastest
