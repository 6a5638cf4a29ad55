#include "cli/k8s_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file_system.h"
#include "base/machine.h"
#include "cli/agent_command.h"
#include "cli/ci_command.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/run_command.h"
#include "deploy/pod_log.h"
#include "protocol/event.h"

namespace fastest {
namespace {

struct PodWords {
  std::string agents, coordinator;
  std::vector<std::string> rest;
};

PodWords Split(const std::vector<std::string>& words) {
  PodWords split;
  for (const std::string& word : words) {
    if (word.starts_with("--agents=") && split.agents.empty()) {
      split.agents = word.substr(9);
    } else if (word.starts_with("--coordinator=") && split.coordinator.empty()) {
      split.coordinator = word.substr(14);
    } else {
      split.rest.push_back(word);
    }
  }
  return split;
}

// What lies in the folder, by name.
void LogReports(const std::string& folder) {
  auto entries = ListDirectory(folder);
  if (!entries.ok()) return Console().Complain(entries.error().message);
  std::sort(entries->begin(), entries->end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  Console console;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != DirectoryEntry::Kind::kFile || !IsReportName(entry.name)) continue;
    const auto file = ReadFile(folder + "/" + entry.name);
    if (!file.ok()) {
      console.Complain(file.error().message);
      continue;
    }
    console.Write(LogLinesOf(entry.name, file->text));
    console.Flush();
  }
}

}  // namespace

int K8sPodCommand(const std::vector<std::string>& words) {
  const std::string index = Environment("JOB_COMPLETION_INDEX");
  const bool coordinator = index == "0" || index.empty();
  const auto fail = [&](const std::string& why) {
    Console().Complain(why);
    return coordinator ? kUsage : kRefused;
  };
  const PodWords split = Split(words);
  if (index.empty() || split.agents.empty() || split.coordinator.empty())
    return fail(
        "k8s pod: JOB_COMPLETION_INDEX, --agents=N or --coordinator=HOST:PORT is missing (this is what the pods of "
        "fastest k8s manifest run)");
  std::vector<std::string> job = {"--index=" + index, "--total=" + split.agents, "--connect=" + split.coordinator};
  job.insert(job.end(), split.rest.begin(), split.rest.end());
  auto become = CiWords(job, [](const char*) { return std::string(); });
  if (!become.ok()) return fail(become.error().message);
  become->erase(become->begin());  // "coordinator" or "agent".
  if (!coordinator) return AgentCommand(*become);

  Options options;
  if (const Status scanned = ScanOptions(split.rest, true, &options); !scanned.ok())
    return fail(scanned.error().message);
  const std::string reports = fmt::format("{}/reports/{}", options.state_dir, options.run_id);
  std::error_code failed;
  std::filesystem::create_directories(reports, failed);
  if (failed) return fail(fmt::format("k8s pod: cannot make {}: {}", reports, failed.message()));
  const int exit_code = RunCommand(*become, true);
  if (exit_code != kDrained) LogReports(reports);
  return exit_code;
}

}  // namespace fastest
