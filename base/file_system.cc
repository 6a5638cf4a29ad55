#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fastest {
namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

FileStamp Stamp(const struct stat& found) {
  return {Nanoseconds(found.st_ctim), static_cast<std::uint64_t>(found.st_size), Nanoseconds(found.st_mtim)};
}

bool Stat(const std::string& path, struct stat& found) { return ::stat(path.c_str(), &found) == 0; }

DirectoryEntry::Kind KindOf(int directory, const dirent& entry) {
  if (entry.d_type == DT_REG) return DirectoryEntry::Kind::kFile;
  if (entry.d_type == DT_DIR) return DirectoryEntry::Kind::kDirectory;
  struct stat found {};
  if (::fstatat(directory, entry.d_name, &found, 0) != 0) return DirectoryEntry::Kind::kOther;
  if (S_ISREG(found.st_mode)) return DirectoryEntry::Kind::kFile;
  return S_ISDIR(found.st_mode) ? DirectoryEntry::Kind::kDirectory : DirectoryEntry::Kind::kOther;
}

}  // namespace

Error FileError(std::string_view what, const std::string& path, int error) {
  return Error{std::string(what) + " " + path + ": " + std::strerror(error)};
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool IsFile(const std::string& path) {
  struct stat found {};
  return Stat(path, found) && S_ISREG(found.st_mode);
}

bool IsDirectory(const std::string& path) {
  struct stat found {};
  return Stat(path, found) && S_ISDIR(found.st_mode);
}

bool Exists(const std::string& path) {
  struct stat found {};
  return Stat(path, found);
}

std::optional<FileIdentity> IdentityOf(const std::string& path) {
  struct stat found {};
  if (!Stat(path, found)) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino};
}

std::optional<FileStamp> StampOf(const std::string& path) {
  struct stat found {};
  if (!Stat(path, found) || !S_ISREG(found.st_mode)) return std::nullopt;
  return Stamp(found);
}

Result<std::vector<DirectoryEntry>> ListDirectory(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return FileError("cannot list", path, errno);
  std::vector<DirectoryEntry> entries;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), KindOf(::dirfd(directory), *entry), entry->d_type == DT_LNK});
  }
  ::closedir(directory);
  return entries;
}

Result<FileContents> ReadFile(const std::string& path) {
  // Not blocking: a FIFO that is named like a test file must not hold us.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return FileError("cannot read", path, errno);
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return FileError("cannot read", path, errno);
  if (!S_ISREG(found.st_mode)) return Error{"cannot read " + path + ": not a regular file"};
  FileContents contents;
  contents.stamp = Stamp(found);
  contents.text.resize(contents.stamp.size);
  std::size_t have = 0;
  while (have < contents.text.size()) {
    const ssize_t got = ::read(fd.get(), contents.text.data() + have, contents.text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("cannot read", path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  contents.text.resize(have);
  return contents;
}

std::string ReadSystemFile(const std::string& path) {
  std::string text;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char piece[4096];
  for (ssize_t got = 0; fd.valid() && (got = ::read(fd.get(), piece, sizeof piece)) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

Status WriteFileAtomically(const std::string& path, std::string_view text) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  const std::string draft = path + "." + std::to_string(::getpid()) + ".new";
  {
    const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.valid()) return FileError("cannot write", draft, errno);
    if (!WriteAll(fd.get(), text)) {
      const int error = errno;
      ::unlink(draft.c_str());
      return FileError("cannot write", draft, error);
    }
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return FileError("cannot replace", path, errno);
  return Ok();
}

Result<UniqueFd> LockFile(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return FileError("cannot open", path, errno);
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return FileError("cannot lock", path, errno);
  return fd;
}

std::string AbsolutePath(std::string_view base, std::string_view path) {
  std::string joined;
  if (!path.starts_with('/')) joined.append(base).push_back('/');
  joined.append(path);
  std::vector<std::string_view> parts;
  const std::string_view all = joined;
  for (std::size_t begin = 0; begin <= all.size();) {
    const std::size_t end = std::min(all.find('/', begin), all.size());
    const std::string_view part = all.substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string clean;
  for (const std::string_view part : parts) clean.append("/").append(part);
  return clean.empty() ? "/" : clean;
}

std::string_view ParentPath(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? std::string_view("/") : path.substr(0, slash);
}

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsWithin(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace fastest
