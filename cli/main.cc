// fastest: the first word says what to do; without a subcommand it runs tests.

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/agent_command.h"
#include "cli/ci_command.h"
#include "cli/help_text.h"
#include "cli/k8s_command.h"
#include "cli/keygen_command.h"
#include "cli/merge_command.h"
#include "cli/run_command.h"
#include "cli/slurm_command.h"
#include "cli/ssh_command.h"
#include "cli/workers_command.h"

namespace {

struct Subcommand {
  std::string_view name;
  int (*run)(const std::vector<std::string>& words);
  bool helps = false;  // Its --help is its own.
};

constexpr Subcommand kSubcommands[] = {
    {"agent", fastest::AgentCommand},
    {"ci", fastest::CiCommand},
    {"coordinator", [](const std::vector<std::string>& words) { return fastest::RunCommand(words, true); }, true},
    {"discover", fastest::DiscoverCommand},
    {"k8s", fastest::K8sCommand},
    {"keygen", fastest::KeygenCommand},
    {"merge", fastest::MergeCommand},
    {"slurm", fastest::SlurmCommand, true},
    {"ssh", fastest::SshCommand, true},
    {"workers", fastest::WorkersCommand},
};

bool AsksForHelp(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (const Subcommand& subcommand : kSubcommands) {
    if (words.empty() || words.front() != subcommand.name) continue;
    words.erase(words.begin());
    if (!subcommand.helps && AsksForHelp(words))
      return std::fputs(fastest::HelpTextOf(subcommand.name).c_str(), stdout), 0;
    return subcommand.run(words);
  }
  return fastest::RunCommand(words, false);
}
