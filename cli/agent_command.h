// `fastest agent --connect …`: works for a coordinator elsewhere until it says stop.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: the command line behind "agent". Returns the exit code (docs/manual/many-machines.md): never one of the
// outcomes 1 to 3 or 5.
int AgentCommand(const std::vector<std::string>& words);

}  // namespace fastest
