#include "report/terminal_options.h"

#include "report/json_fields.h"
#include "report/pytest_version.h"

namespace fastest {
namespace {

std::string ProgressStyle(const Json& options, const Json& ini, const std::string& version) {
  const std::string style = TextOf(Field(ini, "console_output_style"), "progress");
  const bool capture_off = TextOf(Field(options, "capture")) == "no";
  if (capture_off && style != "progress-even-when-capture-no") return "";
  if (FlagOf(Field(options, "setupshow"))) return "";
  if (style == "progress" || style == "progress-even-when-capture-no") return "progress";
  return style == "count" || (style == "times" && IsAtLeast(version, 8, 4)) ? style : "";
}

int Number(const Json& value, int otherwise) {
  if (value.is_string()) {
    const Json number = ParseJson(value.get<std::string>());
    return number.is_number() ? number.get<int>() : otherwise;
  }
  return static_cast<int>(NumberOf(value, otherwise));
}

}  // namespace

bool MayDrawLive(const LiveEnvironment& environment) {
  if (!environment.is_tty || environment.term == "dumb" || environment.term.empty()) return false;
  return !environment.ci || environment.color_forced;
}

bool KeepsSummaryLines(const TerminalOptions& options, const Screen& screen) {
  if (options.force_short_summary) return false;
  if (options.verbosity >= 2 && IsAtLeast(options.pytest_version, 8, 2)) return true;
  return IsAtLeast(options.pytest_version, 9, 0) ? screen.ci : screen.ci_is_named;
}

std::string ReportChars(const std::string& chars, bool disable_warnings) {
  std::string result;
  for (char c : chars) {
    if (c == 'F') c = 'f';
    if (c == 'S') c = 's';
    if (c == 'a') {
      result = "sxXEf";
    } else if (c == 'A') {
      result = "PpsxXEf";
    } else if (c == 'N') {
      result.clear();
    } else if (result.find(c) == std::string::npos) {
      result += c;
    }
  }
  const auto warnings = result.find('w');
  if (disable_warnings && warnings != std::string::npos) result.erase(warnings, 1);
  if (!disable_warnings && warnings == std::string::npos) result.insert(0, "w");
  return result;
}

TerminalOptions ReadTerminalOptions(const std::string& ready) {
  const Json json = ParseJson(ready);
  const Json& options = Field(json, "options");
  const Json& ini = Field(json, "ini");
  TerminalOptions read;
  read.verbosity = Number(Field(options, "verbose"), 0);
  read.test_case_verbosity = Number(Field(ini, "verbosity_test_cases"), read.verbosity);
  read.tb_style = TextOf(Field(options, "tbstyle"), read.tb_style);
  read.xfail_tb = FlagOf(Field(options, "xfail_tb"));
  read.report_chars =
      ReportChars(TextOf(Field(options, "reportchars"), "fE"), FlagOf(Field(options, "disable_warnings")));
  read.durations = Number(Field(options, "durations"), -1);
  const Json& durations_min = Field(options, "durations_min");
  read.durations_min_given = durations_min.is_number();
  read.durations_min = NumberOf(durations_min, read.verbosity < 2 ? 0.005 : 0.0);
  read.show_capture = TextOf(Field(options, "showcapture"), read.show_capture);
  read.no_header = FlagOf(Field(options, "no_header"));
  read.no_summary = FlagOf(Field(options, "no_summary"));
  read.fold_skipped = FlagOf(Field(options, "fold_skipped"), true);
  read.force_short_summary = FlagOf(Field(options, "force_short_summary"));
  read.collect_only = FlagOf(Field(options, "collectonly"));
  read.capture_off = TextOf(Field(options, "capture")) == "no";
  read.max_warnings = Number(Field(options, "max_warnings"), Number(Field(ini, "max_warnings"), -1));
  read.junit_path = TextOf(Field(options, "xmlpath"));
  read.rootdir = TextOf(Field(json, "rootdir"));
  read.invocation_dir = TextOf(Field(json, "invocation_dir"), read.rootdir);
  read.pytest_version = TextOf(Field(json, "pytest"));
  read.progress_style = ProgressStyle(options, ini, read.pytest_version);
  return read;
}

}  // namespace fastest
