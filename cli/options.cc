#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <set>

#include "base/byte_size.h"

namespace fastest {
namespace {

// Own options (and pytest-xdist's, which are ours here) and whether they take a value.
const std::map<std::string, bool>& OwnOptions() {
  static const std::map<std::string, bool> kOwn = {{"-n", true},
                                                   {"--numprocesses", true},
                                                   {"--maxprocesses", true},
                                                   {"--dist", true},
                                                   {"-d", false},
                                                   {"--maxschedchunk", true},
                                                   {"--loadscope-reorder", false},
                                                   {"--no-loadscope-reorder", false},
                                                   {"--testrunuid", true},
                                                   {"--tx", true},
                                                   {"--px", true},
                                                   {"--rsyncdir", true},
                                                   {"--rsyncignore", true},
                                                   {"-f", false},
                                                   {"--looponfail", false},
                                                   {"--optimizer", true},
                                                   {"--batch-size", true},
                                                   {"--parser", true},
                                                   {"--collect", true},
                                                   {"--python", true},
                                                   {"--no-cache", false},
                                                   {"--report-log", true},
                                                   {"--json", true},
                                                   {"--hang-timeout", true},
                                                   {"--max-worker-restart", true},
                                                   {"--worker-memory-limit", true},
                                                   {"--state-dir", true},
                                                   {"--static", false},
                                                   {"--run-id", true},
                                                   {"--resume", true},
                                                   {"--journal", false},
                                                   {"--handover", true},
                                                   {"--listen", true},
                                                   {"--connect", true},
                                                   {"--expect-agents", true},
                                                   {"--min-agents", true},
                                                   {"--agents-timeout", true},
                                                   {"--duplicate-tail", false},
                                                   {"--with-agent", false},
                                                   {"--leave-on-term", false},
                                                   {"--name", true},
                                                   {"--grace", true},
                                                   {"--orphan-timeout", true},
                                                   {"--lifeline", false},
                                                   {"--join-secret", true},
                                                   {"--key-file", true},
                                                   {"--coordinator-key", true},
                                                   {"--allow-keys", true},
                                                   {"--allow-skew", true},
                                                   {"--sync", false},
                                                   {"--sync-dir", true},
                                                   {"--sync-limit", true},
                                                   {"--no-fast-protocol", false},
                                                   {"--diff-budget", true},
                                                   {"--shard", true},
                                                   {"--shard-report", true},
                                                   {"--history", true},
                                                   {"--retries", true},
                                                   {"--retry-delay", true},
                                                   {"--fail-on-flaky", false},
                                                   {"--annotations", true},
                                                   {"--persistent-workers", false},
                                                   {"--worker-idle-timeout", true},
                                                   {"--warm-memory-limit", true},
                                                   {"--version", false},
                                                   {"-V", false},
                                                   {"-h", false},
                                                   {"--help", false}};
  return kOwn;
}

// pytest's own options that take a separate value, so that the value is not read as an option or a path.
const std::set<std::string>& ValueOptions() {
  static const std::set<std::string> kValue = {"-k",
                                               "-m",
                                               "-p",
                                               "-c",
                                               "--config-file",
                                               "-o",
                                               "--override-ini",
                                               "-W",
                                               "--pythonwarnings",
                                               "-r",
                                               "--tb",
                                               "--maxfail",
                                               "--durations",
                                               "--durations-min",
                                               "--rootdir",
                                               "--confcutdir",
                                               "--ignore",
                                               "--ignore-glob",
                                               "--deselect",
                                               "--import-mode",
                                               "--basetemp",
                                               "--color",
                                               "--junitxml",
                                               "--junit-xml",
                                               "--junitprefix",
                                               "--junit-prefix",
                                               "--log-level",
                                               "--log-format",
                                               "--log-date-format",
                                               "--log-cli-level",
                                               "--log-cli-format",
                                               "--log-cli-date-format",
                                               "--log-file",
                                               "--log-file-mode",
                                               "--log-file-level",
                                               "--log-file-format",
                                               "--log-file-date-format",
                                               "--log-auto-indent",
                                               "--log-disable",
                                               "--lfnf",
                                               "--last-failed-no-failures",
                                               "--show-capture",
                                               "--verbosity",
                                               "--capture",
                                               "--assert",
                                               "--doctest-report",
                                               "--doctest-glob",
                                               "--code-highlight",
                                               "--pdbcls",
                                               "--max-warnings",
                                               "--pastebin",
                                               "--report-chars",
                                               "--cov-report",
                                               "--cov-config",
                                               "--cov-context",
                                               "--cov-fail-under",
                                               "--timeout",
                                               "--timeout-method",
                                               "--reruns",
                                               "--reruns-delay",
                                               "--ds",
                                               "--dc",
                                               "--html",
                                               "--css",
                                               "--alluredir",
                                               "--count",
                                               "--rootdir",
                                               "--asyncio-mode",
                                               "--hypothesis-profile",
                                               "--hypothesis-seed",
                                               "--randomly-seed"};
  return kValue;
}

// Own options that would seem not to be there with an empty value, such as an unset variable's: then something else
// would run.
const std::set<std::string>& NeverEmpty() {
  static const std::set<std::string> kNeverEmpty = {"--shard",  "--shard-report", "--history", "--resume",
                                                    "--run-id", "--listen",       "--connect"};
  return kNeverEmpty;
}

struct Word {
  std::string name;                  // "--dist", "-n"; "" for a positional word.
  std::optional<std::string> value;  // "--dist=load", "-n4".
};

// Splits "--name=value" and, for the short options that take a value, "-n4".
Word Split(const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return {"", word};
  if (word[1] == '-') {
    const auto equals = word.find('=');
    if (equals == std::string::npos) return {word, std::nullopt};
    return {word.substr(0, equals), word.substr(equals + 1)};
  }
  const std::string name = word.substr(0, 2);
  const auto own = OwnOptions().find(name);
  const bool takes_value = own != OwnOptions().end() ? own->second : ValueOptions().contains(name);
  if (word.size() > 2 && takes_value) return {name, word.substr(2)};
  return {word, std::nullopt};
}

// "-vn2" as argparse reads it: the flags in front, then the option that takes a value. Anything else is as it was.
std::vector<std::string> SplitCluster(const std::string& word) {
  static constexpr std::string_view kFlags = "vqsxl";  // pytest's short ones that take no value.
  if (word.size() < 3 || word[0] != '-' || word[1] == '-') return {word};
  const std::size_t at = word.find_first_not_of(kFlags, 1);
  if (at == std::string::npos || at == 1) return {word};
  const std::string name = {'-', word[at]};
  if (name != "-n" && !ValueOptions().contains(name)) return {word};
  return {word.substr(0, at), "-" + word.substr(at)};
}

// The words with their clusters split; behind "--" there are none.
std::vector<std::string> SplitClusters(const std::vector<std::string>& words) {
  std::vector<std::string> split;
  const auto end = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end; ++word)
    for (std::string& part : SplitCluster(*word)) split.push_back(std::move(part));
  split.insert(split.end(), end, words.end());
  return split;
}

// Of bytes.
void AddSize(CLI::App* app, const std::string& name, std::optional<std::uint64_t>* size) {
  const auto problem = [](const std::string& text) {
    const auto parsed = ParseSize(text);
    return parsed.ok() ? std::string() : parsed.error().message;
  };
  app->add_option_function<std::string>(name, [size](const std::string& text) { *size = *ParseSize(text); })
      ->check(problem);
}

// Reports in every format and terminals of every kind show it: so it is plain.
std::string ProblemOfName(const std::string& name) {
  const auto is_plain = [](char c) { return c >= 0x20 && c <= 0x7e; };
  const bool plain = std::all_of(name.begin(), name.end(), is_plain);
  return plain && name.size() <= 100 ? "" : "an agent's name is up to 100 visible ASCII characters";
}

// Options of `coordinator` and `agent`.
void AddNetworkOptions(CLI::App* app, NetworkWords* network, std::vector<std::string>* allow_skew) {
  app->add_flag("--sync", network->sync);
  app->add_option("--sync-dir", network->sync_dir);
  AddSize(app, "--sync-limit", &network->sync_limit);
  app->add_option("--listen", network->listen);
  app->add_option("--connect", network->connect);
  app->add_option("--expect-agents", network->expect_agents)->check(CLI::Range(1, 100'000));
  app->add_option("--min-agents", network->min_agents)->check(CLI::Range(1, 100'000));
  app->add_option("--agents-timeout", network->agents_timeout)->check(CLI::Range(1.0, 1e6));
  app->add_flag("--with-agent", network->with_agent);
  app->add_flag("--leave-on-term", network->leave_on_term);
  app->add_option("--name", network->name)->check(ProblemOfName);
  app->add_option("--grace", network->grace)->check(CLI::Range(0.0, 1e6));
  app->add_option("--orphan-timeout", network->orphan_timeout)->check(CLI::Range(1.0, 1e6));
  app->add_flag("--lifeline", network->lifeline);
  app->add_option("--join-secret", network->join_secret);
  app->add_option("--key-file", network->key_file);
  app->add_option("--coordinator-key", network->coordinator_key);
  app->add_option("--allow-keys", network->allow_keys);
  app->add_option("--allow-skew", *allow_skew)
      ->delimiter(',')
      ->check(CLI::IsMember({"code", "python", "platform", "pytest", "plugins"}))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// What CI jobs use.
void AddFanOut(CLI::App* app, Options* options) {
  app->add_option("--shard", options->shard);
  app->add_option("--shard-report", options->shard_report);
  app->add_option("--history", options->history);
  app->add_option("--retries", options->retries)->check(CLI::Range(0, 100));
  app->add_option("--retry-delay", options->retry_delay)->check(CLI::Range(0.0, 3600.0));
  app->add_flag("--fail-on-flaky", options->fail_on_flaky);
  app->add_flag("--duplicate-tail", options->duplicate_tail);
  app->add_option("--annotations", options->annotations)->check(CLI::IsMember({"auto", "github", "none"}));
}

void AddPersistence(CLI::App* app, Options* options) {
  app->add_flag("--persistent-workers", options->persistent_workers);
  app->add_option("--worker-idle-timeout", options->worker_idle_timeout)->check(CLI::Range(1.0, 1e6));
  app->add_option("--warm-memory-limit", options->warm_memory_limit)->check(CLI::Range(1, 1'000'000));
}

// CLI11 parses the own words: types, ranges, and what is said of a bad value. The one adapter to it.
Status ParseOwn(std::vector<std::string> words, Options* options) {
  CLI::App app("fastest");
  app.set_help_flag();
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::string processes;
  std::uint32_t max_processes = 0;
  std::string ignored;
  std::vector<std::string> transports;
  auto* n = app.add_option("-n,--numprocesses", processes);
  auto* most = app.add_option("--maxprocesses", max_processes);
  app.add_option("--dist", options->dist)
      ->check(CLI::IsMember({"load", "loadfile", "loadscope", "loadgroup", "worksteal", "no", "each"}));
  app.add_flag("-d");
  app.add_option("--maxschedchunk", ignored);
  app.add_option("--testrunuid", options->testrun_uid);
  app.add_flag("--loadscope-reorder,--no-loadscope-reorder");
  app.add_option("--tx,--px,--rsyncdir,--rsyncignore", transports)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* loop = app.add_flag("-f,--looponfail");
  app.add_option("--optimizer", options->optimizer)->check(CLI::IsMember({"standard", "optimized", "aggressive"}));
  app.add_option("--batch-size", options->batch_size)->check(CLI::Range(1, 1'000'000));
  app.add_option("--parser", options->parser)->check(CLI::IsMember({"ast", "regex"}));
  app.add_option("--collect", options->collect)->check(CLI::IsMember({"auto", "file", "whole"}));
  app.add_option("--python", options->python);
  bool no_cache = false;
  app.add_flag("--no-cache", no_cache);
  app.add_option("--report-log", options->report_log);
  app.add_option("--json", options->json);
  app.add_option("--hang-timeout", options->hang_timeout)->check(CLI::Range(0.0, 1e6));
  app.add_option("--max-worker-restart", options->max_worker_restart)->check(CLI::Range(0, 1'000'000));
  AddSize(&app, "--worker-memory-limit", &options->worker_memory_limit);
  app.add_option("--state-dir", options->state_dir);
  app.add_flag("--static", options->static_only);
  app.add_option("--run-id", options->run_id);
  app.add_option("--resume", options->resume);
  app.add_flag("--journal", options->journal);
  app.add_option("--handover", options->handover)->check(CLI::Range(3, 1'000'000));
  std::vector<std::string> allow_skew;
  AddNetworkOptions(&app, &options->network, &allow_skew);
  bool hook_protocol = false;
  app.add_flag("--no-fast-protocol", hook_protocol);
  app.add_option("--diff-budget", options->diff_budget)->check(CLI::Range(0.0, 1e6));
  AddFanOut(&app, options);
  AddPersistence(&app, options);
  app.add_flag("-V,--version", options->version);
  app.add_flag("-h,--help", options->help);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::Error& error) {
    return Error{error.what()};
  }
  if (no_cache) options->cache = false;
  options->network.allow_skew.insert(allow_skew.begin(), allow_skew.end());
  if (hook_protocol) options->fast_protocol = false;
  if (options->dist == "each")
    return Error{"--dist each: every test runs once, on one worker (hint: load, loadfile, loadscope, loadgroup)"};
  if (!transports.empty() || loop->count() > 0)
    return Error{
        "--tx, --rsyncdir and -f of pytest-xdist are not supported (hint: fastest coordinator and fastest agent)"};
  if (most->count() > 0) options->max_processes = max_processes;
  if (n->count() == 0) return Ok();
  options->workers_auto = processes == "auto" || processes == "logical";
  options->workers.reset();
  if (options->workers_auto) return Ok();
  std::uint32_t count = 0;
  const auto [end, failed] = std::from_chars(processes.data(), processes.data() + processes.size(), count);
  if (failed != std::errc() || end != processes.data() + processes.size() || count > 4096)
    return Error{fmt::format("-n {}: allowed are 0 to 4096, auto and logical", processes)};
  options->workers = count;
  return Ok();
}

}  // namespace

Status ScanOptions(const std::vector<std::string>& given, bool from_command_line, Options* options) {
  const std::vector<std::string> words = SplitClusters(given);
  std::vector<std::string> own;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      if (from_command_line) options->pytest_argv.insert(options->pytest_argv.end(), words.begin() + i, words.end());
      break;
    }
    const Word word = Split(words[i]);
    const auto known = OwnOptions().find(word.name);
    if (known == OwnOptions().end()) {
      if (from_command_line) options->pytest_argv.push_back(words[i]);
      if (ValueOptions().contains(word.name) && !word.value && i + 1 < words.size()) {
        ++i;
        if (from_command_line) options->pytest_argv.push_back(words[i]);
      }
      continue;
    }
    own.push_back(known->first.starts_with("--") || !word.value ? words[i] : known->first);
    if (!known->first.starts_with("--") && word.value) own.push_back(*word.value);
    if (from_command_line) options->given.insert(known->first);
    if (known->second && !word.value) {
      if (i + 1 == words.size()) return Error{word.name + ": a value is missing"};
      own.push_back(words[++i]);
    }
    if (NeverEmpty().contains(known->first) && word.value.value_or(words[i]).empty())
      return Error{word.name + ": the value is empty (hint: is a variable not set?)"};
  }
  return own.empty() ? Ok() : ParseOwn(std::move(own), options);
}

namespace {

void GuessFlag(const std::string& name, PytestGuess* guess) {
  static const std::set<std::string> kExec = {"--fixtures",   "--funcargs",   "--fixtures-per-test", "--markers",
                                              "--setup-plan", "--setup-only", "--setup-show",        "--trace-config",
                                              "--debug",      "--cache-show", "--setuponly",         "--setupplan",
                                              "--setupshow"};
  static const std::set<std::string> kOrder = {"--sw",       "--stepwise",      "--sw-skip", "--stepwise-skip",
                                               "--sw-reset", "--stepwise-reset"};
  if (kExec.contains(name)) guess->exec = name;
  if (kOrder.contains(name)) guess->order_preserving = true;
  if (name == "--collect-only" || name == "--co" || name == "--collectonly") guess->collect_only = true;
  if (name == "--pdb" || name == "--trace") guess->interactive = true;
  if (name == "--noconftest") guess->noconftest = true;
  if (name == "--collect-in-virtualenv") guess->collect_in_virtualenv = true;
  if (name == "--keep-duplicates") guess->keep_duplicates = true;
  if (name == "--pyargs") guess->pyargs = true;
  if (name == "--doctest-modules") guess->doctest_modules = true;
  if (name == "--continue-on-collection-errors") guess->continue_on_collection_errors = true;
  if (name == "--exitfirst") guess->maxfail = 1;
  if (name == "--verbose") ++guess->verbosity;
  if (name == "--quiet") --guess->verbosity;
  if (name.size() >= 2 && name[0] == '-' && name[1] != '-') {  // -vv, -qs, -xv
    for (const char letter : name.substr(1)) {
      if (letter == 'v') ++guess->verbosity;
      if (letter == 'q') --guess->verbosity;
      if (letter == 's') guess->capture = "no";
      if (letter == 'x') guess->maxfail = 1;
    }
  }
}

void GuessValue(const std::string& name, const std::string& value, PytestGuess* guess) {
  if (name == "--ignore") guess->ignore.push_back(value);
  if (name == "--ignore-glob") guess->ignore_glob.push_back(value);
  if (name == "--deselect") guess->deselect.push_back(value);
  if (name == "-o" || name == "--override-ini") guess->overrides.push_back(value);
  if (name == "-c" || name == "--config-file") guess->config_file = value;
  if (name == "--rootdir") guess->rootdir = value;
  if (name == "--import-mode") guess->import_mode = value;
  if (name == "--confcutdir") guess->confcutdir = value;
  if (name == "--color") guess->color = value;
  if (name == "--capture") guess->capture = value;
  if (name == "--junitxml" || name == "--junit-xml") guess->junit_xml = value;
  if (name == "--doctest-glob") guess->doctest_glob.push_back(value);
  if (name == "--maxfail") guess->maxfail = std::atoi(value.c_str());
  if (name == "--max-warnings") guess->max_warnings = std::atoll(value.c_str());
  if (name == "--verbosity") guess->verbosity = std::atoi(value.c_str());
}

}  // namespace

PytestGuess GuessPytest(const std::vector<std::string>& given) {
  const std::vector<std::string> words = SplitClusters(given);
  PytestGuess guess;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      guess.args.insert(guess.args.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    const Word word = Split(words[i]);
    if (word.name.empty()) {
      guess.args.push_back(words[i]);
    } else if (word.value) {
      GuessValue(word.name, *word.value, &guess);
    } else if (ValueOptions().contains(word.name) && i + 1 < words.size()) {
      GuessValue(word.name, words[++i], &guess);
    } else {
      const auto own = OwnOptions().find(word.name);
      if (own != OwnOptions().end() && own->second) {
        ++i;
      } else {
        GuessFlag(word.name, &guess);
      }
    }
  }
  return guess;
}

std::string Nearest(const std::string& word, const std::vector<std::string>& known) {
  const auto distance = [](const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    return row[b.size()];
  };
  std::string nearest;
  std::size_t least = word.size() / 2 + 2;
  for (const std::string& candidate : known) {
    const std::size_t d = distance(word, candidate);
    if (d < least) {
      least = d;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace fastest
