// `fastest workers list|stop`: the warm processes of this user (--persistent-workers).

#pragma once

#include <string>
#include <vector>

namespace fastest {

// `words`: what follows "workers". list: one line each. stop: ends those of the project in the working directory, or
// with
// --all all of them; runs under way go on. 0, or 4 for a usage error.
int WorkersCommand(const std::vector<std::string>& words);

}  // namespace fastest
