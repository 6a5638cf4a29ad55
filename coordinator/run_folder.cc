#include "coordinator/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/append_file.h"
#include "base/file_system.h"
#include "base/machine.h"
#include "coordinator/journal_record.h"
#include "coordinator/state_folder.h"

namespace fastest {
namespace {

constexpr std::size_t kMostFinished = 5;
constexpr double kMostAge = 7.0 * 24 * 3600;  // Seconds.
constexpr std::size_t kMostListed = 10;
constexpr std::size_t kLongestId = 128;

struct FormerRun {
  std::string run_id;
  double written = 0;  // Seconds since the epoch.
  std::optional<int> exit_code;
};

// The last bytes of a file; "" if it can't be read.
std::string ReadTail(const std::string& path, std::size_t size) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const off_t end = fd.valid() ? ::lseek(fd.get(), 0, SEEK_END) : -1;
  if (end < 0) return "";
  std::string tail(std::min(size, static_cast<std::size_t>(end)), '\0');
  const ssize_t got = ::pread(fd.get(), tail.data(), tail.size(), end - static_cast<off_t>(tail.size()));
  tail.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return tail;
}

// The newest first.
std::vector<FormerRun> ListRuns(const std::string& state) {
  std::vector<FormerRun> runs;
  const auto entries = ListDirectory(state + "/runs");
  if (!entries.ok()) return runs;
  for (const DirectoryEntry& entry : *entries) {
    const RunFolder folder(state, entry.name);
    const auto stamp = StampOf(folder.journal());
    if (!stamp) continue;
    runs.push_back({entry.name, static_cast<double>(stamp->modified) * 1e-9,
                    ClosedExitCode(ReadTail(folder.journal(), kJournalTail))});
  }
  std::sort(runs.begin(), runs.end(), [](const FormerRun& a, const FormerRun& b) { return a.written > b.written; });
  return runs;
}

}  // namespace

RunFolder::RunFolder(const std::string& state, const std::string& run_id)
    : state_(state), run_id_(run_id), path_(state + "/runs/" + run_id) {}

bool RunFolder::Exists() const { return IsFile(journal()); }

bool RunFolder::IsUnfinished() const { return Exists() && !ClosedExitCode(ReadTail(journal(), kJournalTail)); }

Status RunFolder::Lock(bool* busy) {
  *busy = false;
  if (const Status made = MakeStateFolder(state_); !made.ok()) return made;
  if (const Status made = MakeFolder(path_); !made.ok()) return made;
  auto attempt = TryLockFile(path_ + "/lock", fmt::format("pid {} on {}", ::getpid(), HostName()));
  if (!attempt.ok()) return attempt.error();
  if (!attempt->held.valid()) {
    *busy = true;
    const std::string holder = attempt->holder.empty() ? "another process" : attempt->holder;
    return Error{fmt::format("run {} is being coordinated by {}", run_id_, holder)};
  }
  lock_ = std::move(attempt->held);
  return Ok();
}

void RunFolder::Remove() { RemoveFolder(path_); }

bool IsRunId(const std::string& run_id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !run_id.empty() && run_id.size() <= kLongestId && run_id != "." && run_id != ".." &&
         std::all_of(run_id.begin(), run_id.end(), allowed);
}

std::string DescribeRuns(const std::string& state) {
  const std::vector<FormerRun> runs = ListRuns(state);
  std::string text;
  for (std::size_t i = 0; i < std::min(runs.size(), kMostListed); ++i) {
    text += (i == 0 ? "" : ", ") + runs[i].run_id;
    text += runs[i].exit_code ? fmt::format(" (finished, exit code {})", *runs[i].exit_code) : " (unfinished)";
  }
  if (runs.size() > kMostListed) text += fmt::format(" and {} older", runs.size() - kMostListed);
  return text.empty() ? "none" : text;
}

void RemoveOldRuns(const std::string& state, double wall) {
  std::size_t finished = 0;
  for (const FormerRun& run : ListRuns(state)) {
    const bool old = run.exit_code ? ++finished > kMostFinished : wall - run.written > kMostAge;
    RunFolder folder(state, run.run_id);
    bool busy = false;
    if (old && folder.Lock(&busy).ok()) folder.Remove();
  }
}

}  // namespace fastest
