#include "cli/help_text.h"

#include <fmt/format.h>

namespace fastest {

std::string HelpText() {
  return R"(usage: fastest [options] [pytest's options] [paths | node ids]
       fastest discover [--parser ast|regex] [--no-cache] [paths]
       fastest coordinator --listen tcp://HOST:PORT [--with-agent] [--expect-agents N] [options] [paths]
       fastest [coordinator] --resume ID
       fastest agent --connect tcp://HOST:PORT [-n N|auto]
       fastest workers list | stop [--all]
       fastest keygen [--join-secret] [--out DIR]
       fastest ssh HOST,HOST... [options] -- [options] [paths]
       fastest slurm -N NODES [options of salloc] -- [options] [paths]
       fastest k8s manifest|run [--image IMAGE] [--agents N] [options] -- [options] [paths]
       fastest ci [--index I --total N] [--connect HOST[:PORT]] [options] [paths]
       fastest merge [--junitxml FILE] [--report-log FILE] [--json FILE] [--history FILE] [--coverage FILE] FOLDER...

Runs a pytest suite unchanged, with pytest's own outcomes, in parallel. Options of fastest:
  -n N|auto|logical        workers; default twice the usable processors; 0 or 1: one, in pytest's order
  --maxprocesses N         at most so many
  --dist MODE              load (default), loadfile, loadscope, loadgroup, worksteal
  --optimizer O            standard (weighted batches, files kept whole), optimized (--batch-size), aggressive
  --batch-size N           items of a batch for --optimizer optimized (50)
  --collect MODE           auto (default), file (each file by the worker that runs it), whole (all in one process)
  --parser P               ast (default) or regex: how tests are found before Python is up
  --no-cache               do not use the caches of discovery and of bytecode
  --python PYTHON          the interpreter; default: the active virtual environment, then python3
  --report-log FILE        pytest-reportlog's JSON lines
  --json FILE              one JSON document about the run (docs/json.md)
  --hang-timeout SECONDS   kill a worker whose test takes longer, with all its children
  --max-worker-restart N   give up after so many lost workers; default four times the workers
  --worker-memory-limit S  replace a worker between batches when its own memory is above S (512M, 2G)
  --state-dir DIR          where history and journals are kept; default .fastest in the root directory
  --run-id ID, --journal   keep a journal of the run (under its id): what it has got survives a kill
  --resume ID              go on with a run from its journal: only what has no result runs
  --retries N              run a failed test up to N times more; --retry-delay SECONDS before each
  --fail-on-flaky          end with 1 if a test passed only on a retry
  --shard K/N|auto         only the K-th of N parts; --shard-report FOLDER leaves what fastest merge joins
  --history FILE           durations to plan and cut by, instead of the project's own
  --annotations WHERE      auto (default), github, none
  --no-fast-protocol       run every item through pytest's own protocol hook
  --diff-budget SECONDS    CPU time for one diff of a failed comparison (5), then a unified diff; 0: pytest's own, unlimited
  --persistent-workers     keep a Python with pytest and its plugins loaded for the next run of this project
  --worker-idle-timeout S  it ends when no run has come for so many seconds (900); --warm-memory-limit MIB (1024)
  --collect-only --static  list the tests without Python
Of fastest coordinator and fastest agent (docs/manual/many-machines.md):
  --expect-agents N        begin when N agents are there (1)
  --min-agents N           after a minute so many are enough
  --agents-timeout SECONDS give up when there was no agent, or not all expected, for so long (600)
  --with-agent             the coordinator is an agent too
  --duplicate-tail         when nothing is left to hand out, start the last tests at a second agent, too
  --leave-on-term          SIGTERM ends the coordinator (143), not the run: agents wait for one that resumes it
  --allow-skew KINDS       what agents may differ in: code,python,platform,pytest,plugins
  --sync                   coordinator: give agents the code that they do not have
  --sync-dir DIR           agent: where such code is kept; default ~/.cache/fastest/sync
  --sync-limit SIZE        how much may be given (512M), how much an agent keeps (4G)
  --name NAME              the agent's name in reports; default: the host's
  --grace SECONDS          what running tests get after SIGTERM (30)
  --orphan-timeout SECONDS an agent ends when the coordinator has been silent for so long (120)
  --lifeline               agent: its standard input is the join secret (a line); it ends when that input does
  --join-secret FILE       a secret that both sides share; or FASTEST_JOIN_SECRET[_FILE]
  --key-file FILE          this side's own key (fastest keygen); or FASTEST_KEY[_FILE]
  --allow-keys FILE        coordinator: the agents' public keys; or FASTEST_ALLOW_KEYS_FILE
  --coordinator-key KEY    agent: the coordinator's public key, or a file; or FASTEST_COORDINATOR_KEY
  --version                fastest's version

Everything else goes to pytest, whose own help follows.
)";
}

std::string HelpTextOf(std::string_view subcommand) {
  const std::string all = HelpText();
  std::string text = "usage:";
  for (std::size_t at = 0, end = 0; (end = all.find('\n', at)) > at; at = end + 1) {
    const std::string line = all.substr(at, end - at);
    if (line.find(fmt::format(" fastest {} ", subcommand)) != std::string::npos)
      text += (text == "usage:" ? " " : "       ") + line.substr(line.find("fastest")) + "\n";
  }
  if (subcommand == "agent") {
    const auto options = all.find("Of fastest coordinator");
    text += "\n" + all.substr(options, all.find("  --version") - options);
  }
  return text + "\nfastest --help tells of everything else.\n";
}

}  // namespace fastest
