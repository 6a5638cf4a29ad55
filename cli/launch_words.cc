#include "cli/launch_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/machine.h"

namespace fastest {

Result<LaunchWords> SplitLaunchWords(const std::string& command, const std::vector<std::string>& words) {
  static const std::set<std::string> kOurs = {"--listen",     "--connect",         "--join-secret", "--key-file",
                                              "--allow-keys", "--coordinator-key", "--lifeline",    "--name"};
  LaunchWords split;
  const auto dashes = std::find(words.begin(), words.end(), "--");
  split.before.assign(words.begin(), dashes);
  split.help = TakeFlag("--help", &split.before) || TakeFlag("-h", &split.before);
  if (split.help) return split;
  if (dashes == words.end())
    return Error{
        fmt::format("{0}: \"--\" is missing before the run's options and paths (hint: fastest {0} --help)", command)};
  split.run.assign(dashes + 1, words.end());
  for (const std::string& word : split.run) {
    if (word == "--") break;  // What follows are paths.
    const std::string name = word.substr(0, word.find('='));
    if (kOurs.contains(name))
      return Error{fmt::format("{}: {} behind \"--\": how agents are reached and their keys are this command's own",
                               command, name)};
  }
  return split;
}

Result<std::string> TakeValue(const std::string& name, std::vector<std::string>* words) {
  std::string value;
  for (auto word = words->begin(); word != words->end();) {
    if (word->starts_with(name + "=")) {
      value = word->substr(name.size() + 1);
      word = words->erase(word);
    } else if (*word == name) {
      if (word + 1 == words->end()) return Error{name + ": a value is missing"};
      value = *(word + 1);
      word = words->erase(word, word + 2);
    } else {
      ++word;
    }
  }
  return value;
}

bool TakeFlag(const std::string& name, std::vector<std::string>* words) { return std::erase(*words, name) > 0; }

std::string OwnProgram() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

std::vector<std::string> PythonWords(const std::vector<std::string>& run) {
  const bool given = std::any_of(run.begin(), run.end(), [](const std::string& word) {
    return word == "--python" || word.starts_with("--python=");
  });
  const std::string active = Environment("VIRTUAL_ENV");
  if (given || active.empty()) return {};  // AgentWords takes it along.
  return {"--python", active + "/bin/python"};
}

std::string Describe(const LaunchPlan& plan) {
  std::string text;
  for (const Launch& launch : plan.launches) {
    const std::string endpoint =
        plan.listen.ends_with("*") ? plan.listen.substr(0, plan.listen.size() - 1) + "PORT" : plan.listen;
    text += ShellLine(launch.command(endpoint, 0)) + "\n";
  }
  return text;
}

}  // namespace fastest
