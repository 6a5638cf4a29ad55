#include "agent/process_tree.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace fastest {
namespace {

constexpr int kMostLooks = 100;
constexpr std::string_view kStill = "TtZXx";  // Stopped, or dead.

bool IsOrphanOf(const TreeMarks& marks, const ProcessEntry& process) {
  const pid_t reaper = marks.reaper != 0 ? marks.reaper : ::getpid();
  if (process.parent != reaper || process.state == 'Z') return false;
  return (!marks.environment.empty() && StartedWith(process.pid, marks.environment)) ||
         (!marks.mapping.empty() && HasMapped(process.pid, marks.mapping));
}

bool IsOneOf(const std::vector<ProcessEntry>& known, const ProcessEntry& process) {
  return std::any_of(known.begin(), known.end(),
                     [&](const ProcessEntry& one) { return one.pid == process.pid && one.start == process.start; });
}

}  // namespace

std::vector<ProcessEntry> FindTree(const TreeMarks& marks, const std::vector<pid_t>& spare,
                                   const std::vector<ProcessEntry>& known) {
  const std::vector<ProcessEntry> all = ListProcesses();
  std::vector<ProcessEntry> tree;
  std::vector<pid_t> roots;
  for (const ProcessEntry& process : all) {
    if (std::find(spare.begin(), spare.end(), process.pid) != spare.end()) continue;
    if (process.pid == marks.root || IsOneOf(known, process) || IsOrphanOf(marks, process)) {
      tree.push_back(process);
      roots.push_back(process.pid);
    }
  }
  for (const ProcessEntry& process : DescendantsOf(all, roots)) tree.push_back(process);
  return tree;
}

std::vector<pid_t> KillTree(const TreeMarks& marks, const std::vector<pid_t>& spare,
                            const std::vector<ProcessEntry>& known) {
  std::set<pid_t> stopped;
  // Until a look finds nobody new and begins when everybody is still: who has not stopped yet may be in the midst of a
  // fork. Bounded: what forks faster than we stop it is killed as far as it is known.
  bool was_still = false;
  for (int look = 0; look < kMostLooks; ++look) {
    const std::size_t before = stopped.size();
    bool is_still = true;
    for (const ProcessEntry& process : FindTree(marks, spare, known)) {
      if (stopped.insert(process.pid).second) ::kill(process.pid, SIGSTOP);
      is_still = is_still && kStill.find(process.state) != std::string_view::npos;
    }
    if (stopped.size() == before && was_still) break;
    was_still = is_still && stopped.size() == before;
    if (!is_still) ::usleep(1000);
  }
  for (const pid_t pid : stopped) ::kill(pid, SIGKILL);
  return {stopped.begin(), stopped.end()};
}

}  // namespace fastest
