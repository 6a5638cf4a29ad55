#include "discovery/code_manifest.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/file_system.h"
#include "base/time.h"
#include "discovery/ignore_rules.h"

namespace fastest {
namespace {

constexpr std::array<std::string_view, 16> kLeftOut = {
    ".git",        ".hg",         ".svn",    ".fastest",       ".pytest_cache",
    "__pycache__", ".jj",         ".tox",    ".nox",           ".hypothesis",
    ".mypy_cache", ".ruff_cache", "htmlcov", "fastest-shards", "fastest-reports",
    "fastest-keys"};
// What coverage leaves: ".coverage", ".coverage.HOST.PID".
constexpr std::string_view kCoverage = ".coverage";
constexpr std::array<std::string_view, 6> kCode = {".py", ".toml", ".ini", ".cfg", ".so", ".pyd"};
// A file that was changed so shortly before it was read could change again without its stamp.
constexpr double kTooFresh = 2.0;

struct Known {
  FileStamp stamp;
  Digest digest{};
};

// Lines of "HEX SIZE CHANGED PATH".
std::map<std::string, Known> ReadCache(const std::string& path) {
  std::map<std::string, Known> known;
  const auto file = path.empty() ? Result<FileContents>(Error{}) : ReadFile(path);
  if (!file.ok()) return known;
  std::string_view text = file->text;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t a = line.find(' '), b = line.find(' ', a + 1), c = line.find(' ', b + 1);
    if (a == std::string_view::npos || b == std::string_view::npos || c == std::string_view::npos) continue;
    Known one;
    const auto digest = DigestFromHex(line.substr(0, a));
    const auto size = std::from_chars(line.data() + a + 1, line.data() + b, one.stamp.size);
    const auto changed = std::from_chars(line.data() + b + 1, line.data() + c, one.stamp.changed);
    if (!digest || size.ec != std::errc() || changed.ec != std::errc()) continue;
    one.digest = *digest;
    known.emplace(line.substr(c + 1), one);
  }
  return known;
}

class TreeReader {
 public:
  TreeReader(std::string root, std::map<std::string, Known> known, const std::set<std::string>& skip)
      : root_(std::move(root)), known_(std::move(known)), skip_(skip) {}

  // `folder` is relative to the root: "" or "a/b".
  void Read(const std::string& folder) {
    const std::string place = folder.empty() ? root_ : root_ + "/" + folder;
    const auto entries = ListDirectory(place);
    if (!entries.ok()) return;
    const std::size_t outer = rules_.size();
    if (const auto ignore = ReadFile(place + "/.gitignore"); ignore.ok()) rules_.Add(folder, ignore->text);
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
      const bool is_directory = entry.kind == DirectoryEntry::Kind::kDirectory;
      if (std::find(kLeftOut.begin(), kLeftOut.end(), entry.name) != kLeftOut.end()) continue;
      if (entry.name == kCoverage || entry.name.starts_with(std::string(kCoverage) + ".")) continue;
      if (entry.name.ends_with(".pyc") || path.find('\n') != std::string::npos) continue;
      if (rules_.Ignores(path, is_directory) || skip_.contains(root_ + "/" + path)) continue;
      if (is_directory && !entry.link && !Exists(root_ + "/" + path + "/pyvenv.cfg")) Read(path);
      if (entry.kind == DirectoryEntry::Kind::kFile) ReadOne(path);
    }
    rules_.Truncate(outer);
  }

  CodeManifest manifest;
  std::string cache;  // Its new text.
  bool changed = false;

 private:
  void ReadOne(const std::string& path) {
    const std::string place = root_ + "/" + path;
    const auto stamp = StampOf(place);
    if (!stamp) return;
    const auto known = known_.find(path);
    Known now{*stamp, {}};
    if (known != known_.end() && known->second.stamp == *stamp) {
      now = known->second;
    } else {
      const auto file = ReadFile(place);
      now.digest = Blake2b(file.ok() ? std::string_view(file->text) : std::string_view());
      changed = true;
    }
    manifest.files[path] = now.digest;
    if (WallSeconds() - static_cast<double>(stamp->changed) / 1e9 < kTooFresh) return;
    cache +=
        Hex(now.digest) + " " + std::to_string(stamp->size) + " " + std::to_string(stamp->changed) + " " + path + "\n";
  }

  std::string root_;
  std::map<std::string, Known> known_;
  const std::set<std::string>& skip_;
  IgnoreRules rules_;
};

bool IsCode(const std::string& path) {
  return std::any_of(kCode.begin(), kCode.end(), [&](auto end) { return path.ends_with(end); });
}

std::vector<CodeChange> Changes(const std::string& before, const CodeManifest& now) {
  std::vector<CodeChange> changes;
  std::set<std::string> seen;
  std::string_view text = before;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string path(line.substr(space + 1));
    seen.insert(path);
    const auto own = now.files.find(path);
    if (own == now.files.end()) {
      changes.push_back({path, CodeChange::What::kGone});
    } else if (Hex(own->second) != line.substr(0, space)) {
      changes.push_back({path, CodeChange::What::kChanged});
    }
  }
  for (const auto& [path, digest] : now.files)
    if (!seen.contains(path)) changes.push_back({path, CodeChange::What::kNew});
  return changes;
}

}  // namespace

std::string CodeManifest::Text() const {
  std::string text;
  for (const auto& [path, digest] : files) text += Hex(digest) + " " + path + "\n";
  return text;
}

std::string CodeManifest::digest() const { return Hex(Blake2b(Text())); }

CodeManifest ReadCodeManifest(const std::string& root, const std::string& cache_path,
                              const std::set<std::string>& skip) {
  TreeReader reader(root, ReadCache(cache_path), skip);
  reader.Read("");
  if (reader.changed && !cache_path.empty()) {
    const Status kept = WriteFileAtomically(cache_path, reader.cache);
    (void)kept;  // Without it the next time takes longer.
  }
  return std::move(reader.manifest);
}

std::vector<std::string> CompareManifests(const std::string& theirs, const CodeManifest& ours) {
  std::vector<std::string> differences;
  for (const CodeChange& one : Changes(theirs, ours)) {
    if (one.what == CodeChange::What::kChanged) differences.push_back(one.path + " differs");
    if (one.what == CodeChange::What::kGone) differences.push_back(one.path + " is missing here");
    if (one.what == CodeChange::What::kNew && IsCode(one.path)) differences.push_back(one.path + " is here alone");
  }
  return differences;
}

std::vector<CodeChange> CodeChanges(const std::string& before, const CodeManifest& now) {
  std::vector<CodeChange> changes = Changes(before, now);
  std::erase_if(changes, [](const CodeChange& one) { return !IsCode(one.path); });
  return changes;
}

}  // namespace fastest
