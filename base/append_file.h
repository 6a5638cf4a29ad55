// AppendFile: a file that only grows at its end, and a lock that names its holder.
//
// What Write() has taken survives this process (the system has it); what was there at the last Sync() survives a power
// cut. Errors name the file and the system's reason. One thread a file.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace fastest {

class AppendFile {
 public:
  // Opens or makes the file (0600) and cuts it to its first `keep` bytes.
  static Result<AppendFile> Open(const std::string& path, std::uint64_t keep);

  // Adds the whole text. On an Error the file ends where it ended before, where the system allows it.
  Status Write(std::string_view text);
  // Waits until what was written is on the disk. Returns how long that took.
  Duration Sync();
  const std::string& path() const { return path_; }

 private:
  AppendFile(UniqueFd fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  UniqueFd fd_;
  std::string path_;
  std::uint64_t size_ = 0;
};

// A lock that was taken, or who has it.
struct LockAttempt {
  UniqueFd held;       // Invalid: another process has it. Closing it, or the process's end, gives it up.
  std::string holder;  // What the other one wrote when it took it.
};

// Takes the advisory lock on `path` (made if need be) if nobody has it, and leaves `holder` in it for others to read.
Result<LockAttempt> TryLockFile(const std::string& path, std::string_view holder);

}  // namespace fastest
