// Which words of a run's command line its agents get too, where one command starts both (fastest ci, ssh, slurm).

#pragma once

#include <string>
#include <vector>

namespace fastest {

// Of the words that a run gets, those that an agent takes, in order.
std::vector<std::string> AgentWords(const std::vector<std::string>& words);

}  // namespace fastest
