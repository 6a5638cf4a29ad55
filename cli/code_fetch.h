// An agent's side of --sync: gets the coordinator's code, if it is not here already, and goes to it.

#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "cli/options.h"
#include "protocol/curve_keys.h"
#include "protocol/message.h"

namespace fastest {

// Code that is here.
struct FetchedCode {
  std::string digest;  // Of the tree: what the agent says that it has.
  UniqueFd lock;       // Keeps it, as long as it is open.
};

// How fetching ended without code: the agent's exit code and why, or (again) that it should begin anew.
struct FetchEnd {
  std::optional<int> exit_code;
  std::string why;
};

// `offer`: what the coordinator refused this agent with. The process's working directory is then the run's, in the
// tree. Talks to the coordinator in a session of its own. Blocks; SIGTERM ends it.
std::variant<FetchedCode, FetchEnd> FetchCode(const Refused& offer, const Options& options,
                                              const std::optional<AgentKeys>& keys);

}  // namespace fastest
