// The processes that belong to a worker, and their end.
//
// A test may start processes that leave the worker's tree: by a double fork they become the agent's children (it is
// their subreaper; of a zygote that a warm process has forked it is a reaper of its own), whatever session they are in.
// Such an orphan is known by what it inherited: a started program by the environment, a mere fork by the mapping of the
// worker's ring.

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/process.h"

namespace fastest {

struct TreeMarks {
  pid_t root = 0;           // The worker; 0 or dead: only the others are sought.
  std::string environment;  // "PYTEST_XDIST_WORKER=gw3", see StartedWith; empty: not sought.
  std::string mapping;      // The ring's name, see HasMapped; empty: not sought.
  pid_t reaper = 0;         // Whose children orphans become; 0: this process's.
};

// The worker itself, if it lives, its descendants, its orphans and theirs. `spare`: processes that are none of them.
// `known`: found earlier; those that still live count, wherever they are now.
std::vector<ProcessEntry> FindTree(const TreeMarks& marks, const std::vector<pid_t>& spare,
                                   const std::vector<ProcessEntry>& known = {});

// Kills them all and returns whom. They are stopped first, so that none forks away meanwhile.
std::vector<pid_t> KillTree(const TreeMarks& marks, const std::vector<pid_t>& spare,
                            const std::vector<ProcessEntry>& known = {});

}  // namespace fastest
