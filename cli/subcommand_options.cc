#include "cli/subcommand_options.h"

#include <fmt/format.h>

#include <map>

namespace fastest {
namespace {

enum class Whose { kCoordinators, kAgents, kBoth };

const std::map<std::string, Whose>& Owners() {
  static const std::map<std::string, Whose> kOwners = {
      {"--listen", Whose::kCoordinators},
      {"--expect-agents", Whose::kCoordinators},
      {"--min-agents", Whose::kCoordinators},
      {"--agents-timeout", Whose::kCoordinators},
      {"--with-agent", Whose::kCoordinators},
      {"--leave-on-term", Whose::kCoordinators},
      {"--allow-keys", Whose::kCoordinators},
      {"--allow-skew", Whose::kCoordinators},
      {"--duplicate-tail", Whose::kCoordinators},
      {"--sync", Whose::kCoordinators},
      {"--connect", Whose::kAgents},
      {"--lifeline", Whose::kAgents},
      {"--grace", Whose::kAgents},
      {"--orphan-timeout", Whose::kAgents},
      {"--coordinator-key", Whose::kAgents},
      {"--sync-dir", Whose::kAgents},
      {"--name", Whose::kBoth},
      {"--join-secret", Whose::kBoth},
      {"--key-file", Whose::kBoth},
      {"--sync-limit", Whose::kBoth},
  };
  return kOwners;
}

// A coordinator may be given what only its agents heed: the jobs of a CI run have one command line.
bool Takes(const std::string& subcommand, const std::string& option, Whose whose) {
  if (whose == Whose::kBoth) return !subcommand.empty();
  if (subcommand == "agent") return whose == Whose::kAgents;
  return subcommand == "coordinator" && option != "--connect" && option != "--lifeline";
}

}  // namespace

Status CheckSubcommand(const Options& options, const std::string& subcommand) {
  for (const std::string& option : options.given) {
    const auto known = Owners().find(option);
    if (known == Owners().end() || Takes(subcommand, option, known->second)) continue;
    const char* const owner = known->second == Whose::kCoordinators ? "coordinator" : "agent";
    if (known->second == Whose::kBoth)
      return Error{fmt::format("{}: only fastest coordinator and fastest agent take it", option)};
    return Error{fmt::format("{}: only fastest {} takes it (hint: fastest {} {} ...)", option, owner, owner, option)};
  }
  return Ok();
}

}  // namespace fastest
