#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "protocol/node_id.h"

namespace fastest {
namespace {

bool Wants(const SummaryContext& context, char c) { return context.options.report_chars.find(c) != std::string::npos; }

std::string WithoutLastNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool IsShown(const std::string& section, const SummaryContext& context) {
  const std::string& show = context.options.show_capture;
  return show != "no" && (show == "all" || section.find(show) != std::string::npos);
}

void WriteReport(const SummaryContext& context, const ReportRecord& record, TerminalWriter* out) {
  if (!context.worker_line.empty() && record.when != "collect") {
    out->Line(fmt::format(fmt::runtime(context.worker_line), Number(record.worker)));
  }
  out->Write(record.text);
  for (const auto& [name, content] : record.sections) {
    if (!IsShown(name, context)) continue;
    out->Sep("-", name);
    out->Line(WithoutLastNewline(content));
  }
}

void WriteTeardown(const SummaryContext& context, const ReportRecord& record, TerminalWriter* out) {
  const ReportRecord* teardown = context.records.TeardownOf(record);
  if (teardown == nullptr) return;
  for (const auto& [name, content] : teardown->sections) {
    if (!IsShown(name, context) || name.find("teardown") == std::string::npos) continue;
    out->Sep("-", name);
    out->Line(WithoutLastNewline(content));
  }
}

void WriteErrors(const SummaryContext& context, TerminalWriter* out) {
  const auto& records = context.records.Of("error");
  if (records.empty() || context.options.tb_style == "no") return;
  out->Sep("=", "ERRORS");
  for (const ReportRecord& record : records) {
    const bool collecting = record.when == "collect";
    const std::string title = collecting ? "ERROR collecting " + record.head_line
                                         : fmt::format("ERROR at {} of {}", record.when, record.head_line);
    out->Sep("_", title, kRedBold);
    WriteReport(context, record, out);
  }
}

void WriteFailures(const SummaryContext& context, const std::string& category, std::string_view title,
                   TerminalWriter* out) {
  const auto& records = context.records.Of(category);
  if (records.empty()) return;
  out->Sep("=", title);
  for (const ReportRecord& record : records) {
    if (context.options.tb_style == "line") {
      WriteReport(context, record, out);
      out->Line(record.crash_line);
    } else {
      out->Sep("_", record.head_line, kRedBold);
      WriteReport(context, record, out);
      WriteTeardown(context, record, out);
    }
  }
}

void WritePasses(const SummaryContext& context, const std::string& category, std::string_view title,
                 TerminalWriter* out) {
  const auto& records = context.records.Of(category);
  if (records.empty()) return;
  out->Sep("=", title);
  for (const ReportRecord& record : records) {
    if (!record.sections.empty()) {
      out->Sep("_", record.head_line, kGreenBold);
      WriteReport(context, record, out);
    }
    WriteTeardown(context, record, out);
  }
}

// Where warnings of one message came from: each place, or from ten on the files with their counts.
std::string Locations(const std::vector<const WarningRecord*>& warnings) {
  std::vector<std::pair<std::string, int>> files;
  std::string places;
  std::size_t count = 0;
  for (const WarningRecord* warning : warnings) {
    if (warning->location.empty()) continue;
    ++count;
    places += warning->location + "\n";
    const std::string file(FileOf(warning->location));
    const auto entry = std::find_if(files.begin(), files.end(), [&](const auto& other) { return other.first == file; });
    if (entry == files.end()) {
      files.emplace_back(file, 1);
    } else {
      ++entry->second;
    }
  }
  if (count >= 10) {
    places.clear();
    for (const auto& [file, times] : files)
      places += fmt::format("{}: {} warning{}\n", file, times, times > 1 ? "s" : "");
  }
  return places;
}

std::string TrimRight(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n\v\f") + 1);
  return text;
}

std::string Indented(const std::string& text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    result += "  " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return TrimRight(result);
}

void WriteWarnings(const SummaryContext& context, TerminalWriter* out) {
  const auto& warnings = context.records.warnings();
  if (warnings.empty() || !Wants(context, 'w')) return;
  std::vector<std::string> order;
  std::map<std::string, std::vector<const WarningRecord*>> groups;
  for (const WarningRecord& warning : warnings) {
    auto& group = groups[warning.text];
    if (group.empty()) order.push_back(warning.text);
    group.push_back(&warning);
  }
  out->Sep("=", "warnings summary", kYellow);
  for (const std::string& text : order) {
    const std::string places = Locations(groups[text]);
    out->Write(places);
    out->Line(places.empty() ? TrimRight(text) : Indented(text));
    out->Line();
  }
  out->Line("-- Docs: https://docs.pytest.org/en/stable/how-to/capture-warnings.html");
}

}  // namespace

void WriteSections(const SummaryContext& context, TerminalWriter* out) {
  const bool tracebacks = context.options.tb_style != "no";
  WriteErrors(context, out);
  if (tracebacks) WriteFailures(context, "failed", "FAILURES", out);
  if (tracebacks && context.options.xfail_tb) WriteFailures(context, "xfailed", "XFAILURES", out);
  WriteWarnings(context, out);
  if (tracebacks && Wants(context, 'P')) WritePasses(context, "passed", "PASSES", out);
  if (tracebacks && Wants(context, 'X')) WritePasses(context, "xpassed", "XPASSES", out);
}

void WriteSlowest(const SummaryContext& context, TerminalWriter* out) {
  const TerminalOptions& options = context.options;
  if (options.durations < 0 || context.records.durations().empty()) return;
  std::vector<DurationRecord> slowest = context.records.durations();
  std::stable_sort(slowest.begin(), slowest.end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  const auto limit = static_cast<std::size_t>(options.durations);
  out->Sep("=", limit == 0 ? "slowest durations" : fmt::format("slowest {} durations", limit));
  if (limit > 0 && slowest.size() > limit) slowest.resize(limit);
  for (std::size_t i = 0; i < slowest.size(); ++i) {
    if (slowest[i].seconds < options.durations_min) {
      out->Line();
      out->Line(fmt::format("({} durations < {:g}s hidden.{})", slowest.size() - i, options.durations_min,
                            options.durations_min_given ? "" : "  Use -vv to show these durations."));
      break;
    }
    out->Line(fmt::format("{:.2f}s {:<8} {}", slowest[i].seconds, slowest[i].when, slowest[i].node_id));
  }
}

}  // namespace fastest
