#include "cli/reporting.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/machine.h"
#include "report/cache_writer.h"
#include "report/color_choice.h"
#include "report/github_annotations.h"
#include "report/json_report.h"
#include "report/junit_xml.h"
#include "report/report_log.h"
#include "report/shard_log.h"

namespace fastest {
namespace {

// GitHub may have written to the file already.
FileSink AppendTo(const std::string& path, Console& console) {
  return [path, &console](std::string_view text) -> Status {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file << text << std::flush;
    if (file) return Ok();
    console.Warn(fmt::format("GITHUB_STEP_SUMMARY: cannot write {}: {}", path, std::strerror(errno)));
    return Error{"cannot write " + path};
  };
}

}  // namespace

Reporting::Reporting(const Options& options, const PytestGuess& guess, bool attached, Console& console)
    : options_(options), guess_(guess), console_(console) {
  screen_.is_tty = ::isatty(STDOUT_FILENO) == 1;
  screen_.worker_shows = attached;
  screen_.columns = TerminalColumns(STDOUT_FILENO);
  screen_.report_log = options.report_log;
  screen_.ci = !Environment("CI").empty() || !Environment("BUILD_NUMBER").empty();
  screen_.ci_is_named = std::getenv("CI") != nullptr || std::getenv("BUILD_NUMBER") != nullptr;
  const std::string py_colors = Environment("PY_COLORS"), force = Environment("FORCE_COLOR");
  screen_.color =
      UseColor({guess.color, py_colors, Environment("NO_COLOR"), force, Environment("TERM"), screen_.is_tty});
  const bool wants_color = guess.color == "yes" || py_colors == "1";
  const bool forced = wants_color || !force.empty();
  screen_.live = !attached && (wants_color || Environment("NO_COLOR").empty()) && guess.verbosity >= 0 &&
                 guess.capture != "no" && guess.color != "no" &&
                 MayDrawLive({screen_.is_tty, screen_.ci, Environment("TERM"), forced});
  full_ = options.handover >= 0 || !options.report_log.empty() || !options.json.empty() || !guess.junit_xml.empty() ||
          !options.shard_report.empty();
  terminal_ = std::make_unique<TerminalReporter>(screen_, [&console](std::string_view text) { console.Write(text); });
}

Reporting::~Reporting() = default;

Status Reporting::Open() {
  const auto complain = [this](const std::string& text) {
    incomplete_ = true;
    console_.Complain(text);
  };
  if (options_.handover >= 0) {
    OpenCache();
    return Ok();
  }
  if (!options_.report_log.empty()) {
    auto sink = OpenReportFile(options_.report_log);
    if (!sink.ok()) return sink.error();
    files_.push_back(std::make_unique<ReportLog>(std::move(*sink), complain));
  }
  if (!options_.json.empty()) {
    auto sink = OpenReportFile(options_.json);
    if (!sink.ok()) return sink.error();
    files_.push_back(std::make_unique<JsonReport>(std::move(*sink), complain));
  }
  if (!guess_.junit_xml.empty()) {
    auto sink = OpenReportFile(guess_.junit_xml);
    if (!sink.ok()) return sink.error();
    files_.push_back(std::make_unique<JUnitXml>(HostName(), std::move(*sink), complain));
  }
  if (const Status opened = OpenShardReport(); !opened.ok()) return opened;
  OpenAnnotations();
  if (!of_merge_) OpenCache();
  return Ok();
}

void Reporting::OpenCache() {
  files_.push_back(std::make_unique<CacheWriter>([this](const std::string& text) { console_.Complain(text); }));
}

Status Reporting::OpenShardReport() {
  if (options_.shard_report.empty()) return Ok();
  auto sink = OpenReportFile(options_.shard_report + "/" + ShardLogName(options_.shard_index, options_.shard_total));
  if (!sink.ok()) return sink.error();
  files_.push_back(std::make_unique<ShardLog>(std::move(*sink), [this](const std::string& text) {
    incomplete_ = true;
    console_.Complain(text);
  }));
  return Ok();
}

void Reporting::OpenAnnotations() {
  if (options_.handover >= 0) return;  // The output is another's.
  const std::string& where = options_.annotations;
  if (where == "none" || (where == "auto" && Environment("GITHUB_ACTIONS") != "true")) return;
  const std::string summary = Environment("GITHUB_STEP_SUMMARY");
  std::string title = "fastest";
  if (options_.sharded()) title += fmt::format(", shard {}/{}", options_.shard_index + 1, options_.shard_total);
  files_.push_back(std::make_unique<GithubAnnotations>(
      GithubPlace{Environment("GITHUB_WORKSPACE"), of_merge_ ? "fastest, all shards" : title},
      [this](std::string_view text) { console_.Write(text); },
      summary.empty() ? FileSink() : AppendTo(summary, console_), !of_merge_));
}

std::vector<Reporter*> Reporting::reporters() {
  std::vector<Reporter*> all;
  if (options_.handover < 0) all.push_back(terminal_.get());
  for (const auto& file : files_) all.push_back(file.get());
  return all;
}

std::vector<Reporter*> Reporting::reporters_of_an_old_run() {
  std::vector<Reporter*> all = reporters();
  all.pop_back();
  return all;
}

int Reporting::ExitCodeOf(int code) const {
  const bool is_result = code == static_cast<int>(ExitCode::kOk) || code == static_cast<int>(ExitCode::kTestsFailed);
  return incomplete_ && is_result ? static_cast<int>(ExitCode::kInternalError) : code;
}

void Reporting::Resize() {
  screen_.columns = TerminalColumns(STDOUT_FILENO);
  terminal_->Resize(screen_.columns);
}

}  // namespace fastest
