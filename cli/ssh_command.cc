#include "cli/ssh_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "cli/agent_words.h"
#include "cli/exit_code.h"
#include "cli/launch_words.h"
#include "cli/run_command.h"
#include "deploy/ssh_plan.h"

namespace fastest {
namespace {

constexpr const char* kSshHelp =
    R"(usage: fastest ssh HOST[,HOST...] [options] -- [fastest's options] [pytest's options] [paths | node ids]

Runs the suite on these hosts, with the coordinator here: it starts `fastest agent` on each by your own ssh (your
~/.ssh/config, agent and ControlMaster count), and ends them with the run. Each host needs the same code in the same
folder, fastest, and a Python with pytest; what differs is refused with its name.
A HOST is a name or alias, USER@HOST, HOST:PORT or [ADDRESS]:PORT. ssh must log in without a question.
  -n N                     workers on each host; default twice its processors
  --remote-dir DIR         where the code is at the hosts; default: the current directory
  --remote-fastest PATH    the program at the hosts; default: where it is here
  --remote-python PATH     the interpreter there; default: --python, then the active virtual environment's, then python3
  --listen ADDRESS[:PORT]  hosts connect to this address of this machine; default: through a tunnel of ssh (ssh -R), which
                           needs no open port
  --ssh-option WORD        a word for ssh, as often as you like: --ssh-option=-oProxyJump=gate
  --dry-run                print the ssh commands
Behind "--" stands what `fastest coordinator` takes, --with-agent for workers on this machine too.
Exit code: the run's; 4 if no host could be reached, 3 if the last one was lost before the end.
)";

struct SshWords {
  SshRequest request;
  std::vector<std::string> run;
  bool help = false;
  bool dry_run = false;
};

std::vector<std::string> TakeAll(const std::string& name, std::vector<std::string>* words) {
  std::vector<std::string> values;
  for (auto word = words->begin(); word != words->end();) {
    const bool apart = *word == name && word + 1 != words->end();
    if (!apart && !word->starts_with(name + "=")) {
      ++word;
      continue;
    }
    values.push_back(apart ? *(word + 1) : word->substr(name.size() + 1));
    word = words->erase(word, word + (apart ? 2 : 1));
  }
  return values;
}

// What is said of workers and the interpreter goes to both: the coordinator plans by it.
Status ReadWorkers(std::vector<std::string>* before, SshWords* read) {
  auto python = TakeValue("--remote-python", before);
  if (!python.ok()) return python.error();
  std::string workers;
  for (const char* name : {"-n", "--numprocesses"}) {
    auto value = TakeValue(name, before);
    if (!value.ok()) return value.error();
    if (!value->empty()) workers = *value;
  }
  // A run that goes on has its words from the journal.
  const bool goes_on = std::any_of(read->run.begin(), read->run.end(),
                                   [](const std::string& word) { return word.starts_with("--resume"); });
  if (!workers.empty() && !goes_on) read->run.insert(read->run.begin(), {"-n", workers});
  const std::vector<std::string> default_python = PythonWords(read->run), taken = AgentWords(read->run);
  std::vector<std::string>& words = read->request.agent_words;
  words = default_python;
  words.insert(words.end(), taken.begin(), taken.end());
  if (!workers.empty() && goes_on) words.insert(words.end(), {"-n", workers});
  if (!python->empty()) words.insert(words.end(), {"--python", *python});
  return Ok();
}

Result<SshWords> Read(const std::vector<std::string>& words) {
  auto split = SplitLaunchWords("ssh", words);
  if (!split.ok()) return split.error();
  SshWords read;
  read.help = split->help;
  if (read.help) return read;
  read.run = std::move(split->run);
  std::vector<std::string>& before = split->before;
  read.dry_run = TakeFlag("--dry-run", &before);
  read.request.ssh_options = TakeAll("--ssh-option", &before);
  if (const Status workers = ReadWorkers(&before, &read); !workers.ok()) return workers.error();
  std::error_code error;
  read.request.directory = std::filesystem::current_path(error).string();
  read.request.program = OwnProgram();
  std::string listen;
  const std::pair<const char*, std::string*> places[] = {
      {"--remote-dir", &read.request.directory}, {"--remote-fastest", &read.request.program}, {"--listen", &listen}};
  for (const auto& [name, place] : places) {
    auto value = TakeValue(name, &before);
    if (!value.ok()) return value.error();
    if (!value->empty()) *place = *value;
  }
  auto endpoint = ReadSshListen(listen);
  if (!endpoint.ok()) return endpoint.error();
  read.request.listen = *std::move(endpoint);
  if (before.empty()) return Error{"ssh: no hosts are given (hint: fastest ssh HOST,HOST -- tests)"};
  if (before.size() > 1)
    return Error{fmt::format("ssh: unknown argument {} (hint: the run's options stand behind \"--\")",
                             before[0].starts_with("-") ? before[0] : before[1])};
  auto hosts = ReadSshHosts(before[0]);
  if (!hosts.ok()) return hosts.error();
  read.request.hosts = *std::move(hosts);
  read.request.seed = std::random_device()();
  return read;
}

}  // namespace

int SshCommand(const std::vector<std::string>& words) {
  auto read = Read(words);
  if (!read.ok()) return Fail(read.error());
  if (read->help) return std::fputs(kSshHelp, stdout), 0;
  LaunchPlan plan = PlanSsh(read->request);
  if (read->dry_run) return std::fputs(Describe(plan).c_str(), stdout), 0;
  return LaunchingCommand(read->run, std::move(plan));
}

}  // namespace fastest
