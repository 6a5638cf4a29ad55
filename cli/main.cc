// fastest: the first word says what to do; without a subcommand it runs tests.

#include <string>
#include <vector>

#include "cli/agent_command.h"
#include "cli/ci_command.h"
#include "cli/keygen_command.h"
#include "cli/merge_command.h"
#include "cli/run_command.h"
#include "cli/slurm_command.h"
#include "cli/ssh_command.h"
#include "cli/workers_command.h"

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const std::string first = words.empty() ? "" : words.front();
  const bool subcommand = first == "discover" || first == "coordinator" || first == "agent" || first == "keygen" ||
                          first == "ci" || first == "merge" || first == "ssh" || first == "slurm" || first == "workers";
  if (subcommand) words.erase(words.begin());
  if (first == "discover") return fastest::DiscoverCommand(words);
  if (first == "keygen") return fastest::KeygenCommand(words);
  if (first == "ci") return fastest::CiCommand(words);
  if (first == "merge") return fastest::MergeCommand(words);
  if (first == "ssh") return fastest::SshCommand(words);
  if (first == "slurm") return fastest::SlurmCommand(words);
  if (first == "workers") return fastest::WorkersCommand(words);
  if (first == "agent") return fastest::AgentCommand(words);
  return fastest::RunCommand(words, first == "coordinator");
}
