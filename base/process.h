// Processes of this machine: starting them with chosen descriptors, learning of their end, finding all that descend
// from one.
//
// A process's end is learnt from a pidfd (readable: it has ended) in the event loop, its status from Reap. No signal
// handler is installed. Processes are named by pid: a pid of ours stays valid until it is reaped.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

struct SpawnOptions {
  struct PlacedFd {
    int fd;  // Of ours; stays open here.
    int as;  // Its number in the new process.
  };
  std::vector<std::string> argv;                                 // argv[0] is looked for in PATH.
  std::vector<std::pair<std::string, std::string>> environment;  // Replaces or adds to ours.
  std::string directory;                                         // Empty: ours.
  std::vector<PlacedFd> fds;                                     // Others follow if they are not close-on-exec.
  bool own_group = false;  // A process group of its own: the terminal's Ctrl-C does not reach it.
};

// Starts a program. Signals are at their defaults and unblocked in it.
Result<pid_t> Spawn(const SpawnOptions& options);

// A descriptor that is readable once the process has ended. Invalid if there is no such process.
UniqueFd OpenPidFd(pid_t pid);

// The wait status of an ended child, which is thereby forgotten by the system; nothing while it runs or if it is not
// our child.
std::optional<int> Reap(pid_t pid);

// Forgets the ended children of a process group, except those in `spare`: orphans that were handed to us.
void ReapGroup(pid_t group, const std::vector<pid_t>& spare);

// "exit status 3", "SIGSEGV", for a wait status.
std::string DescribeStatus(int status);

// From now on, orphaned descendants become our children instead of the system's init.
void BecomeSubreaper();

struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  std::uint64_t start = 0;  // In clock ticks since boot: with the pid, names a process for good.
  char state = '?';         // 'Z': ended, not reaped.
};

// All processes that /proc shows.
std::vector<ProcessEntry> ListProcesses();

// The children of `roots` and theirs and so on, without the roots.
std::vector<ProcessEntry> DescendantsOf(const std::vector<ProcessEntry>& all, const std::vector<pid_t>& roots);

// Whether the process was started with this in its environment: "NAME=value", or "NAME=" for any value.
bool StartedWith(pid_t pid, const std::string& variable);

// Whether a file whose name contains `name` is mapped in the process: children by fork share their parent's mappings.
bool HasMapped(pid_t pid, const std::string& name);

}  // namespace fastest
