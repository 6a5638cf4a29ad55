// `fastest k8s pod`: what the pods of a run do. Index 0 becomes coordinator and agent, the others agents.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: --agents N, --coordinator HOST:PORT, then those of a run. Which index this is says JOB_COMPLETION_INDEX.
// Index 0 writes its reports to the log before it ends, and returns the run's exit code, or 143: another one goes on.
// Others return what an agent returns, which is never 1 to 6.
int K8sPodCommand(const std::vector<std::string>& words);

}  // namespace fastest
