#include "discovery/ignore_rules.h"

namespace fastest {
namespace {

// "[a-z]" at the head of `pattern`: whether it matches `c`, and how long it is. 0: no set.
std::size_t MatchSet(std::string_view pattern, char c, bool* matches) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  *matches = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    if (low <= c && c <= high) *matches = true;
  }
  if (i >= pattern.size()) return 0;
  if (negated) *matches = !*matches;
  return i + 1;
}

bool MatchHere(std::string_view pattern, std::string_view path);

// `pattern` begins with "**" as a whole component.
bool MatchFolders(std::string_view rest, std::string_view path) {
  if (rest.empty()) return true;  // A trailing "**".
  rest.remove_prefix(1);          // '/'
  for (std::size_t at = 0;;) {
    if (MatchHere(rest, path.substr(at))) return true;
    const std::size_t slash = path.find('/', at);
    if (slash == std::string_view::npos) return false;
    at = slash + 1;
  }
}

bool MatchHere(std::string_view pattern, std::string_view path) {
  bool at_start = true;
  while (!pattern.empty()) {
    if (at_start && pattern.starts_with("**") && (pattern.size() == 2 || pattern[2] == '/'))
      return MatchFolders(pattern.substr(2), path);
    const char p = pattern.front();
    if (p == '*') {
      while (!pattern.empty() && pattern.front() == '*') pattern.remove_prefix(1);
      for (std::size_t i = 0;; ++i) {
        if (MatchHere(pattern, path.substr(i))) return true;
        if (i >= path.size() || path[i] == '/') return false;
      }
    }
    if (path.empty()) return false;
    const char c = path.front();
    std::size_t length = 1;
    bool matches = p == c;
    if (p == '?') matches = c != '/';
    if (p == '\\' && pattern.size() > 1) {
      matches = pattern[1] == c;
      length = 2;
    }
    if (p == '[')
      if (const std::size_t set = MatchSet(pattern, c, &matches); set > 0) {
        length = set;
        matches = matches && c != '/';
      }
    if (!matches) return false;
    at_start = p == '/';
    pattern.remove_prefix(length);
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

bool MatchesGlobPath(std::string_view pattern, std::string_view path) { return MatchHere(pattern, path); }

void IgnoreRules::Add(std::string_view folder, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    if (!folder.empty()) pattern.folder = std::string(folder) + "/";
    if (line.front() == '!') {
      pattern.negated = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      pattern.directories_only = true;
      line.remove_suffix(1);
    }
    pattern.anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    pattern.glob = line;
    patterns_.push_back(std::move(pattern));
  }
}

bool IgnoreRules::Ignores(std::string_view path, bool is_directory) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if ((pattern->directories_only && !is_directory) || !path.starts_with(pattern->folder)) continue;
    const std::string_view subject = pattern->anchored ? path.substr(pattern->folder.size()) : name;
    if (MatchesGlobPath(pattern->glob, subject)) return !pattern->negated;
  }
  return false;
}

}  // namespace fastest
