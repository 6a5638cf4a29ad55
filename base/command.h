// A program that is run to its end for what it writes. Blocks; any thread.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace fastest {

struct CommandOutput {
  std::string out;  // Standard output, and …
  std::string err;  // … standard error: its first 64 KiB.
  int status = 0;   // As waitpid gives it.
};

// `argv[0]` is looked for in PATH; standard input is empty. An Error: it could not be started.
Result<CommandOutput> RunCommand(const std::vector<std::string>& argv, const std::string& directory);

}  // namespace fastest
