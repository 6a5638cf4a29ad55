// The file system as discovery needs it: listings, stamps, whole files, and one file replaced at a time.
//
// Everything follows symbolic links, as pytest does. Nothing here throws; what cannot be read is an Error that names
// the file and the system's reason. Any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

// "cannot read /a/b: No such file or directory"; `error` is an errno.
Error FileError(std::string_view what, const std::string& path, int error);

// What tells one version of a file from another.
struct FileStamp {
  std::int64_t changed = 0;  // Nanoseconds since the epoch: st_ctime, since who copies a file may keep its st_mtime.
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // st_mtime: the file's age. Not compared.
  bool operator==(const FileStamp& other) const { return changed == other.changed && size == other.size; }
};

struct DirectoryEntry {
  enum class Kind : std::uint8_t { kFile, kDirectory, kOther };
  std::string name;
  Kind kind = Kind::kOther;
  bool link = false;
};

// Device and inode: the same for every path to one directory.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};

bool IsFile(const std::string& path);
bool IsDirectory(const std::string& path);
bool Exists(const std::string& path);
std::optional<FileIdentity> IdentityOf(const std::string& path);
// Nothing if `path` is no regular file.
std::optional<FileStamp> StampOf(const std::string& path);

// A file of /proc or /sys: what can be read of it. Whom it tells of may end meanwhile.
std::string ReadSystemFile(const std::string& path);

// In no order; without "." and "..". An entry whose kind can't be told (a dangling or looping link) is kOther.
Result<std::vector<DirectoryEntry>> ListDirectory(const std::string& path);

struct FileContents {
  std::string text;
  FileStamp stamp;
};
Result<FileContents> ReadFile(const std::string& path);

// All of it, however often it takes. False: not all, and errno says why.
bool WriteAll(int fd, std::string_view text);

// Replaces `path` by a file with `text` so that a reader sees the old or the new one, whole. Makes its directory.
Status WriteFileAtomically(const std::string& path, std::string_view text);

// Takes the advisory lock on `path`, waiting for it; it is held until the descriptor closes.
Result<UniqueFd> LockFile(const std::string& path);

// `path` made absolute against `base`, "." and ".." and doubled '/' taken out, links kept: os.path.abspath.
std::string AbsolutePath(std::string_view base, std::string_view path);
std::string_view ParentPath(std::string_view path);  // Of "/a/b": "/a"; of "/a" and "/": "/".
std::string_view BaseName(std::string_view path);
// Whether `path` is `directory` or below it.
bool IsWithin(std::string_view path, std::string_view directory);

}  // namespace fastest
