// What `fastest slurm` runs: salloc outside an allocation, the agents' srun inside one. Pure: the environment is handed
// in.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/launch.h"

namespace fastest {

struct SlurmRequest {
  std::vector<std::string> slurm_words;  // The user's, for salloc or srun.
  std::string listen;                    // --listen, "": any address and port.
  std::string host;                      // This machine's name.
  std::string directory;
  std::string program;
  std::vector<std::string> agent_words;
};

// A variable's value, "" where it is not set.
using SlurmEnvironment = std::function<std::string(const char* name)>;

// Whether this process is inside an allocation already.
bool InAllocation(const SlurmEnvironment& environment);

// The salloc command that runs `inner` in a new allocation.
std::vector<std::string> SallocCommand(const std::vector<std::string>& slurm_words,
                                       const std::vector<std::string>& inner);

// How many tasks a line of srun says have ended badly: "srun: error: n[1,3-4]: tasks 0,2-3: Exited with exit code 78".
std::uint32_t CountEndedTasks(const std::string& line);

// One launch, of one agent a node of the allocation. An Error: the environment does not say how many nodes there are.
Result<LaunchPlan> PlanSlurm(const SlurmRequest& request, const SlurmEnvironment& environment);

}  // namespace fastest
