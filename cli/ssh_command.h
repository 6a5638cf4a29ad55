// `fastest ssh HOSTS … -- …`: one run over hosts that the user's own ssh reaches (docs/manual/many-machines.md).

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: what follows "ssh". Returns the run's exit code; 4 too where no host could be reached.
int SshCommand(const std::vector<std::string>& words);

}  // namespace fastest
