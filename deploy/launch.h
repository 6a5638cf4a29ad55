// Launch: how a local process (ssh, srun) brings agents up elsewhere. Plain values, made by ssh_plan and slurm_plan,
// carried out by LaunchedAgents. Pure; no thread, no process.
//
// The process runs `fastest agent --lifeline` at its far end: the first line on its standard input is the join secret,
// and the end of that input is the agents' end. So nothing that this machine starts outlives the coordinator, however
// that ends, and no secret stands on a command line or in an environment.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fastest {

// What AgentScript ends with instead of an agent: never an exit code of an agent or of a run.
constexpr int kNoFolder = 66;    // EX_NOINPUT
constexpr int kNoProgram = 127;  // As a shell's.

enum class Verdict {
  kGoOn,
  kIgnore,  // Nobody need see it.
  kAgain,   // This attempt can't succeed, another one may.
  kGiveUp,  // None can.
};

struct Launch {
  std::string label;         // Stands before each line that the process writes: "build1".
  std::uint32_t agents = 1;  // So many come from it, if all goes well.
  // The command, when it is known where the coordinator listens ("tcp://127.0.0.1:4711"). `attempt`: from 0.
  std::function<std::vector<std::string>(const std::string& endpoint, int attempt)> command;
  // What a line that it wrote means for it. May be empty.
  std::function<Verdict(const std::string& line, int attempt)> judge;
  // How many of its agents a line that it wrote says are gone, for good. May be empty: none before its end.
  std::function<std::uint32_t(const std::string& line)> losses;
  // Why its agents are gone, for a person: the wait status, and the last line that it wrote. "": in order.
  std::function<std::string(int status, const std::string& last_line)> why;
  // What to run when it has ended (same arguments as `command`; its output is dropped). May be empty.
  std::function<std::vector<std::string>(const std::string& endpoint, int attempt)> tidy;
};

// The launches of a run, and what they share.
struct LaunchPlan {
  std::vector<Launch> launches;
  std::string listen;   // Where the coordinator is to listen: "tcp://127.0.0.1:*".
  std::string missing;  // What to install if a command is not there: "install the OpenSSH client".
  std::string nobody;   // Begins the line that says that there is no agent left: "no host is left".
};

// One word for a POSIX shell, and a command of several.
std::string ShellQuoted(const std::string& word);
std::string ShellLine(const std::vector<std::string>& words);

// The script (for `sh -c`) that becomes the agent at the far end, or says what is missing there and ends with one of
// the codes above. `directory` and `program` are quoted here; `connect` and `words` are not: they may hold variables of
// that shell.
struct AgentScript {
  std::string directory;
  std::string program;
  std::string connect;
  std::vector<std::string> words;
};
std::string TextOf(const AgentScript& script);

// The number behind the last ':' of an endpoint, as text.
std::string PortOf(const std::string& endpoint);

}  // namespace fastest
