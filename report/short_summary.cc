#include "report/short_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/node_path.h"
#include "report/pytest_version.h"
#include "report/text_width.h"

namespace fastest {
namespace {

std::string Word(const ReportRecord& record, Markup otherwise, const TerminalWriter& out) {
  return out.Marked(record.word, record.word_markup ? Markup(*record.word_markup) : otherwise);
}

std::string MarkedNodeId(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out) {
  const std::string id = RelativeNodeId(record.node_id, context.options.rootdir, context.options.invocation_dir);
  const auto separator = id.find("::");
  if (separator == std::string::npos) return id;
  return id.substr(0, separator + 2) + out.Marked(id.substr(separator + 2), kBold);
}

std::string WithReason(const std::string& line, const std::string& reason) {
  return reason.empty() ? line : line + " - " + reason;
}

std::string XfailLine(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out) {
  const bool has_phase =
      record.category == "xfailed" && record.when != "call" && IsAtLeast(context.options.pytest_version, 9, 2);
  const std::string at = has_phase ? " at " + record.when + " of" : "";
  return WithReason(Word(record, kYellow, out) + at + " " + MarkedNodeId(context, record, out),
                    record.xfail.value_or(""));
}

void AddFoldedSkips(const SummaryContext& context, const TerminalWriter& out, std::vector<std::string>* lines) {
  struct Fold {
    SkipPlace place;
    int count = 0;
  };
  std::vector<Fold> folds;
  const auto& records = context.records.Of("skipped");
  for (const ReportRecord& record : records) {
    if (!record.skip) continue;
    SkipPlace place = *record.skip;
    place.path = RelativePath(place.path, context.options.rootdir, context.options.invocation_dir);
    if (record.skip_by_mark) place.line = -1;
    const auto same = std::find_if(folds.begin(), folds.end(), [&](const Fold& fold) {
      return fold.place.path == place.path && fold.place.line == place.line && fold.place.reason == place.reason;
    });
    if (same == folds.end()) {
      folds.push_back({std::move(place), 1});
    } else {
      ++same->count;
    }
  }
  constexpr std::string_view kPrefix = "Skipped: ";
  for (const auto& [place, count] : folds) {
    std::string_view reason = place.reason;
    if (reason.substr(0, kPrefix.size()) == kPrefix) reason.remove_prefix(kPrefix.size());
    const std::string line = place.line >= 0 ? fmt::format(":{}", place.line) : "";
    lines->push_back(
        fmt::format("{} [{}] {}{}: {}", Word(records.front(), kYellow, out), count, place.path, line, reason));
  }
}

void AddLines(const SummaryContext& context, char what, const TerminalWriter& out, std::vector<std::string>* lines) {
  const auto add = [&](const char* category, auto line_of) {
    for (const ReportRecord& record : context.records.Of(category)) lines->push_back(line_of(context, record, out));
  };
  switch (what) {
    case 'f':
      return add("failed", ShortLine);
    case 'E':
      return add("error", ShortLine);
    case 'p':
      return add("passed", ShortLine);
    case 'x':
      return add("xfailed", XfailLine);
    case 'X':
      return add("xpassed", XfailLine);
    case 's':
      if (context.options.fold_skipped) return AddFoldedSkips(context, out, lines);
      return add("skipped", [](const SummaryContext& c, const ReportRecord& record, const TerminalWriter& o) {
        return WithReason(Word(record, kYellow, o) + " " + MarkedNodeId(c, record, o),
                          record.skip ? record.skip->reason : "");
      });
    default:
      return;
  }
}

}  // namespace

std::string ShortLine(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out) {
  const std::string line = Word(record, CategoryColor(record.category), out) + " " + MarkedNodeId(context, record, out);
  if (!record.message) return line;
  if (context.keeps_lines) return line + " - " + *record.message;
  // pytest measures a coloured line as -1 columns wide: control characters have no width.
  return line + TrimmedMessage(" - ", *record.message, "", out.width() - TextWidth(line));
}

std::string FittingLine(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out) {
  const std::string line = Word(record, CategoryColor(record.category), out) + " " + MarkedNodeId(context, record, out);
  const int room = out.width() - VisibleWidth(line);
  return line + (record.message ? TrimmedMessage(" - ", *record.message, "", room) : "");
}

void WriteShortSummary(const SummaryContext& context, TerminalWriter* out) {
  std::vector<std::string> lines;
  for (const char what : context.options.report_chars) AddLines(context, what, *out, &lines);
  if (lines.empty()) return;
  out->Sep("=", "short test summary info", kCyanBold);
  for (const std::string& line : lines) out->Line(line);
}

}  // namespace fastest
