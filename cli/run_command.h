// `fastest [options] [paths]` and `fastest coordinator`: one run, from the command line to the exit code.

#pragma once

#include <string>
#include <vector>

#include "deploy/launch.h"

namespace fastest {

// `words`: the command line without the program's name and subcommand. `coordinator`: no agent of its own.
int RunCommand(const std::vector<std::string>& words, bool coordinator);

// A coordinator that brings its agents up itself (fastest ssh, fastest slurm). `words`: as for `fastest coordinator`,
// without --listen and keys, which are the plan's and the run's own.
int LaunchingCommand(const std::vector<std::string>& words, LaunchPlan plan);

// `fastest discover [paths]`: the static list.
int DiscoverCommand(const std::vector<std::string>& words);

}  // namespace fastest
