// `fastest merge`: the reports of a run's shards as one run's.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: what follows "merge". The exit code: the run's own; 3 where the shards are not one whole run; 4 for a usage
// error.
int MergeCommand(const std::vector<std::string>& words);

}  // namespace fastest
