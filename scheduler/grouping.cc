#include "scheduler/grouping.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "protocol/node_id.h"

namespace fastest {
namespace {

using Group = std::vector<std::uint32_t>;

std::string_view ScopeOf(std::string_view node_id) {
  const auto plain = WithoutParameters(node_id);
  const auto last = plain.rfind("::");
  return last == std::string_view::npos ? plain : plain.substr(0, last);
}

std::string KeyOf(const GroupItem& item, GroupRule rule) {
  switch (rule) {
    case GroupRule::kFree:
      return std::string(AtomOf(item.node_id));
    case GroupRule::kScope:
      return std::string(ScopeOf(item.node_id));
    case GroupRule::kMark:
      if (!item.mark.empty()) return "@" + std::string(item.mark);
      break;
    case GroupRule::kFile:
    case GroupRule::kFileWhole:
      break;
  }
  return std::string(FileOf(item.node_id));
}

double SecondsOf(std::span<const GroupItem> items, const Group& group) {
  double seconds = 0;
  for (const auto index : group) seconds += items[index].seconds;
  return seconds;
}

// Whether a group that is cut at all may be cut before its `i`th item.
bool MayCutBefore(std::span<const GroupItem> items, const Group& group, std::size_t i) {
  if (i == 0) return true;
  const GroupItem& item = items[group[i]];
  if (AtomOf(item.node_id) != AtomOf(items[group[i - 1]].node_id)) return true;
  const auto name = WithoutParameters(item.node_id);
  return AtomOf(item.node_id) == name || item.class_divisible ||
         (item.divisible && name == WithoutParameters(items[group[i - 1]].node_id));
}

bool MayCut(const GroupItem& item, GroupRule rule) {
  return rule == GroupRule::kFile || rule == GroupRule::kFree || (rule == GroupRule::kMark && item.mark.empty());
}

// Cuts where an atom ends and the piece is large enough; what alone is too large between its items: a parametrised
// function, a divisible method or class.
std::vector<Group> Cut(std::span<const GroupItem> items, const Group& group, double largest) {
  std::vector<Group> pieces(1);
  double piece_seconds = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const GroupItem& item = items[group[i]];
    const bool same_atom = i > 0 && AtomOf(item.node_id) == AtomOf(items[group[i - 1]].node_id);
    // Inside a function the piece has to be full; between atoms it is enough that the next item would overfill it.
    const double would_be = same_atom ? piece_seconds : piece_seconds + item.seconds / 2;
    if (MayCutBefore(items, group, i) && !pieces.back().empty() && would_be >= largest) {
      pieces.emplace_back();
      piece_seconds = 0;
    }
    pieces.back().push_back(group[i]);
    piece_seconds += item.seconds;
  }
  return pieces;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> GroupItems(std::span<const GroupItem> items, GroupRule rule, double largest) {
  std::vector<Group> groups;
  std::vector<bool> may_cut;
  std::unordered_map<std::string, std::size_t> by_key;
  for (std::uint32_t index = 0; index < items.size(); ++index) {
    const auto [entry, added] = by_key.emplace(KeyOf(items[index], rule), groups.size());
    if (added) {
      groups.emplace_back();
      may_cut.push_back(MayCut(items[index], rule));
    }
    groups[entry->second].push_back(index);
  }
  std::vector<Group> pieces;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (may_cut[i] && SecondsOf(items, groups[i]) > largest) {
      for (auto& piece : Cut(items, groups[i], largest)) pieces.push_back(std::move(piece));
    } else {
      pieces.push_back(std::move(groups[i]));
    }
  }
  return pieces;
}

std::vector<std::vector<std::uint32_t>> PartsInOrder(std::span<const GroupItem> items, GroupRule rule, double share) {
  constexpr double kLong = 1.0 / 8, kLate = 1.05;
  Group all(items.size());
  std::iota(all.begin(), all.end(), 0U);
  std::vector<std::pair<double, Group>> parts;  // With their seconds where they are late, else with none.
  for (const auto index : all) {
    const bool other_file = index == 0 || FileOf(items[index].node_id) != FileOf(items[index - 1].node_id);
    if (other_file || (MayCut(items[index], rule) && MayCutBefore(items, all, index))) parts.emplace_back();
    parts.back().second.push_back(index);
  }
  double end = 0;
  for (auto& [late, part] : parts) {
    const double seconds = SecondsOf(items, part);
    end += seconds;
    if (seconds >= share * kLong && end > share * kLate) late = seconds;
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Group> ordered;
  ordered.reserve(parts.size());
  for (auto& [late, part] : parts) ordered.push_back(std::move(part));
  return ordered;
}

double LongestPart(std::span<const GroupItem> items, const std::vector<std::uint32_t>& group, GroupRule rule) {
  double longest = 0, part = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (MayCut(items[group[i]], rule) && MayCutBefore(items, group, i)) part = 0;
    part += items[group[i]].seconds;
    longest = std::max(longest, part);
  }
  return longest;
}

}  // namespace fastest
