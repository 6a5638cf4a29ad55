// `fastest ci`: one command for every job of a parallel CI run. It becomes another command of fastest: the coordinator
// and an agent for the jobs of a network (--connect), else a shard of the run.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/ci_environment.h"

namespace fastest {

// The words of the command that this job is to be, without "fastest". `words`: what follows "ci".
Result<std::vector<std::string>> CiWords(const std::vector<std::string>& words, const EnvironmentLookup& lookup);

// Becomes that command; returns only on an error (4). `--dry-run` prints it instead.
int CiCommand(const std::vector<std::string>& words);

}  // namespace fastest
