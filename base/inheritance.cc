#include "base/inheritance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "base/file_system.h"

namespace fastest {
namespace {

constexpr int kOfProcess = 1;  // IOPRIO_WHO_PROCESS, which older headers do not have.

// What of /proc/self/status is handed down.
bool IsHandedDown(std::string_view line) {
  constexpr std::string_view kNames[] = {
      "Umask:",  "Uid:",    "Gid:",        "Groups:",  "CapInh:",       "CapPrm:",      "CapEff:",
      "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "Cpus_allowed:", "Mems_allowed:"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return line.starts_with(name); });
}

// The session counts where it has a terminal: a process of another one cannot open /dev/tty.
std::string Terminal() {
  const std::string stat = ReadSystemFile("/proc/self/stat");
  const std::size_t close = stat.rfind(')');
  int session = 0, terminal = 0;
  if (close == std::string::npos ||
      std::sscanf(stat.c_str() + close + 1, " %*c %*d %*d %d %d", &session, &terminal) != 2 || terminal == 0)
    return "none";
  return fmt::format("{} {}", session, terminal);
}

}  // namespace

std::string InheritedState() {
  std::string text;
  std::istringstream status(ReadSystemFile("/proc/self/status"));
  for (std::string line; std::getline(status, line);)
    if (IsHandedDown(line)) text += line + '\n';
  text += ReadSystemFile("/proc/self/limits") + ReadSystemFile("/proc/self/cgroup") +
          ReadSystemFile("/proc/self/oom_score_adj");
  text += fmt::format("nice {} scheduler {} io {} personality {} terminal {}\n", ::getpriority(PRIO_PROCESS, 0),
                      ::sched_getscheduler(0), ::syscall(SYS_ioprio_get, kOfProcess, 0), ::personality(0xffffffff),
                      Terminal());
  struct stat folder {};  // Its path may be another one's by now.
  if (::stat(".", &folder) == 0) text += fmt::format("folder {} {}\n", folder.st_dev, folder.st_ino);
  std::error_code failed;
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children", "user", "uts"})
    text += std::filesystem::read_symlink(fmt::format("/proc/self/ns/{}", name), failed).string() + '\n';
  return text + std::filesystem::read_symlink("/proc/self/root", failed).string() + '\n';
}

std::vector<int> InheritedFds() {
  std::vector<int> inherited;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename();
    int fd = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec != std::errc() || fd <= 2) continue;
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) inherited.push_back(fd);
  }
  std::sort(inherited.begin(), inherited.end());
  return inherited;
}

}  // namespace fastest
