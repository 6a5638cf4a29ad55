#include "report/status_block.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text_width.h"

namespace fastest {
namespace {

constexpr double kLong = 1.0;          // Seconds from which a running test is shown.
constexpr double kEtaFraction = 0.05;  // Of the run: below it an estimate is a guess.
constexpr std::size_t kMostRunning = 8;

std::string Bar(double fraction, int width, const TerminalWriter& style, Markup color) {
  const int full = std::clamp(static_cast<int>(fraction * width), 0, width);
  std::string bar(static_cast<std::size_t>(full), '=');
  if (full < width && full > 0) bar.back() = '>';
  return "[" + style.Marked(bar, color) + std::string(static_cast<std::size_t>(width - full), ' ') + "]";
}

}  // namespace

std::string ClockText(double seconds) {
  const auto whole = static_cast<long long>(std::max(seconds, 0.0));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
}

void StatusBlock::Start(WorkerId worker, const std::string& node_id) {
  if (first_start_ < 0) first_start_ = now_;
  running_[worker] = Running{node_id, now_, 0};
}

void StatusBlock::Finish(WorkerId worker) {
  if (first_start_ < 0) first_start_ = now_;
  ++finished_;
  running_.erase(worker);
}

std::uint32_t StatusBlock::Total() const {
  return collection_finished_ ? collected_items_ : std::max({collected_items_, planned_items_, finished_});
}

std::string StatusBlock::CollectingLine() const {
  if (collected_files_ == 0) return fmt::format("starting {} worker{} …", workers_, workers_ == 1 ? "" : "s");
  const std::string files = planned_files_ > 0 ? fmt::format("{}/{} files", collected_files_, planned_files_)
                                               : fmt::format("{} files", collected_files_);
  return fmt::format("collecting … {}, {} items", files, collected_items_);
}

std::string StatusBlock::ProgressLine(const Tally& tally, const TerminalWriter& style, int columns) const {
  const std::uint32_t total = std::max(Total(), 1U);
  const double fraction = static_cast<double>(finished_) / total;
  const double elapsed = now_ - std::max(first_start_, 0.0);
  const double rate = elapsed > 0 ? finished_ / elapsed : 0;
  std::string text = fmt::format(" {}/{}{}", finished_, collection_finished_ ? "" : "~", total);
  const int failures = tally.Count("failed") + tally.Count("error");
  if (failures > 0) text += "  " + style.Marked(fmt::format("{} failed", failures), kRed);
  if (elapsed >= kLong) text += fmt::format("  {:.{}f}/s", rate, rate < 10 ? 1 : 0);
  text += "  " + ClockText(now_);
  if (fraction >= kEtaFraction && rate > 0 && finished_ < total) {
    text += fmt::format("  ETA {}", ClockText((total - finished_) / rate));
  }
  const int room = std::min(columns - 1 - VisibleWidth(text) - 2, 30);
  const bool all_run = collection_finished_ && finished_ == total;
  return (room >= 5 ? Bar(fraction, room, style, tally.MainColor(all_run)) : "") + text;
}

std::vector<std::string> StatusBlock::TakeSlow() {
  std::vector<std::string> lines;
  for (auto& [worker, running] : running_) {
    const int minutes = static_cast<int>((now_ - running.since) / 60);
    if (minutes <= running.told_minutes) continue;
    running.told_minutes = minutes;
    lines.push_back(fmt::format("[gw{}] running for {}: {}", Number(worker), ClockText(minutes * 60), running.node_id));
  }
  return lines;
}

std::vector<std::string> StatusBlock::Lines(const Tally& tally, const TerminalWriter& style, int columns) const {
  if (workers_ == 0) return {};
  std::vector<std::string> lines;
  lines.push_back(first_start_ < 0 ? CollectingLine() : ProgressLine(tally, style, columns));
  std::vector<std::pair<WorkerId, const Running*>> shown;
  for (const auto& [worker, running] : running_) {
    if (now_ - running.since >= kLong) shown.emplace_back(worker, &running);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& a, const auto& b) { return a.second->since < b.second->since; });
  const std::size_t most = std::min<std::size_t>(kMostRunning, workers_);
  for (std::size_t i = 0; i < std::min(shown.size(), most); ++i) {
    const std::string name = fmt::format("gw{}", Number(shown[i].first));
    const double seconds = now_ - shown[i].second->since;
    const std::string time = seconds < 60 ? fmt::format("{:.0f}s", seconds) : ClockText(seconds);
    const std::string head = fmt::format("{:<4} {:>5}  ", name, time);
    lines.push_back(head + ElideMiddle(shown[i].second->node_id, columns - 1 - static_cast<int>(head.size())));
  }
  if (shown.size() > most) lines.push_back(fmt::format("… and {} more", shown.size() - most));
  return lines;
}

}  // namespace fastest
