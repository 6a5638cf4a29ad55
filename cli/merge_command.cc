#include "cli/merge_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/event_loop.h"
#include "base/file_system.h"
#include "base/process.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/installation.h"
#include "cli/reporting.h"
#include "coordinator/history.h"
#include "report/shard_merge.h"
#include "report/shard_reader.h"

namespace fastest {
namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  Options reports;    // report_log, json, python.
  PytestGuess guess;  // junit_xml
  std::string history, coverage;
  std::vector<std::string> places;
};

Result<MergeOptions> ReadMergeWords(const std::vector<std::string>& words) {
  MergeOptions options;
  const std::map<std::string, std::string*> known = {{"--junitxml", &options.guess.junit_xml},
                                                     {"--junit-xml", &options.guess.junit_xml},
                                                     {"--report-log", &options.reports.report_log},
                                                     {"--json", &options.reports.json},
                                                     {"--history", &options.history},
                                                     {"--coverage", &options.coverage},
                                                     {"--python", &options.reports.python},
                                                     {"--color", &options.guess.color},
                                                     {"--annotations", &options.reports.annotations}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const auto option = known.find(words[i].substr(0, equals));
    if (option != known.end()) {
      if (equals == std::string::npos && i + 1 == words.size()) return Error{words[i] + ": a value is missing"};
      *option->second = equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
    } else if (words[i].starts_with('-')) {
      std::vector<std::string> names;
      names.reserve(known.size());
      for (const auto& [name, value] : known) names.push_back(name);
      return Error{fmt::format("merge {}: no such option (allowed: {})", words[i], fmt::join(names, ", "))};
    } else {
      options.places.push_back(words[i]);
    }
  }
  if (options.places.empty()) return Error{"merge: the folders with the shards' reports are missing"};
  return options;
}

struct Found {
  std::vector<std::string> reports, coverage;
};

void Sort(const fs::path& file, Found* found) {
  const std::string name = file.filename().string();
  if (name.starts_with("shard-") && name.ends_with(".jsonl")) found->reports.push_back(file.string());
  if (name == ".coverage" || name.starts_with(".coverage.")) found->coverage.push_back(file.string());
}

// What is given by name is taken; folders are looked through.
Result<Found> FindFiles(const std::vector<std::string>& places) {
  Found found;
  for (const std::string& place : places) {
    std::error_code error;
    if (!fs::exists(place, error)) return Error{place + ": no such file or folder"};
    if (!fs::is_directory(place, error)) {
      const bool is_data = fs::path(place).filename().string().starts_with(".coverage");
      (is_data ? found.coverage : found.reports).push_back(place);
      continue;
    }
    for (fs::recursive_directory_iterator one(place, error), end; !error && one != end; one.increment(error))
      if (one->is_regular_file(error)) Sort(one->path(), &found);
    if (error) return Error{fmt::format("{}: {}", place, error.message())};
  }
  for (auto* files : {&found.reports, &found.coverage}) {
    std::sort(files->begin(), files->end());
    files->erase(std::unique(files->begin(), files->end()), files->end());
  }
  if (found.reports.empty())
    return Error{fmt::format("no shard-K-of-N.jsonl in {} (hint: fastest --shard K/N --shard-report FOLDER writes it)",
                             fmt::join(places, ", "))};
  return found;
}

Result<bool> ReadReport(const std::string& file, const std::function<void(Event)>& on_event) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open()) return Error{file + ": cannot be read"};
  auto complete = ReadShardLog(stream, on_event);
  if (!complete.ok()) return Error{file + ": " + complete.error().message};
  return complete;
}

// Waits for a program; its exit status, or an Error.
Result<int> RunProgram(std::vector<std::string> argv) {
  SpawnOptions spawn;
  spawn.argv = std::move(argv);
  const auto pid = Spawn(spawn);
  if (!pid.ok()) return pid.error();
  EventLoop loop;
  const UniqueFd ended = OpenPidFd(*pid);
  std::optional<int> status;
  loop.WatchRead(ended.get(), [&] {
    status = Reap(*pid);
    if (status) loop.Stop();
  });
  loop.Run();
  return *status;
}

Status CombineCoverage(const MergeOptions& options, const std::vector<std::string>& files) {
  if (files.empty())
    return Error{
        fmt::format("--coverage: no .coverage files in {} (hint: COVERAGE_FILE=FOLDER/.coverage.K in each job)",
                    fmt::join(options.places, ", "))};
  auto python = FindPython(options.reports.python);
  if (!python.ok()) return python.error();
  std::vector<std::string> argv = {*python, "-m", "coverage", "combine", "--keep", "--data-file=" + options.coverage};
  argv.insert(argv.end(), files.begin(), files.end());
  const auto status = RunProgram(std::move(argv));
  if (!status.ok()) return status.error();
  if (*status != 0)
    return Error{fmt::format("--coverage: {} -m coverage combine ended with {}", *python, DescribeStatus(*status))};
  return Ok();
}

// The file is the base if it is there.
Status UpdateHistory(const std::string& file, const ShardMerge& merge) {
  History history;
  if (fs::exists(file)) {
    auto before = History::Read(file);
    if (!before.ok()) return Error{"--history: " + before.error().message};
    history = std::move(*before);
  }
  history.Take(merge.Durations());
  std::error_code error;
  if (const fs::path folder = fs::path(file).parent_path(); !folder.empty()) fs::create_directories(folder, error);
  return WriteFileAtomically(file, history.Text());
}

}  // namespace

int MergeCommand(const std::vector<std::string>& words) {
  const auto options = ReadMergeWords(words);
  if (!options.ok()) return Fail(options.error(), kUsage);
  const auto found = FindFiles(options->places);
  if (!found.ok()) return Fail(found.error(), kUsage);

  // What there is.
  ShardMerge merge;
  std::vector<std::string> shards;
  for (const std::string& file : found->reports) {
    merge.AddFile(file);
    const auto complete = ReadReport(file, [&](const Event& event) { merge.Note(event); });
    if (!complete.ok()) return Fail(complete.error(), kUsage);
    if (merge.EndFile(*complete)) shards.push_back(file);
  }
  const std::vector<std::string> problems = merge.Problems();

  // As one run, also where it is not whole: what was run is worth seeing.
  Console console;
  Reporting reporting(options->reports, options->guess, true, console);
  reporting.BeOfMerge();
  if (const Status opened = reporting.Open(); !opened.ok()) return Fail(opened.error(), kUsage);
  const auto reporters = reporting.reporters();
  merge.Begin(reporters);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const auto read = ReadReport(shards[i], [&](Event event) { merge.Replay(i, std::move(event), reporters); });
    if (!read.ok()) return Fail(read.error(), kInternal);
    console.Flush();
  }
  merge.End(reporters, !problems.empty());
  console.Flush();

  int code = reporting.ExitCodeOf(merge.exit_code(!problems.empty()));
  const auto attempt = [&](const Status& done) {
    if (done.ok()) return;
    console.Complain(done.error().message);
    code = kInternal;
  };
  for (const std::string& problem : problems) console.Complain(problem);
  // Durations of half a run would still be durations; but a doubled test is no measurement.
  if (!options->history.empty() && problems.empty()) attempt(UpdateHistory(options->history, merge));
  if (!options->coverage.empty()) attempt(CombineCoverage(*options, found->coverage));
  return code;
}

}  // namespace fastest
