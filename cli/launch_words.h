// The command line of `fastest ssh` and `fastest slurm`: what is said about machines stands before "--", the run after.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/launch.h"

namespace fastest {

struct LaunchWords {
  std::vector<std::string> before;
  std::vector<std::string> run;
  bool help = false;  // --help or -h before "--".
};

// `command`: "ssh" or "slurm". An Error where there is no "--", or where the run's words say what the command itself
// decides (where to listen, keys).
Result<LaunchWords> SplitLaunchWords(const std::string& command, const std::vector<std::string>& words);

// Takes an option with a value ("--name VALUE", "--name=VALUE") from `words`, wherever it stands; of several the last
// one counts. "" if it is not there; an Error if its value is missing.
Result<std::string> TakeValue(const std::string& name, std::vector<std::string>* words);
// Likewise one without a value.
bool TakeFlag(const std::string& name, std::vector<std::string>* words);

// The path of this program.
std::string OwnProgram();

// The Python that agents are to use, as words: what --python says, else that of the active virtual environment.
std::vector<std::string> PythonWords(const std::vector<std::string>& run);

// The plan's commands, one a line, as a shell would read them.
std::string Describe(const LaunchPlan& plan);

}  // namespace fastest
