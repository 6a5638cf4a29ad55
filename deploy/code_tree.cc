#include "deploy/code_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/byte_size.h"

namespace fastest {
namespace {

constexpr std::string_view kHead = "fastest tree 1\n";
constexpr std::size_t kLongestPath = 4095;  // PATH_MAX, and more than NAME_MAX a name can't be made anyway.
constexpr std::uint32_t kModeBits = 0777;

bool IsPlain(unsigned char byte) { return byte > 0x20 && byte < 0x7f && byte != '%'; }

// Names may hold any byte: what is not a plain ASCII character is written %XX.
std::string Quote(std::string_view name) {
  std::string quoted;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(byte)) {
      quoted += c;
    } else {
      quoted += fmt::format("%{:02X}", byte);
    }
  }
  return quoted;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// False: not what Quote() makes, so that each tree has one text.
bool Unquote(std::string_view quoted, std::string* name) {
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '%') {
      if (!IsPlain(static_cast<unsigned char>(quoted[i]))) return false;
      *name += quoted[i];
      continue;
    }
    if (i + 2 >= quoted.size()) return false;
    const int high = HexDigit(quoted[i + 1]), low = HexDigit(quoted[i + 2]);
    if (high < 0 || low < 0 || IsPlain(static_cast<unsigned char>(16 * high + low))) return false;
    *name += static_cast<char>(16 * high + low);
    i += 2;
  }
  return true;
}

// Takes the next word, up to a blank or the end.
std::string_view NextWord(std::string_view* line) {
  const std::string_view word = line->substr(0, line->find(' '));
  line->remove_prefix(std::min(word.size() + 1, line->size()));
  return word;
}

template <typename Number>
bool ReadNumber(std::string_view text, int base, Number* number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *number, base);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && (text.size() == 1 || text[0] != '0');
}

// One line without its end; what is wrong, or "".
std::string ReadLine(std::string_view line, std::string* path, CodeEntry* entry) {
  const std::string_view kind = NextWord(&line);
  if (kind == "f") {
    entry->kind = CodeEntry::Kind::kFile;
    const std::string_view mode = NextWord(&line), size = NextWord(&line);
    const auto digest = DigestFromHex(NextWord(&line));
    if (!ReadNumber(mode, 8, &entry->mode) || (entry->mode & ~kModeBits) != 0) return "has a mode beyond rwx";
    if (!ReadNumber(size, 10, &entry->size) || !digest) return "has no size or digest";
    entry->digest = *digest;
  } else if (kind == "l") {
    entry->kind = CodeEntry::Kind::kLink;
    if (!Unquote(NextWord(&line), &entry->target)) return "has a malformed target";
  } else if (kind == "d") {
    entry->kind = CodeEntry::Kind::kFolder;
  } else {
    return "is neither file, link nor folder";
  }
  if (!Unquote(line, path)) return "has a malformed name";
  if (const std::string problem = PathProblem(*path); !problem.empty()) return problem;
  return entry->kind == CodeEntry::Kind::kLink ? LinkProblem(*path, entry->target) : "";
}

// Calls `see` with each folder above `path`: "a", "a/b" of "a/b/c".
template <typename See>
void EachParent(const std::string& path, See see) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    see(path.substr(0, slash));
}

// Whether a way through the tree that begins in `folder` (relative, "" for the root) and follows `target` passes a
// link: then it could lead anywhere that the other link's ".." leads to, which nobody wants to reason about.
bool PassesALink(const std::map<std::string, CodeEntry>& entries, const std::string& link, std::string_view target) {
  std::string at = link.substr(0, link.rfind('/') == std::string::npos ? 0 : link.rfind('/'));
  while (!target.empty()) {
    const std::string_view name = target.substr(0, target.find('/'));
    target.remove_prefix(std::min(name.size() + 1, target.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at = at.substr(0, at.rfind('/') == std::string::npos ? 0 : at.rfind('/'));
      continue;
    }
    at += (at.empty() ? "" : "/") + std::string(name);
    const auto found = entries.find(at);
    const bool is_link = found != entries.end() && found->second.kind == CodeEntry::Kind::kLink;
    if (is_link && target.find("..") != std::string_view::npos) return true;
  }
  return false;
}

Status CheckWhole(const std::map<std::string, CodeEntry>& entries) {
  for (const auto& [path, entry] : entries) {
    std::string above;
    EachParent(path, [&](const std::string& parent) {
      if (entries.contains(parent)) above = parent;
    });
    if (!above.empty()) return Error{fmt::format("{} lies below {}, which is no folder", Quote(path), Quote(above))};
    if (entry.kind == CodeEntry::Kind::kLink && PassesALink(entries, path, entry.target))
      return Error{fmt::format("{} is a link that goes up through another link", Quote(path))};
  }
  return Ok();
}

}  // namespace

std::string PathProblem(std::string_view path) {
  if (path.empty()) return "has no name";
  if (path.size() > kLongestPath) return "is longer than a path can be";
  if (path.front() == '/') return "is absolute";
  if (path.find('\0') != std::string_view::npos) return "has a NUL in its name";
  while (true) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty() || name == "." || name == "..") return "has a part that is no name";
    if (name.size() == path.size()) return "";
    path.remove_prefix(name.size() + 1);
  }
}

std::string LinkProblem(std::string_view path, std::string_view target) {
  if (target.empty() || target.size() > kLongestPath || target.find('\0') != std::string_view::npos)
    return "is a link to nothing that can be";
  if (target.front() == '/') return "is a link to an absolute path";
  auto depth = std::count(path.begin(), path.end(), '/');
  while (!target.empty()) {
    const std::string_view name = target.substr(0, target.find('/'));
    target.remove_prefix(std::min(name.size() + 1, target.size()));
    if (name == "..") {
      if (--depth < 0) return "is a link that leaves the root directory";
    } else if (!name.empty() && name != ".") {
      ++depth;
    }
  }
  return "";
}

Result<CodeTree> CodeTree::Parse(std::string_view text) {
  if (!text.starts_with(kHead)) return Error{"the list of files is not one of this version"};
  text.remove_prefix(kHead.size());
  CodeTree tree;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return Error{"the list of files is cut off"};
    std::string path;
    CodeEntry entry;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (const std::string problem = ReadLine(line, &path, &entry); !problem.empty())
      return Error{fmt::format("{} {}", path.empty() ? std::string(line.substr(0, 100)) : Quote(path), problem)};
    if (!tree.entries.empty() && path <= tree.entries.rbegin()->first)
      return Error{Quote(path) + " is out of order or stands twice"};
    tree.entries.emplace_hint(tree.entries.end(), std::move(path), std::move(entry));
  }
  if (const Status whole = CheckWhole(tree.entries); !whole.ok()) return whole.error();
  return tree;
}

std::string CodeTree::Text() const {
  std::string text(kHead);
  for (const auto& [path, entry] : entries) {
    if (entry.kind == CodeEntry::Kind::kFile) {
      text += fmt::format("f {:o} {} {} {}\n", entry.mode, entry.size, Hex(entry.digest), Quote(path));
    } else if (entry.kind == CodeEntry::Kind::kLink) {
      text += fmt::format("l {} {}\n", Quote(entry.target), Quote(path));
    } else {
      text += fmt::format("d {}\n", Quote(path));
    }
  }
  return text;
}

std::string CodeTree::digest() const { return Hex(Blake2b(Text())); }

std::uint64_t CodeTree::size() const {
  std::uint64_t size = 0;
  for (const auto& [path, entry] : entries) size += entry.size;
  return size;
}

std::string CodeTree::BiggestFiles(std::size_t count) const {
  std::vector<std::pair<std::uint64_t, std::string>> files;
  for (const auto& [path, entry] : entries) files.emplace_back(entry.size, path);
  std::sort(files.rbegin(), files.rend());
  std::string text;
  for (std::size_t i = 0; i < std::min(count, files.size()); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", SizeText(files[i].first), Quote(files[i].second));
  return text;
}

std::vector<Digest> CodeTree::Missing(const std::set<Digest>& have) const {
  std::set<Digest> missing;
  for (const auto& [path, entry] : entries)
    if (entry.kind == CodeEntry::Kind::kFile && !have.contains(entry.digest)) missing.insert(entry.digest);
  return {missing.begin(), missing.end()};
}

}  // namespace fastest
