#include "deploy/code_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/file_system.h"
#include "base/time.h"
#include "deploy/code_bundle.h"

namespace fastest {
namespace {

namespace fs = std::filesystem;

// What Python and pytest leave in a tree that has been used.
constexpr std::array<std::string_view, 3> kHarmless = {"__pycache__", ".pytest_cache", ".fastest"};
constexpr int kMostCopies = 64;  // Of one tree.
constexpr double kKeepBlobs = 3600;

// Calls `see` with each entry below `root`, paths relative to it; false: no further. Whether it came to the end.
template <typename See>
bool EachEntry(const std::string& root, const std::string& folder, const See& see) {
  const auto entries = ListDirectory(folder.empty() ? root : root + "/" + folder);
  if (!entries.ok()) return false;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
    struct stat found {};
    if (::lstat((root + "/" + path).c_str(), &found) != 0) return false;
    const bool is_folder = S_ISDIR(found.st_mode);
    if (is_folder && std::find(kHarmless.begin(), kHarmless.end(), entry.name) != kHarmless.end()) continue;
    if (!see(path, found) || (is_folder && !EachEntry(root, path, see))) return false;
  }
  return true;
}

bool MatchesEntry(const CodeEntry& entry, const std::string& place, const struct stat& found) {
  if (entry.kind == CodeEntry::Kind::kFolder) return S_ISDIR(found.st_mode);
  if (entry.kind == CodeEntry::Kind::kLink) {
    std::array<char, 4096> target;
    const ssize_t size = S_ISLNK(found.st_mode) ? ::readlink(place.c_str(), target.data(), target.size()) : -1;
    return size >= 0 && entry.target == std::string_view(target.data(), static_cast<std::size_t>(size));
  }
  if (!S_ISREG(found.st_mode) || static_cast<std::uint64_t>(found.st_size) != entry.size ||
      (found.st_mode & 0777) != (entry.mode | 0600))
    return false;
  const auto file = ReadFile(place);
  return file.ok() && Blake2b(file->text) == entry.digest;
}

// Takes the lock file's lock; a file that was removed meanwhile is made again.
Result<UniqueFd> Lock(const std::string& path, int how) {
  while (true) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return FileError("cannot open", path, errno);
    while (::flock(fd.get(), how) != 0) {
      if (errno == EWOULDBLOCK) return UniqueFd();
      if (errno != EINTR) return FileError("cannot lock", path, errno);
    }
    struct stat held {
    }, named{};
    if (::fstat(fd.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) return fd;
  }
}

void Share(const UniqueFd& lock) {
  while (::flock(lock.get(), LOCK_SH) != 0 && errno == EINTR) {
  }
  ::futimens(lock.get(), nullptr);  // When it was used last.
}

// A tree or a content, as Prune() looks at it.
struct Kept {
  std::int64_t used = 0;  // Nanoseconds since the epoch.
  std::uint64_t size = 0;
  std::string path;
  bool is_tree = false;
};

std::uint64_t SizeBelow(const std::string& folder) {
  std::uint64_t size = 0;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code no_size;
    if (at->is_regular_file(no_size) && !at->is_symlink(no_size)) size += at->file_size(no_size);
  }
  return size;
}

std::vector<Kept> ListKept(const std::string& folder) {
  std::vector<Kept> all;
  const auto trees = ListDirectory(folder + "/trees"), shelves = ListDirectory(folder + "/blobs");
  if (trees.ok())
    for (const DirectoryEntry& entry : *trees) {
      if (entry.kind != DirectoryEntry::Kind::kDirectory) continue;
      const std::string path = folder + "/trees/" + entry.name;
      const auto stamp = StampOf(path + ".lock");
      all.push_back({stamp ? stamp->modified : 0, SizeBelow(path), path, true});
    }
  if (!shelves.ok()) return all;
  for (const DirectoryEntry& shelf : *shelves) {
    const auto blobs = ListDirectory(folder + "/blobs/" + shelf.name);
    if (!blobs.ok()) continue;
    for (const DirectoryEntry& blob : *blobs) {
      const std::string path = folder + "/blobs/" + shelf.name + "/" + blob.name;
      if (const auto stamp = StampOf(path)) all.push_back({stamp->modified, stamp->size, path, false});
    }
  }
  return all;
}

// Whether nobody is in the tree, and it is gone.
bool RemoveTree(const std::string& path) {
  // What was not made to its end belongs to who has the tree's own lock.
  const bool is_draft = path.ends_with(".new");
  const std::string lock_path = (is_draft ? path.substr(0, path.size() - 4) : path) + ".lock";
  const auto lock = Lock(lock_path, LOCK_EX | LOCK_NB);
  if (!lock.ok() || !lock->valid()) return false;
  std::error_code failed;
  fs::remove_all(path, failed);
  if (!failed && !is_draft) ::unlink(lock_path.c_str());
  return !failed;
}

}  // namespace

bool MatchesTree(const CodeTree& tree, const std::string& root) {
  std::size_t matched = 0;
  const bool same = EachEntry(root, "", [&](const std::string& path, const struct stat& found) {
    const auto entry = tree.entries.find(path);
    if (entry != tree.entries.end()) {
      ++matched;
      return MatchesEntry(entry->second, root + "/" + path, found);
    }
    const auto below = tree.entries.lower_bound(path + "/");  // A folder that is there because of what is in it.
    return S_ISDIR(found.st_mode) && below != tree.entries.end() && below->first.starts_with(path + "/");
  });
  return same && matched == tree.entries.size();
}

Result<CodeStore> CodeStore::Open(const std::string& folder, std::uint64_t limit) {
  std::error_code failed;
  fs::create_directories(fs::path(folder).parent_path(), failed);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{FileError("cannot make", folder, errno).message + " (hint: --sync-dir DIR)"};
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return Error{folder + ": not a folder (hint: --sync-dir DIR)"};
  if (found.st_uid != ::geteuid() || (found.st_mode & 022) != 0)
    return Error{
        fmt::format("{}: others may write into it, and so run code here (hint: chmod 700 {})", folder, folder)};
  for (const char* part : {"/blobs", "/trees"})
    if (::mkdir((folder + part).c_str(), 0700) != 0 && errno != EEXIST)
      return FileError("cannot make", folder + part, errno);
  return CodeStore(folder, limit);
}

std::string CodeStore::BlobPath(const Digest& digest) const {
  const std::string name = Hex(digest);
  return folder_ + "/blobs/" + name.substr(0, 2) + "/" + name;
}

std::string CodeStore::IncomingPath() const { return fmt::format("{}/incoming.{}", folder_, ::getpid()); }

Result<CodeStore::Place> CodeStore::Claim(const CodeTree& tree) const {
  const std::string name = folder_ + "/trees/" + tree.digest();
  for (int copy = 0; copy < kMostCopies; ++copy) {
    const std::string path = fmt::format("{}-{}", name, copy);
    for (const int how : {LOCK_EX | LOCK_NB, LOCK_SH, LOCK_EX | LOCK_NB}) {
      auto lock = Lock(path + ".lock", how);
      if (!lock.ok()) return lock.error();
      if (!lock->valid()) continue;
      const bool ready = MatchesTree(tree, path);
      if (!ready && how == LOCK_SH) continue;  // Somebody's tests have changed it, or it could not be made.
      if (ready) Share(*lock);
      return Place{path, std::move(*lock), ready};
    }
  }
  return Error{fmt::format("{}: more than {} agents are in changed copies of this code", name, kMostCopies)};
}

std::map<Digest, std::uint64_t> CodeStore::Missing(const CodeTree& tree) const {
  std::set<Digest> have;
  std::map<Digest, std::uint64_t> sizes;
  for (const auto& [path, entry] : tree.entries) {
    if (entry.kind != CodeEntry::Kind::kFile || !sizes.emplace(entry.digest, entry.size).second) continue;
    const std::string blob = BlobPath(entry.digest);
    const auto stamp = StampOf(blob);
    if (!stamp || stamp->size != entry.size) continue;
    ::utimensat(AT_FDCWD, blob.c_str(), nullptr, 0);
    have.insert(entry.digest);
  }
  std::map<Digest, std::uint64_t> missing;
  for (const Digest& digest : tree.Missing(have)) missing[digest] = sizes[digest];
  return missing;
}

Status CodeStore::Take(const std::string& bundle, const std::map<Digest, std::uint64_t>& wanted) const {
  for (const auto& [digest, size] : wanted)
    ::mkdir(std::string(ParentPath(BlobPath(digest))).c_str(), 0700);  // If it fails, the writing says why.
  return ReadBundle(bundle, wanted, [this](const Digest& digest) { return BlobPath(digest); });
}

Status CodeStore::MakeFile(const CodeEntry& entry, const std::string& path) const {
  const std::string blob = BlobPath(entry.digest);
  const auto content = ReadFile(blob);
  if (!content.ok()) return content.error();
  if (Blake2b(content->text) != entry.digest) {
    ::unlink(blob.c_str());
    return Error{blob + " is damaged"};
  }
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return FileError("cannot write", path, errno);
  if (!WriteAll(fd.get(), content->text)) return FileError("cannot write", path, errno);
  // The owner can always read and write: the tree is to be removed one day, and root or not is no test's business.
  return ::fchmod(fd.get(), entry.mode | 0600) == 0 ? Ok() : Status(FileError("cannot set the mode of", path, errno));
}

Status CodeStore::Make(const CodeTree& tree, Place* place) const {
  const std::string draft = place->path + ".new";
  std::error_code failed;
  fs::remove_all(draft, failed);
  if (!fs::create_directory(draft, failed)) return Error{fmt::format("cannot make {}: {}", draft, failed.message())};
  for (const auto& [path, entry] : tree.entries) {
    const std::string at = draft + "/" + path;
    const bool is_folder = entry.kind == CodeEntry::Kind::kFolder;
    fs::create_directories(is_folder ? fs::path(at) : fs::path(at).parent_path(), failed);
    if (failed) return Error{fmt::format("cannot make {}: {}", at, failed.message())};
    if (entry.kind == CodeEntry::Kind::kFile) {
      if (const Status made = MakeFile(entry, at); !made.ok()) return made;
    } else if (!is_folder && ::symlink(entry.target.c_str(), at.c_str()) != 0) {
      return FileError("cannot make the link", at, errno);
    }
  }
  fs::remove_all(place->path, failed);
  if (!failed) fs::rename(draft, place->path, failed);
  if (failed) return Error{fmt::format("cannot make {}: {}", place->path, failed.message())};
  Share(place->lock);
  place->ready = true;
  return Ok();
}

void CodeStore::Prune() const {
  const auto is_old = [](std::int64_t used) { return WallSeconds() - static_cast<double>(used) / 1e9 > kKeepBlobs; };
  std::vector<Kept> all = ListKept(folder_);
  std::uint64_t total = 0;
  for (const Kept& one : all) total += one.size;
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  const auto outside = ListDirectory(folder_);
  for (const DirectoryEntry& entry : outside.ok() ? *outside : std::vector<DirectoryEntry>()) {
    const std::string path = folder_ + "/" + entry.name;  // A bundle that nobody came to read.
    if (const auto stamp = StampOf(path); stamp && is_old(stamp->modified)) ::unlink(path.c_str());
  }
  for (const Kept& one : all) {
    if (total <= limit_) return;
    if (one.is_tree ? RemoveTree(one.path) : is_old(one.used) && ::unlink(one.path.c_str()) == 0) total -= one.size;
  }
}

}  // namespace fastest
