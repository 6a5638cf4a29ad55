// Options: what the command line says to fastest itself, and what it leaves to pytest.
//
// Own options are taken out by exact name; everything else goes to the hosted pytest verbatim, so that plugins' and
// conftests' options work. The same scan reads addopts and PYTEST_ADDOPTS (for -n and --dist above all), whose words
// pytest reads by itself.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace fastest {

// Of `fastest coordinator` and `fastest agent` (docs/manual/many-machines.md).
struct NetworkWords {
  std::string listen;   // coordinator
  std::string connect;  // agent
  std::uint32_t expect_agents = 1;
  std::uint32_t min_agents = 0;  // 0: as many as expect_agents.
  double agents_timeout = 600;   // Seconds.
  bool with_agent = false;       // The coordinator is an agent too.
  bool leave_on_term = false;    // SIGTERM ends the coordinator, not the run: another one goes on with it.
  std::string name;              // Of the agent.
  double grace = 30;             // Seconds that running tests have after SIGTERM.
  double orphan_timeout = 120;   // Seconds.
  bool lifeline = false;         // The agent ends with its standard input, whose first line is the join secret.
  std::string secret;            // A join secret that was made for this run; never from the command line.
  std::string join_secret;       // Path.
  std::string key_file;          // Path.
  std::string coordinator_key;   // The public key, hex, or a path of a file that holds it.
  std::string allow_keys;        // Path.
  std::set<std::string> allow_skew;
  bool sync = false;                        // The coordinator gives its code to agents.
  std::string sync_dir;                     // Of an agent: where that is kept.
  std::optional<std::uint64_t> sync_limit;  // Bytes: that are given, that are kept.
};
constexpr std::uint64_t kMostSentCode = std::uint64_t{512} << 20;
constexpr std::uint64_t kMostKeptCode = std::uint64_t{4} << 30;

struct Options {
  // ---- own ----
  std::optional<std::uint32_t> workers;  // -n; 0 and 1: one worker. Unset: the default.
  bool workers_auto = false;             // -n auto|logical: as many as processors.
  std::optional<std::uint32_t> max_processes;
  std::string dist = "load";           // load|loadfile|loadscope|loadgroup|worksteal|no|each
  std::string optimizer = "standard";  // standard|optimized|aggressive
  std::uint32_t batch_size = 50;
  std::string parser = "ast";    // ast|regex
  std::string collect = "auto";  // auto|file|whole
  std::string python;
  bool cache = true;
  std::string report_log;
  std::string json;
  std::optional<double> hang_timeout;  // Seconds; 0: none.
  std::optional<int> max_worker_restart;
  std::optional<std::uint64_t> worker_memory_limit;  // Bytes.
  std::string state_dir;
  bool static_only = false;  // --static with --collect-only
  std::string run_id;
  std::string testrun_uid;  // --testrunuid of pytest-xdist; "": the run's id.
  std::string resume;       // --resume RUN
  bool journal = false;     // --journal
  int handover = -1;  // The descriptor where the pytest process waits that handed its run to us; it reports. -1: none.
  NetworkWords network;
  bool fast_protocol = true;        // --no-fast-protocol
  double diff_budget = 5;           // Seconds of CPU time for one diff of a failure; 0: diffs are left to Python alone.
  bool persistent_workers = false;  // --persistent-workers
  double worker_idle_timeout = 900;        // Seconds.
  std::uint32_t warm_memory_limit = 1024;  // MiB.
  bool version = false;
  bool help = false;
  std::vector<std::string> serial;  // [tool.fastest] serial: globs.
  std::string shard;                // --shard: "3/8", "auto"; read into the next two.
  std::uint32_t shard_index = 0;    // From 0.
  std::uint32_t shard_total = 1;
  std::string shard_report;  // The folder of --shard-report.
  std::string history;       // --history: a file instead of the project's own.
  std::uint32_t retries = 0;
  double retry_delay = 0;  // Seconds.
  bool fail_on_flaky = false;
  bool duplicate_tail = false;
  std::string annotations = "auto";  // auto|github|none

  bool sharded() const { return !shard.empty(); }

  std::set<std::string> given;  // Names of own options that the command line has.

  // ---- pytest's ----
  std::vector<std::string> pytest_argv;  // Everything that is not ours, in order.
};

// Scans one source of words. `from_command_line`: own options are removed from what goes to pytest; else (addopts,
// PYTEST_ADDOPTS) only read.
Status ScanOptions(const std::vector<std::string>& words, bool from_command_line, Options* options);

// What the fixture testrun_uid gives.
inline const std::string& TestrunUid(const Options& options) {
  return options.testrun_uid.empty() ? options.run_id : options.testrun_uid;
}

// What pytest's own options say that is needed before pytest has answered: by the same exact matching. A guess where
// a plugin's option takes a value of its own; READY corrects it.
struct PytestGuess {
  std::vector<std::string> args;  // Positional words.
  std::vector<std::string> ignore, ignore_glob, deselect, overrides;
  std::optional<std::string> config_file, rootdir;
  std::string import_mode = "prepend";
  std::string confcutdir;
  std::string color = "auto";
  std::string capture;    // "no" for -s.
  std::string junit_xml;  // --junitxml
  int verbosity = 0;
  bool noconftest = false, collect_in_virtualenv = false, keep_duplicates = false, pyargs = false;
  bool doctest_modules = false;
  std::vector<std::string> doctest_glob;
  bool collect_only = false;
  bool interactive = false;       // --pdb, --trace
  bool order_preserving = false;  // --sw and its kin: one worker, in order.
  std::string exec;               // The option for which pytest itself runs instead of us (--fixtures …), or "".
  bool continue_on_collection_errors = false;
  int maxfail = 0;
  std::int64_t max_warnings = -1;
};
PytestGuess GuessPytest(const std::vector<std::string>& words);

// The known word nearest to `word` by edit distance, or "" if none is near.
std::string Nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace fastest
