#include "deploy/source_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "base/byte_size.h"
#include "base/command.h"
#include "base/file_system.h"
#include "base/unique_fd.h"

namespace fastest {
namespace {

// Never sent, whether or not git names them. The last is where `fastest keygen` puts secrets.
constexpr std::array<std::string_view, 8> kNeverSent = {".git",     ".hg",           ".svn",        ".jj",
                                                        ".fastest", ".pytest_cache", "__pycache__", "fastest-keys"};
// Not sent where no git says what belongs to the project.
constexpr std::array<std::string_view, 5> kCaches = {".mypy_cache", ".ruff_cache", ".tox", ".nox", "node_modules"};

template <typename Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

// Whether a repository of git holds `root`.
bool IsInRepository(std::string root) {
  for (;; root = ParentPath(root)) {
    if (Exists(root + "/.git")) return true;
    if (root == "/") return false;
  }
}

// What git lists below `root`/`folder`, and in the repositories below that (submodules and others).
Status AddGitFiles(const std::string& root, const std::string& folder, std::set<std::string>* files) {
  const auto listed =
      RunCommand({"git", "ls-files", "-co", "--exclude-standard", "-z"}, folder.empty() ? root : root + "/" + folder);
  if (!listed.ok())
    return Error{fmt::format("--sync: {} (git tells which files belong to the project; hint: install it)",
                             listed.error().message)};
  if (listed->status != 0)
    return Error{
        fmt::format("--sync: git ls-files in {} failed: {}", root, listed->err.substr(0, listed->err.find('\n')))};
  const std::string& text = listed->out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    std::string path = Join(folder, text.substr(begin, end - begin));
    begin = end + 1;
    if (path.ends_with('/')) path.pop_back();
    struct stat found {};
    const bool is_folder = ::lstat((root + "/" + path).c_str(), &found) == 0 && S_ISDIR(found.st_mode);
    if (!is_folder) {
      files->insert(path);
    } else if (Exists(root + "/" + path + "/.git")) {
      if (const Status below = AddGitFiles(root, path, files); !below.ok()) return below;
    }
  }
  return Ok();
}

class Reader {
 public:
  Reader(std::string root, const std::set<std::string>& skip, std::uint64_t limit)
      : root_(std::move(root)), skip_(skip), limit_(limit) {}

  // `files`: those that are wanted; nothing: all but caches.
  Status Read(std::optional<std::set<std::string>> files) {
    files_ = std::move(files);
    return ReadFolder("");
  }

  // Digests come last: what is too much is not read for nothing.
  Status ReadContents() {
    if (tree.size() > limit_)
      return Error{
          fmt::format("--sync: the project has {} of files, more than --sync-limit allows ({}); the biggest: {} "
                      "(hint: .gitignore what tests do not need, or --sync-limit SIZE)",
                      SizeText(tree.size()), SizeText(limit_), tree.BiggestFiles(5))};
    for (auto& [path, entry] : tree.entries) {
      if (entry.kind != CodeEntry::Kind::kFile) continue;
      const auto file = ReadFile(root_ + "/" + path);
      if (!file.ok()) return Error{"--sync: " + file.error().message};
      entry.size = file->text.size();
      entry.digest = Blake2b(file->text);
    }
    return Ok();
  }

  CodeTree tree;

 private:
  Status ReadFolder(const std::string& folder) {
    auto entries = ListDirectory(folder.empty() ? root_ : root_ + "/" + folder);
    if (!entries.ok()) return Error{"--sync: " + entries.error().message};
    if (entries->empty() && !folder.empty()) {
      tree.entries[folder].kind = CodeEntry::Kind::kFolder;
      return Ok();
    }
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = Join(folder, entry.name);
      if (Has(kNeverSent, entry.name) || entry.name.ends_with(".pyc") || skip_.contains(root_ + "/" + path)) continue;
      struct stat found {};
      if (::lstat((root_ + "/" + path).c_str(), &found) != 0) continue;  // It has just gone.
      if (S_ISDIR(found.st_mode)) {
        if (!IsWanted(path, entry.name)) continue;
        if (const Status below = ReadFolder(path); !below.ok()) return below;
      } else if (!files_ || files_->contains(path)) {
        if (const Status added = Add(path, found); !added.ok()) return added;
      }
    }
    return Ok();
  }

  // Whether to look into a folder: with git, where it has a file there; what is empty is kept, too.
  bool IsWanted(const std::string& path, const std::string& name) const {
    if (!files_) return !Has(kCaches, name) && !Exists(root_ + "/" + path + "/pyvenv.cfg");
    const auto first = files_->lower_bound(path + "/");
    if (first != files_->end() && first->starts_with(path + "/")) return true;
    const auto entries = ListDirectory(root_ + "/" + path);
    return entries.ok() && std::all_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
             return entry.kind == DirectoryEntry::Kind::kDirectory && !entry.link;
           });
  }

  Status Add(const std::string& path, const struct stat& found) {
    CodeEntry entry;
    if (S_ISLNK(found.st_mode)) {
      entry.kind = CodeEntry::Kind::kLink;
      std::array<char, 4096> target;
      const ssize_t size = ::readlink((root_ + "/" + path).c_str(), target.data(), target.size());
      if (size > 0) entry.target.assign(target.data(), static_cast<std::size_t>(size));
      if (const std::string problem = LinkProblem(path, entry.target); !problem.empty())
        return Error{fmt::format("--sync: {} {} (to {}; hint: .gitignore it)", path, problem, entry.target)};
    } else if (S_ISREG(found.st_mode)) {
      entry.mode = found.st_mode & 0777;
      entry.size = static_cast<std::uint64_t>(found.st_size);
    } else {
      return Ok();  // A socket, a FIFO, a device: nothing that a checkout has.
    }
    tree.entries[path] = std::move(entry);
    return Ok();
  }

  const std::string root_;
  const std::set<std::string>& skip_;
  const std::uint64_t limit_;
  std::optional<std::set<std::string>> files_;
};

}  // namespace

Result<CodeTree> ReadSourceTree(const std::string& root, const std::set<std::string>& skip, std::uint64_t limit) {
  std::optional<std::set<std::string>> files;
  if (IsInRepository(root)) {
    files.emplace();
    if (const Status listed = AddGitFiles(root, "", &*files); !listed.ok()) return listed.error();
  }
  Reader reader(root, skip, limit);
  if (const Status read = reader.Read(std::move(files)); !read.ok()) return read.error();
  if (const Status read = reader.ReadContents(); !read.ok()) return read.error();
  auto tree = CodeTree::Parse(reader.tree.Text());  // By the rules that agents hold it against.
  if (!tree.ok()) return Error{"--sync: " + tree.error().message};
  return tree;
}

}  // namespace fastest
