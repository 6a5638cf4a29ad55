// The keys of this process's link: from files or the environment, never from the command line (docs/security.md).

#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "protocol/curve_keys.h"

namespace fastest {

// Nothing where no key and no secret is given. What stands in the environment is wiped from it, so that no test sees
// it. Call before there are threads.
Result<std::optional<CoordinatorKeys>> ReadCoordinatorKeys(const NetworkWords& words);
Result<std::optional<AgentKeys>> ReadAgentKeys(const NetworkWords& words);

// The file's text, if nobody but its owner (and a group, to read) can get at it; else an Error with the command that
// puts it right. Kubernetes' mounted Secrets and read-only mounts are taken as they are.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace fastest
