// --persistent-workers: where the warm process of a run would be, and what it is told.
//
// A warm process stands in for the one that a run would start, so what the latter would have from this program
// (environment, user, limits, session …) and what decides which plugins it loads make up its name. Whatever differs
// there is another warm process; what has changed in the file system since it started is for itself to notice.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/python_process.h"
#include "agent/warm_process.h"
#include "base/result.h"
#include "cli/console.h"
#include "cli/invocation.h"

namespace fastest {

// The user's private folder of sockets: in XDG_RUNTIME_DIR if that can be written to, else in /tmp. It is made if it is
// not there. An Error if it is not private.
Result<std::string> WarmFolder();

// What WarmProcess needs. `process`: how the zygote would be started. `setup`: the run's SETUP. `tell`: see there.
Result<WarmOptions> MakeWarmOptions(const Invocation& invocation, const PythonOptions& process,
                                    const std::string& setup, std::function<void(const std::string&)> tell);

// With --persistent-workers: has the agent take its zygote from a warm process, where that can be; -v tells on
// `console` how it went. `attached`: the single worker has the terminal.
Status UseWarmProcess(const Invocation& invocation, const std::string& setup, bool attached, Console& console,
                      AgentOptions* agent);

// Whether a variable may differ between a warm process and a run: what terminals and shells count and remember.
bool MayDiffer(const std::string& name);

// Of the words of a command line, those that decide which plugins are loaded, and how; values as words of their own.
std::vector<std::string> PluginWords(const std::vector<std::string>& words);

}  // namespace fastest
