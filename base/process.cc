#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string_view>

#include "base/file_system.h"

extern char** environ;

namespace fastest {
namespace {

std::vector<std::string> MergedEnvironment(const std::vector<std::pair<std::string, std::string>>& additions) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced =
        std::any_of(additions.begin(), additions.end(), [&](const auto& a) { return a.first == name; });
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : additions) merged.push_back(name + '=' + value);
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& one : strings) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  return pointers;
}

// posix_spawn's two argument objects, freed together.
struct SpawnArguments {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnArguments() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnArguments(const SpawnArguments&) = delete;
  SpawnArguments& operator=(const SpawnArguments&) = delete;
  ~SpawnArguments() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  void SetAttributes(bool own_group) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    const int group = own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
};

std::optional<ProcessEntry> ParseStat(const std::string& text) {
  // "pid (name) state ppid pgrp session …": the name may hold spaces and parentheses, so that we start after the last.
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  ProcessEntry entry;
  unsigned long long start = 0;
  const int taken = std::sscanf(text.c_str() + close + 1,
                                " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                                &entry.state, &entry.parent, &entry.group, &start);
  if (taken != 4) return std::nullopt;
  entry.start = start;
  return entry;
}

}  // namespace

Result<pid_t> Spawn(const SpawnOptions& options) {
  SpawnArguments arguments;
  arguments.SetAttributes(options.own_group);
  // Placed through copies above all of them: a target number may be another one's source.
  int highest = 0;
  for (const auto& placed : options.fds) highest = std::max(highest, placed.as);
  std::vector<UniqueFd> copies;
  for (const auto& placed : options.fds) {
    copies.emplace_back(::fcntl(placed.fd, F_DUPFD_CLOEXEC, highest + 1));
    if (!copies.back().valid())
      return Error{fmt::format("cannot copy a descriptor: {} (ulimit -n)", ::strerror(errno))};
    posix_spawn_file_actions_adddup2(&arguments.actions, copies.back().get(), placed.as);
  }
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&arguments.actions, options.directory.c_str());
  }
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv.at(0).c_str(), &arguments.actions, &arguments.attributes,
                                    Pointers(argv).data(), Pointers(environment).data());
  if (failed != 0) return Error{fmt::format("cannot start {}: {}", options.argv[0], ::strerror(failed))};
  return pid;
}

UniqueFd OpenPidFd(pid_t pid) { return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

std::optional<int> Reap(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  return status;
}

void ReapGroup(pid_t group, const std::vector<pid_t>& spare) {
  while (true) {
    siginfo_t ended{};
    if (::waitid(P_PGID, static_cast<id_t>(group), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (ended.si_pid == 0 || std::find(spare.begin(), spare.end(), ended.si_pid) != spare.end()) return;
    Reap(ended.si_pid);
  }
}

std::string DescribeStatus(int status) {
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (!WIFSIGNALED(status)) return fmt::format("wait status {}", status);
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", WTERMSIG(status));
}

void BecomeSubreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

std::vector<ProcessEntry> ListProcesses() {
  std::vector<ProcessEntry> all;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/proc", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    if (auto parsed = ParseStat(ReadSystemFile("/proc/" + name + "/stat"))) {
      parsed->pid = pid;
      all.push_back(*parsed);
    }
  }
  return all;
}

std::vector<ProcessEntry> DescendantsOf(const std::vector<ProcessEntry>& all, const std::vector<pid_t>& roots) {
  std::set<pid_t> parents(roots.begin(), roots.end());
  std::vector<ProcessEntry> found;
  for (bool grown = true; grown;) {
    grown = false;
    for (const ProcessEntry& one : all) {
      if (parents.contains(one.pid) || !parents.contains(one.parent)) continue;
      parents.insert(one.pid);
      found.push_back(one);
      grown = true;
    }
  }
  return found;
}

bool StartedWith(pid_t pid, const std::string& variable) {
  // In the midst of an exec a process has no environment to show; who has none at all costs us this patience.
  std::string found;
  for (int look = 0; look < 100 && found.empty(); ++look) {
    if (look > 0) ::usleep(2000);
    found = ReadSystemFile(fmt::format("/proc/{}/environ", pid));
  }
  const std::string text = '\0' + found;
  const std::string end = variable.ends_with('=') ? "" : std::string(1, '\0');
  return text.find('\0' + variable + end) != std::string::npos;
}

bool HasMapped(pid_t pid, const std::string& name) {
  return ReadSystemFile(fmt::format("/proc/{}/maps", pid)).find(name) != std::string::npos;
}

}  // namespace fastest
