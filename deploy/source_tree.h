// What of a project is sent to agents: read from this machine's disk.
//
// Where git looks after the files: those that it tracks and those that it does not ignore, submodules included. Else
// all but caches and virtual environments. Folders that are empty are kept, links are kept as links. Blocks; one
// thread.

#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "deploy/code_tree.h"

namespace fastest {

// `skip`: absolute paths (of files or folders) that are left out. `limit`: bytes of all files together.
// An Error names what can't be sent: a link that leaves the root, a file that can't be read, the biggest files where
// there is too much.
Result<CodeTree> ReadSourceTree(const std::string& root, const std::set<std::string>& skip, std::uint64_t limit);

}  // namespace fastest
