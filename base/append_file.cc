#include "base/append_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/file_system.h"

namespace fastest {
namespace {

constexpr mode_t kPrivate = 0600;
// A lock file that is removed while we wait for it is made again, so many times.
constexpr int kMostRemovals = 10;

bool IsStillThere(int fd, const std::string& path) {
  struct stat ours {
  }, named{};
  return ::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

std::string ReadStart(int fd) {
  char text[256];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "";
}

}  // namespace

Result<AppendFile> AppendFile::Open(const std::string& path, std::uint64_t keep) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kPrivate));
  if (!fd.valid()) return FileError("cannot write", path, errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(keep)) != 0) return FileError("cannot cut", path, errno);
  return AppendFile(std::move(fd), path, keep);
}

Status AppendFile::Write(std::string_view text) {
  const std::uint64_t before = size_;
  while (!text.empty()) {
    const ssize_t written = ::write(fd_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (::ftruncate(fd_.get(), static_cast<off_t>(before)) == 0) size_ = before;
      return FileError("cannot write", path_, error);
    }
    size_ += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok();
}

Duration AppendFile::Sync() {
  const Time start = Now();
  ::fdatasync(fd_.get());  // A disk that fails here fails the next Write or loses what a power cut would lose.
  return Now() - start;
}

Result<LockAttempt> TryLockFile(const std::string& path, std::string_view holder) {
  for (int attempt = 0; attempt < kMostRemovals; ++attempt) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivate));
    if (!fd.valid()) return FileError("cannot open", path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return LockAttempt{UniqueFd(), ReadStart(fd.get())};
      if (errno == EINTR) continue;
      return FileError("cannot lock", path, errno);
    }
    if (!IsStillThere(fd.get(), path)) continue;  // Its folder was removed between our two calls.
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), holder.data(), holder.size(), 0) < 0) {
      // A full disk: the lock holds all the same, only its holder's name is missing.
    }
    return LockAttempt{std::move(fd), ""};
  }
  return Error{"cannot lock " + path + ": it is removed again and again"};
}

}  // namespace fastest
