// Which subcommand an own option belongs to: without it the option would say nothing, and another run would begin.

#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace fastest {

// `subcommand`: "coordinator", "agent" or "" for a run of this machine alone. The Error names the option's own.
Status CheckSubcommand(const Options& options, const std::string& subcommand);

}  // namespace fastest
