// `fastest keygen`: makes the keys that links between machines need.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: [--out DIR] [--join-secret]. Returns the exit code: 0, or 4 for what can't be done.
int KeygenCommand(const std::vector<std::string>& words);

}  // namespace fastest
