// TreePaths: where a tree lies here and where it lies at each agent that fetched it (--sync).
//
// What an agent's pytest says of itself before tests run (READY, warnings) is told as if it were said here, since the
// plan and the counting of equal warnings depend on it; what goes to agents beside node ids (roots for sys.path) names
// their paths. Reports of tests are left as they are: their paths are the agent's. Pure; one thread.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/message.h"

namespace fastest {

class TreePaths {
 public:
  // `root`: of the tree, `rootdir`: what pytest takes for its root directory, both here.
  TreePaths(std::string root, std::string rootdir) : root_(std::move(root)), rootdir_(std::move(rootdir)) {}

  void FromAgent(AgentId agent, AgentMessage* message);
  void ToAgent(AgentId agent, CoordinatorMessage* message) const;

 private:
  void Learn(AgentId agent, Ready* ready);

  std::string root_;
  std::string rootdir_;
  std::map<AgentId, std::string> theirs_;  // The tree's root at agents where it is another.
};

// Words of a command line that name places below `root`, absolutely (a path, or behind "="), made relative to
// `directory`, which is below `root` too: so they mean the same in a copy of the tree.
std::vector<std::string> RelativeWords(std::vector<std::string> words, const std::string& root,
                                       const std::string& directory);

}  // namespace fastest
