// `fastest slurm … -- …`: one run over the nodes of a Slurm allocation (docs/manual/many-machines.md).

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: what follows "slurm". Outside an allocation it becomes salloc, which calls it again. Returns the run's exit
// code.
int SlurmCommand(const std::vector<std::string>& words);

}  // namespace fastest
