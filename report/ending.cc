#include "report/ending.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text_width.h"

namespace fastest {
namespace {

constexpr std::size_t kMostNotRun = 20;

struct Part {
  std::string text;
  Markup markup;
};

std::vector<Part> CollectOnlyParts(const RunCounts& counts, const Tally& tally, Markup* color) {
  std::vector<Part> parts;
  const std::uint32_t selected = counts.collected - std::min(counts.deselected, counts.collected);
  *color = selected == 0 ? kYellow : kGreen;
  std::string text;
  if (counts.collected == 0) {
    text = "no tests collected";
  } else if (counts.deselected == 0) {
    text = CountText(static_cast<int>(counts.collected), "test") + " collected";
  } else if (selected == 0) {
    text = fmt::format("no tests collected ({} deselected)", counts.deselected);
  } else {
    text = fmt::format("{}/{} tests collected ({} deselected)", selected, counts.collected, counts.deselected);
  }
  parts.push_back({text, *color});
  const int errors = tally.Count("error");
  if (errors > 0) {
    *color = kRed;
    parts.push_back({CountText(errors, "error"), kRed});
  }
  return parts;
}

std::vector<Part> CountParts(const RunCounts& counts, const Tally& tally, Markup* color) {
  std::vector<Part> parts;
  *color = tally.MainColor(counts.all_run);
  for (const auto& [category, count] : tally.Counts()) {
    const Markup own = CategoryColor(category);
    parts.push_back({CountText(count, category), own == *color ? tally.MainColorBold(counts.all_run) : own});
  }
  if (parts.empty()) parts.push_back({"no tests ran", kYellow});
  return parts;
}

}  // namespace

void WriteStopReason(const RunFinished& run, const TerminalOptions& options, const Tally& tally, TerminalWriter* out) {
  if (run.exit_code == static_cast<int>(ExitCode::kMaxWarnings)) {
    out->Line(fmt::format("Tests pass, but maximum allowed warnings exceeded: {} > {}", tally.Count("warnings"),
                          options.max_warnings),
              kRed);
  }
  const bool interrupted = run.exit_code == static_cast<int>(ExitCode::kInterrupted);
  if (!run.stop_reason.empty()) out->Sep("!", run.stop_reason, interrupted ? kPlain : kRed);
  out->Write(run.stop_place);
}

void WriteNotRun(const RunFinished& run, const TerminalOptions& options, TerminalWriter* out) {
  if (run.not_run.empty() || options.collect_only || options.verbosity < -1) return;
  if (!run.stop_reason.empty()) {
    if (options.verbosity > 0 || run.exit_code == 0)  // Nothing else says that it is not all.
      out->Line(fmt::format("{} not run", CountText(static_cast<int>(run.not_run.size()), "test")));
    return;
  }
  out->Line(fmt::format("{} collected but not run:", CountText(static_cast<int>(run.not_run.size()), "test")), kRed);
  const std::size_t shown = std::min(run.not_run.size(), kMostNotRun);
  for (std::size_t i = 0; i < shown; ++i) out->Line("  " + run.not_run[i], kRed);
  if (run.not_run.size() > shown) out->Line(fmt::format("  … and {} more", run.not_run.size() - shown), kRed);
}

void WriteFlaky(const RunFinished& run, const TerminalOptions& options, TerminalWriter* out) {
  if (options.verbosity < -1) return;
  for (const FlakyTest& test : run.flaky)
    out->Line(out->Marked("FLAKY", kYellow) + fmt::format(" {} (passed on attempt {})", test.node_id, test.attempts));
}

void WriteFinalLine(const RunTimes& times, const RunCounts& counts, const TerminalOptions& options, const Tally& tally,
                    TerminalWriter* out) {
  if (options.verbosity < -1) return;
  Markup color;
  const std::vector<Part> parts =
      options.collect_only ? CollectOnlyParts(counts, tally, &color) : CountParts(counts, tally, &color);
  std::string line;
  std::string plain;
  for (const Part& part : parts) {
    line += (line.empty() ? "" : ", ") + out->Marked(part.text, part.markup);
    plain += (plain.empty() ? "" : ", ") + part.text;
  }
  const std::string duration = " in " + SessionDuration(times.wall);
  line += out->Marked(duration, color);
  plain += duration;
  if (options.verbosity < 0) return out->Line(line, color);
  // The counts' own colours end the line's: it is switched on again for the rest of the separator.
  if (out->color()) line += color;
  out->Sep("=", line, color, out->width() + CodepointCount(line) - CodepointCount(plain));
}

void WriteSpeedUp(const RunTimes& times, const RunCounts& counts, TerminalWriter* out) {
  if (counts.workers < 2 || times.wall <= 0 || times.tests <= 0) return;
  out->Line(fmt::format("{} workers: {} of tests in {} (speed-up {:.1f})", counts.workers, SessionDuration(times.tests),
                        SessionDuration(times.wall), times.tests / times.wall));
}

void WriteTimes(const RunTimes& times, const RunCounts& counts, TerminalWriter* out) {
  if (times.floor > 0) {
    out->Line(
        fmt::format("parallel floor {:.2f}s{}{}", times.floor, times.floor_what.empty() ? "" : ": ", times.floor_what));
  }
  out->Line(fmt::format("time: start {:.2f}s, discovery {:.2f}s, collection {:.2f}s, tests {:.2f}s, wall {:.2f}s",
                        times.start, times.discovery, times.collect, times.tests, times.wall));
  if (times.worker_busy.empty() || times.wall <= 0) return;
  double busy = 0;
  std::string workers;
  for (std::size_t i = 0; i < times.worker_busy.size(); ++i) {
    busy += times.worker_busy[i];
    workers += fmt::format(" gw{} {:.0f}%", i, 100 * times.worker_busy[i] / times.wall);
  }
  const double offered = times.wall * static_cast<double>(std::max<std::size_t>(times.worker_busy.size(), 1));
  out->Line(fmt::format("busy:{}; idle {:.2f}s in all",
                        counts.workers < 2 ? fmt::format(" {:.0f}%", 100 * busy / times.wall) : workers,
                        std::max(0.0, offered - busy)));
}

void WriteAgents(const std::vector<AgentFigures>& agents, TerminalWriter* out) {
  for (const AgentFigures& agent : agents)
    out->Line(fmt::format("agent {} ({} worker{} from gw{}): {}, busy {:.2f}s{}{}", agent.name, agent.workers,
                          agent.workers == 1 ? "" : "s", Number(agent.first_worker),
                          CountText(static_cast<int>(agent.tests), "test"), agent.busy, agent.end.empty() ? "" : ", ",
                          agent.end));
}

}  // namespace fastest
