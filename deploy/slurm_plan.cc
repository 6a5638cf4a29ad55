// Why salloc and not `sbatch --wait`: the coordinator keeps the terminal (live status, Ctrl-C) and its exit code is
// salloc's; the output of a batch job would have to be read from a file, and Ctrl-C would leave the job behind. Who
// wants a batch job calls `fastest slurm` in its script: inside an allocation that one is used.
//
// Why the coordinator is not a step of srun: srun answers SIGTERM by killing its step at once, so no signal would let
// the run end in order. Agents need none: their standard input, which srun passes on, is their lifeline.

#include "deploy/slurm_plan.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace fastest {
namespace {

// Shorter than Slurm's KillWait (30 s), so that a drained agent has said what it has.
constexpr const char* kGrace = "20";

std::optional<std::uint32_t> NumberAtStart(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || number == 0) return std::nullopt;
  if (end != text.data() + text.size() && *end != '-') return std::nullopt;  // "2-4": at least 2.
  return number;
}

// What -N says among the user's words; nothing: it is not there.
std::optional<std::string> AskedNodes(const std::vector<std::string>& words) {
  std::optional<std::string> asked;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if ((word == "-N" || word == "--nodes") && i + 1 < words.size()) {
      asked = words[i + 1];
    } else if (word.starts_with("--nodes=")) {
      asked = word.substr(8);
    } else if (word.starts_with("-N") && word.size() > 2) {
      asked = word.substr(2);
    }
  }
  return asked;
}

std::string WhyStepIsGone(const std::string& directory, const std::string& program, int status,
                          const std::string& last) {
  if (!WIFEXITED(status)) return "srun was killed";
  const int code = WEXITSTATUS(status);
  constexpr const char* kShared = "(hint: the nodes need it at the same path: a shared file system, or the same image)";
  if (code == 0) return "";
  if (code == kNoFolder) return fmt::format("there is no folder {} on the nodes {}", directory, kShared);
  if (code == kNoProgram) return fmt::format("there is no program {} on the nodes {}", program, kShared);
  return fmt::format("srun ended with exit code {}{}{}", code, last.empty() ? "" : ": ", last);
}

}  // namespace

std::uint32_t CountEndedTasks(const std::string& line) {
  if (!line.starts_with("srun: error: ")) return 0;
  std::size_t at = line.find(": task");
  const std::size_t end = at == std::string::npos ? at : line.find(": ", at + 2);
  if (end == std::string::npos || line.compare(end, 9, ": Exited ") != 0) return 0;
  at = line.find(' ', at + 2) + 1;  // Behind "task" or "tasks".
  std::uint32_t count = 0;
  while (at < end) {
    const std::size_t comma = std::min(line.find(',', at), end);
    std::uint32_t first = 0, last = 0;
    const char* text = line.data() + at;
    const auto [stop, failed] = std::from_chars(text, line.data() + comma, first);
    if (failed != std::errc()) return 0;
    const bool range = stop != line.data() + comma;
    if (range && (*stop != '-' || std::from_chars(stop + 1, line.data() + comma, last).ec != std::errc())) return 0;
    if (range && last < first) return 0;
    count += range ? last - first + 1 : 1;
    at = comma + 1;
  }
  return count;
}

bool InAllocation(const SlurmEnvironment& environment) { return !environment("SLURM_JOB_ID").empty(); }

std::vector<std::string> SallocCommand(const std::vector<std::string>& slurm_words,
                                       const std::vector<std::string>& inner) {
  // --no-kill: a node that fails is a lost agent, not the end. --kill-command: scancel and the time limit reach the
  // coordinator, which then says what it has. The user's words come last: of two the last counts.
  std::vector<std::string> command = {"salloc", "--job-name=fastest", "--no-kill", "--kill-command=TERM"};
  command.insert(command.end(), slurm_words.begin(), slurm_words.end());
  command.insert(command.end(), inner.begin(), inner.end());
  return command;
}

Result<LaunchPlan> PlanSlurm(const SlurmRequest& request, const SlurmEnvironment& environment) {
  std::string nodes = environment("SLURM_JOB_NUM_NODES");
  const auto asked = AskedNodes(request.slurm_words);
  if (asked) nodes = *asked;
  const auto count = NumberAtStart(nodes);
  if (!count && asked) return Error{fmt::format("slurm: -N {}: a number of nodes is needed", nodes)};
  if (!count)
    return Error{fmt::format("slurm: SLURM_JOB_ID is set, but SLURM_JOB_NUM_NODES is \"{}\" (hint: -N NODES)", nodes)};
  LaunchPlan plan;
  plan.listen = request.listen.empty() ? "tcp://0.0.0.0:*" : request.listen;
  plan.missing = "Slurm's commands must be in PATH";
  plan.nobody = "no node is left";
  Launch launch;
  launch.label = "slurm";
  launch.agents = *count;
  launch.command = [=](const std::string& endpoint, int) {
    // --cpu-bind=none: an agent's workers share what the allocation has on the node, not the one core of one task.
    std::vector<std::string> words = {
        "srun",       "--job-name=fastest-agents", "--overlap",   "--no-kill",    "--wait=0", "--kill-on-bad-exit=0",
        "--mpi=none", "--cpu-bind=none",           "--input=all", "--export=ALL", "--label",  "--chdir=/"};
    if (!asked) words.push_back(fmt::format("--nodes={}", nodes));
    words.insert(words.end(), request.slurm_words.begin(), request.slurm_words.end());
    words.insert(words.end(), {fmt::format("--ntasks={}", *count), "--ntasks-per-node=1"});
    // Slurm says which address the nodes have reached this machine by.
    const std::string address = "${SLURM_LAUNCH_NODE_IPADDR:-" + request.host + "}";
    AgentScript script{request.directory, request.program, endpoint, {"--grace", kGrace}};
    if (request.listen.empty()) script.connect = fmt::format("tcp://{}:{}", address, PortOf(endpoint));
    for (const std::string& word : request.agent_words) script.words.push_back(ShellQuoted(word));
    words.insert(words.end(), {"sh", "-c", TextOf(script)});
    return words;
  };
  // Of a Slurm without a plugin for it; what is asked for holds there anyway.
  launch.judge = [](const std::string& line, int) {
    return line.ends_with("lacks support for cpu binding") ? Verdict::kIgnore : Verdict::kGoOn;
  };
  launch.losses = CountEndedTasks;
  launch.why = [request](int status, const std::string& last) {
    return WhyStepIsGone(request.directory, request.program, status, last);
  };
  plan.launches.push_back(std::move(launch));
  return plan;
}

}  // namespace fastest
