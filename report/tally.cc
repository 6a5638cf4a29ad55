#include "report/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fastest {
namespace {

constexpr std::array<std::string_view, 11> kKnown{"failed",          "passed",          "skipped",         "deselected",
                                                  "xfailed",         "xpassed",         "warnings",        "error",
                                                  "subtests passed", "subtests failed", "subtests skipped"};

bool IsKnown(std::string_view category) { return std::find(kKnown.begin(), kKnown.end(), category) != kKnown.end(); }

}  // namespace

void Tally::Add(const std::string& category, int count) {
  if (category.empty() || count == 0) return;
  const auto entry =
      std::find_if(counts_.begin(), counts_.end(), [&](const auto& other) { return other.first == category; });
  if (entry != counts_.end()) {
    entry->second += count;
  } else {
    counts_.emplace_back(category, count);
  }
}

int Tally::Count(const std::string& category) const {
  const auto entry =
      std::find_if(counts_.begin(), counts_.end(), [&](const auto& other) { return other.first == category; });
  return entry == counts_.end() ? 0 : entry->second;
}

std::vector<std::pair<std::string, int>> Tally::Counts() const {
  std::vector<std::pair<std::string, int>> counts;
  for (const std::string_view known : kKnown) {
    const std::string category(known);
    if (Count(category) > 0) counts.emplace_back(category, Count(category));
  }
  std::copy_if(counts_.begin(), counts_.end(), std::back_inserter(counts),
               [](const auto& entry) { return !IsKnown(entry.first); });
  return counts;
}

Markup Tally::MainColor(bool all_run) const {
  if (Count("failed") > 0 || Count("error") > 0) return kRed;
  const bool unknown =
      std::any_of(counts_.begin(), counts_.end(), [](const auto& entry) { return !IsKnown(entry.first); });
  if (Count("warnings") > 0 || Count("xpassed") > 0 || unknown) return kYellow;
  return Count("passed") > 0 || !all_run ? kGreen : kYellow;
}

Markup Tally::MainColorBold(bool all_run) const {
  const Markup color = MainColor(all_run);
  return color == kRed ? kRedBold : color == kGreen ? kGreenBold : kYellowBold;
}

std::string CountText(int count, const std::string& category) {
  if (category == "error" || category == "test") return fmt::format("{} {}{}", count, category, count == 1 ? "" : "s");
  if (category == "warnings") return fmt::format("{} warning{}", count, count == 1 ? "" : "s");
  return fmt::format("{} {}", count, category);
}

Markup CategoryColor(const std::string& category) {
  if (category == "failed" || category == "error" || category == "subtests failed") return kRed;
  if (category == "passed" || category == "subtests passed") return kGreen;
  return kYellow;
}

std::string SessionDuration(double seconds) {
  const std::string text = fmt::format("{:.2f}s", seconds);
  if (seconds < 60) return text;
  const auto whole = static_cast<long long>(seconds);
  const long long days = whole / 86400;
  const std::string prefix = days == 0 ? "" : fmt::format("{} day{}, ", days, days == 1 ? "" : "s");
  return fmt::format("{} ({}{}:{:02}:{:02})", text, prefix, whole % 86400 / 3600, whole % 3600 / 60, whole % 60);
}

}  // namespace fastest
