#include "cli/slurm_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/machine.h"
#include "cli/agent_words.h"
#include "cli/exit_code.h"
#include "cli/launch_words.h"
#include "cli/run_command.h"
#include "deploy/slurm_plan.h"

namespace fastest {
namespace {

constexpr const char* kSlurmHelp =
    R"(usage: fastest slurm -N NODES [options of salloc] -- [fastest's options] [pytest's options] [paths | node ids]
       fastest slurm [options of srun] -- ...            inside an allocation (a batch script)

Runs the suite on the nodes of one Slurm allocation: salloc gets it, the coordinator runs here, srun starts one
`fastest agent` on each node. The nodes need the code, fastest and Python at the same paths: a shared file system, or the
same image. Everything before "--" is Slurm's, save:
  --listen tcp://ADDRESS:PORT  where the nodes reach the coordinator; default: any port, at the address that srun has
  --dry-run                    print the command
Workers are -n N behind "--", else twice the processors that the allocation has on a node: with neither -c nor
--exclusive Slurm gives one.
Inside an allocation (SLURM_JOB_ID is set) that one is used: so does a batch script, `sbatch -N4 -c8 --wrap "fastest
slurm -- tests"`.
Exit code: the run's, also after scancel (2); 4 if no node could begin, 3 if the last one was lost before the end.
)";

// Returns only the exit code of an error.
int Become(std::vector<std::string> command) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  return Fail(Error{
      fmt::format("slurm: cannot start {}: {} (hint: Slurm's commands must be in PATH; fastest ssh needs only ssh)",
                  command[0], std::strerror(errno))});
}

std::string Lookup(const char* name) { return Environment(name); }

}  // namespace

int SlurmCommand(const std::vector<std::string>& words) {
  auto split = SplitLaunchWords("slurm", words);
  if (!split.ok()) return Fail(split.error());
  if (split->help) return std::fputs(kSlurmHelp, stdout), 0;
  const bool dry_run = TakeFlag("--dry-run", &split->before);
  auto listen = TakeValue("--listen", &split->before);
  if (!listen.ok()) return Fail(Error{"slurm: " + listen.error().message});
  if (!listen->empty() && !listen->starts_with("tcp://"))
    return Fail(Error{"slurm: --listen: allowed is tcp://ADDRESS:PORT"});

  if (!InAllocation(Lookup)) {
    std::vector<std::string> inner = {OwnProgram(), "slurm"};
    if (!listen->empty()) inner.insert(inner.end(), {"--listen", *listen});
    inner.emplace_back("--");
    inner.insert(inner.end(), split->run.begin(), split->run.end());
    const std::vector<std::string> command = SallocCommand(split->before, inner);
    if (!dry_run) return Become(command);
    return std::fputs((ShellLine(command) + "\n").c_str(), stdout), 0;
  }
  SlurmRequest request;
  request.slurm_words = std::move(split->before);
  request.listen = *std::move(listen);
  request.host = HostName();
  std::error_code error;
  request.directory = std::filesystem::current_path(error).string();
  request.program = OwnProgram();
  request.agent_words = AgentWords(split->run);
  auto plan = PlanSlurm(request, Lookup);
  if (!plan.ok()) return Fail(plan.error());
  if (dry_run) return std::fputs(Describe(*plan).c_str(), stdout), 0;
  return LaunchingCommand(split->run, *std::move(plan));
}

}  // namespace fastest
