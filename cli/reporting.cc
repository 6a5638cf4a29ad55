#include "cli/reporting.h"

#include <unistd.h>

#include "base/machine.h"
#include "report/cache_writer.h"
#include "report/color_choice.h"
#include "report/json_report.h"
#include "report/junit_xml.h"
#include "report/report_log.h"

namespace fastest {
namespace {}  // namespace

Reporting::Reporting(const Options& options, const PytestGuess& guess, bool attached, Console& console)
    : options_(options), guess_(guess), console_(console) {
  screen_.is_tty = ::isatty(STDOUT_FILENO) == 1;
  screen_.columns = TerminalColumns(STDOUT_FILENO);
  screen_.ci = !Environment("CI").empty() || !Environment("BUILD_NUMBER").empty();
  const std::string py_colors = Environment("PY_COLORS"), force = Environment("FORCE_COLOR");
  screen_.color =
      UseColor({guess.color, py_colors, Environment("NO_COLOR"), force, Environment("TERM"), screen_.is_tty});
  const bool forced = guess.color == "yes" || py_colors == "1" || !force.empty();
  screen_.live = !attached && guess.verbosity >= 0 && guess.capture != "no" && guess.color != "no" &&
                 MayDrawLive({screen_.is_tty, screen_.ci, Environment("TERM"), forced});
  full_ = options.handover >= 0 || !options.report_log.empty() || !options.json.empty() || !guess.junit_xml.empty();
  terminal_ = std::make_unique<TerminalReporter>(screen_, [&console](std::string_view text) { console.Write(text); });
}

Reporting::~Reporting() = default;

Status Reporting::Open() {
  const auto complain = [this](const std::string& text) { console_.Complain(text); };
  if (options_.handover >= 0) {
    files_.push_back(std::make_unique<CacheWriter>(complain));
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
  files_.push_back(std::make_unique<CacheWriter>(complain));
  return Ok();
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

void Reporting::Resize() {
  screen_.columns = TerminalColumns(STDOUT_FILENO);
  terminal_->Resize(screen_.columns);
}

}  // namespace fastest
