#include "cli/invocation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/file_system.h"
#include "base/machine.h"
#include "cli/ci_environment.h"
#include "cli/settings.h"

namespace fastest {
namespace {

// argparse's "@file": one word a line. A file that can't be read is pytest's to complain of.
std::vector<std::string> ExpandFiles(const std::vector<std::string>& words) {
  std::vector<std::string> expanded;
  for (const std::string& word : words) {
    std::ifstream file;
    if (word.size() > 1 && word[0] == '@') file.open(word.substr(1));
    if (!file.is_open()) {
      expanded.push_back(word);
      continue;
    }
    for (std::string line; std::getline(file, line);) expanded.push_back(line);
  }
  return expanded;
}

// -n decides; --pdb, --trace and the order-preserving options mean one worker.
std::uint32_t CountWorkers(const Options& options, const PytestGuess& guess) {
  if (guess.interactive || guess.order_preserving || options.dist == "no") return 1;
  std::uint32_t workers = 2 * UsableProcessors();
  if (options.workers_auto) {
    const std::string asked = Environment("PYTEST_XDIST_AUTO_NUM_WORKERS");
    const bool is_number = !asked.empty() && asked.find_first_not_of("0123456789") == std::string::npos;
    workers = is_number ? static_cast<std::uint32_t>(std::atoi(asked.c_str())) : UsableProcessors();
    if (options.max_processes) workers = std::min(workers, *options.max_processes);
  }
  if (options.workers) workers = std::min(*options.workers, options.max_processes.value_or(*options.workers));
  return std::max(workers, options.handover >= 0 ? 2U : 1U);
}

// What --shard says, and what does not go together.
Status ReadFanOut(Options* options) {
  const bool reruns =
      std::any_of(options->pytest_argv.begin(), options->pytest_argv.end(),
                  [](const std::string& word) { return word == "--reruns" || word.starts_with("--reruns="); });
  if (reruns && options->retries > 0)
    return Error{"--retries and --reruns (pytest-rerunfailures) both run failed tests again: give one of them"};
  if (!options->shard_report.empty() && !options->sharded()) return Error{"--shard-report: --shard K/N is missing"};
  if (!options->sharded()) return Ok();
  auto job = ReadShard(options->shard, [](const char* name) { return Environment(name); });
  if (!job.ok()) return job.error();
  options->shard_index = job->index;
  options->shard_total = job->total;
  return Ok();
}

// The words of a run with the shard that it was: "auto" may be another one now.
std::vector<std::string> WithShard(const std::vector<std::string>& words, const ToldShard& told) {
  std::vector<std::string> pinned = {"--shard", fmt::format("{}/{}", told.index + 1, told.cut.total())};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      pinned.insert(pinned.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    if (words[i] == "--shard" && i + 1 < words.size())
      ++i;
    else if (!words[i].starts_with("--shard="))
      pinned.push_back(words[i]);
  }
  return pinned;
}

}  // namespace

Result<Invocation> ReadInvocation(const std::vector<std::string>& words) {
  Invocation invocation;
  invocation.directory = std::filesystem::current_path().string();
  const std::vector<std::string> expanded = ExpandFiles(words);
  const PytestGuess first = GuessPytest(expanded);
  auto config =
      ReadPytestConfig({invocation.directory, first.args, first.config_file, first.rootdir, first.overrides, 900});
  if (!config.ok()) return config.error();
  invocation.config = std::move(*config);
  auto settings = ReadSettings(invocation.config, &invocation.options);
  if (!settings.ok()) return settings.error();
  auto environment = ShlexSplit(Environment("PYTEST_ADDOPTS"));
  if (!environment.ok()) return Error{"PYTEST_ADDOPTS: " + environment.error().message};
  std::vector<std::string> all = *settings;
  std::vector<std::string> inherited = invocation.config.addopts;
  inherited.insert(inherited.end(), environment->begin(), environment->end());
  all.insert(all.end(), inherited.begin(), inherited.end());
  invocation.words = words;
  invocation.options_digest = DigestWords(all);
  Status scanned = ScanOptions(all, false, &invocation.options);
  if (!scanned.ok()) return scanned.error();
  scanned = ScanOptions(expanded, true, &invocation.options);
  if (!scanned.ok()) return scanned.error();
  inherited.insert(inherited.end(), expanded.begin(), expanded.end());
  invocation.guess = GuessPytest(inherited);
  // pytest resolves a relative testpaths and the arguments itself; the plan needs the same words.
  if (!first.args.empty()) invocation.guess.args = first.args;
  invocation.workers = invocation.agent_workers = CountWorkers(invocation.options, invocation.guess);
  const Status fan_out = ReadFanOut(&invocation.options);
  if (!fan_out.ok()) return fan_out.error();
  return invocation;
}

// Where history is kept: --state-dir, else .fastest in the root directory, else (a tree that can't be written) the
// user's cache.
std::string StateFolder(const Invocation& invocation) {
  if (!invocation.options.state_dir.empty()) return invocation.options.state_dir;
  const std::string& root = invocation.config.rootdir;
  if (::access(root.c_str(), W_OK) == 0) return root + "/.fastest";
  const std::string cache = Environment("XDG_CACHE_HOME");
  return (cache.empty() ? Environment("HOME") + "/.cache" : cache) + "/fastest/state" + root;
}

// The invocation that --resume leads to: the words, the place and the way of collecting are those of the journal.
Result<Invocation> ResumedInvocation(const Invocation& asked) {
  const std::string state = AbsolutePath(asked.directory, StateFolder(asked));
  auto found = FindRun(state, asked.options.resume, asked.options.run_id, asked.words);
  if (!found.ok()) return found.error();
  if (found->contents && ::chdir(found->contents->opened.directory.c_str()) != 0)
    return Error{fmt::format("--resume {}: it was begun in {}, which is not there", asked.options.resume,
                             found->contents->opened.directory)};
  auto told = ReadShardMember(found->contents ? found->contents->shard : "");
  auto invocation = ReadInvocation(told ? WithShard(found->words, *told) : found->words);
  if (!invocation.ok()) return invocation.error();
  invocation->words = found->words;
  invocation->told_shard = std::move(told);
  invocation->options.run_id = asked.options.resume;
  invocation->options.state_dir = state;
  if (const auto& known = found->contents) {
    if (const Status same = CheckSameOptions(known->opened, invocation->options_digest); !same.ok())
      return same.error();
    if (asked.options.network.listen.empty() && !known->endpoint.empty())
      invocation->options.network.listen = known->endpoint;
    if (known->planned) invocation->options.collect = known->mode == CollectMode::kFile ? "file" : "whole";
  }
  invocation->resumption = *std::move(found);
  return invocation;
}

}  // namespace fastest
