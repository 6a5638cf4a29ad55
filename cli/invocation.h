// Invocation: everything that is known of a run before a process is started. Values; read once, at the start.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "cli/resume.h"
#include "cli/sharding.h"
#include "discovery/pytest_config.h"

namespace fastest {

struct Invocation {
  Options options;
  PytestGuess guess;
  PytestConfig config;
  std::string directory;
  std::uint32_t workers = 1;        // Of the run, as planned.
  std::uint32_t agent_workers = 1;  // Of the agent in this process.
  std::vector<std::string> words;
  std::string options_digest;  // Of the options that don't come from the command line.
  bool journal = false;        // One is kept.
  std::optional<Resumption> resumption;
  std::optional<ToldShard> told_shard;  // Of the run that is resumed: its cut, though history may have changed.
};

// From the sources of options, weakest first: [tool.fastest], addopts, PYTEST_ADDOPTS, the command line (`words`,
// without the program's name and subcommand). The working directory is the process's.
Result<Invocation> ReadInvocation(const std::vector<std::string>& words);

// What --resume leads to: the words, the place and the way of collecting are those of the journal. Changes the
// process's working directory to where the run was begun.
Result<Invocation> ResumedInvocation(const Invocation& asked);

// Where history and journals are kept: --state-dir, else .fastest in the root directory, else (a tree that can't be
// written) the user's cache.
std::string StateFolder(const Invocation& invocation);

}  // namespace fastest
