#include "cli/agent_words.h"

#include <set>

namespace fastest {

std::vector<std::string> AgentWords(const std::vector<std::string>& words) {
  static const std::set<std::string> kTakes = {"-n",
                                               "--numprocesses",
                                               "--python",
                                               "--hang-timeout",
                                               "--name",
                                               "--grace",
                                               "--join-secret",
                                               "--max-worker-restart",
                                               "--worker-memory-limit",
                                               "--orphan-timeout",
                                               "--key-file",
                                               "--coordinator-key",
                                               "--sync-dir"};
  std::vector<std::string> taken;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].starts_with("-n") && words[i].size() > 2 && words[i][1] != '-'
                                 ? "-n"
                                 : words[i].substr(0, words[i].find('='));
    if (!kTakes.contains(name)) continue;
    taken.push_back(words[i]);
    if (words[i] == name && i + 1 < words.size()) taken.push_back(words[++i]);
  }
  return taken;
}

}  // namespace fastest
