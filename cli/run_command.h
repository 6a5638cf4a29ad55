// `fastest [options] [paths]` and `fastest coordinator`: one run, from the command line to the exit code.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: the command line without the program's name and subcommand. `coordinator`: no agent of its own.
int RunCommand(const std::vector<std::string>& words, bool coordinator);

// `fastest discover [paths]`: the static list.
int DiscoverCommand(const std::vector<std::string>& words);

}  // namespace fastest
