#include "native/sequence_matcher.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fastest::native {

SequenceMatcher::SequenceMatcher(uint32_t alphabet, std::vector<uint8_t> is_junk, bool autojunk, Pacer* pacer)
    : is_junk_(std::move(is_junk)), autojunk_(autojunk), pacer_(pacer), end_(alphabet), count_(alphabet) {
  is_junk_.resize(alphabet);
}

void SequenceMatcher::SetB(std::span<const Symbol> b) {
  constexpr uint32_t kNowhere = std::numeric_limits<uint32_t>::max();
  for (const Symbol symbol : b_) count_[symbol] = 0;
  b_ = b;
  for (const Symbol symbol : b_) {
    ++count_[symbol];
    end_[symbol] = kNowhere;
  }
  const uint32_t size = static_cast<uint32_t>(b_.size());
  positions_.resize(size);
  for (auto& runs : runs_)
    if (runs.size() <= size) runs.resize(size + 1);
  uint32_t room = 0;
  for (uint32_t at = 0; at < size; ++at) {
    const Symbol symbol = b_[at];
    if (end_[symbol] == kNowhere) {
      end_[symbol] = room;
      room += count_[symbol];
    }
    positions_[end_[symbol]++] = at;
  }
  const uint32_t most = autojunk_ && size >= 200 ? size / 100 + 1 : size;
  for (const Symbol symbol : b_)
    if (is_junk_[symbol] != 0 || count_[symbol] > most) count_[symbol] = 0;
}

std::span<const uint32_t> SequenceMatcher::PositionsInB(Symbol symbol) const {
  return {positions_.data() + (end_[symbol] - count_[symbol]), count_[symbol]};
}

Match SequenceMatcher::FindLongestWithoutJunk(Range in) {
  Match best{in.a_begin, in.b_begin, 0};
  uint64_t steps = in.a_end - in.a_begin;
  ++row_;  // The row before the first has no runs. Rows tell this call's runs from former ones, so nothing is cleared.
  for (uint32_t i = in.a_begin; i < in.a_end; ++i) {
    const std::span<const uint32_t> positions = count_[a_[i]] != 0 ? PositionsInB(a_[i]) : std::span<const uint32_t>();
    const uint64_t row = ++row_;
    std::vector<Run>& runs = runs_[row % 2];
    const std::vector<Run>& before = runs_[(row + 1) % 2];
    auto at = positions.begin();
    if (positions.size() > 8) at = std::lower_bound(at, positions.end(), in.b_begin);
    for (; at != positions.end(); ++at) {
      const uint32_t j = *at;
      if (j < in.b_begin) continue;
      if (j >= in.b_end) break;
      // A run that ends at j is kept at j + 1.
      const uint32_t length = (before[j].row == row - 1 ? before[j].length : 0) + 1;
      runs[j + 1] = {row, length};
      if (length > best.size) best = {i - length + 1, j - length + 1, length};
      ++steps;
    }
  }
  pacer_->Spend(steps);
  return best;
}

// Grows the match at both ends over equal elements that are junk, or over those that are not.
void SequenceMatcher::Extend(Range in, bool over_junk, Match* match) const {
  const auto fits = [&](uint32_t i, uint32_t j) { return (is_junk_[b_[j]] != 0) == over_junk && a_[i] == b_[j]; };
  while (match->a > in.a_begin && match->b > in.b_begin && fits(match->a - 1, match->b - 1)) {
    --match->a;
    --match->b;
    ++match->size;
  }
  while (match->a + match->size < in.a_end && match->b + match->size < in.b_end &&
         fits(match->a + match->size, match->b + match->size))
    ++match->size;
}

Match SequenceMatcher::FindLongest(Range in) {
  Match match = FindLongestWithoutJunk(in);
  Extend(in, /*over_junk=*/false, &match);
  Extend(in, /*over_junk=*/true, &match);
  return match;
}

template <typename Visit>
void SequenceMatcher::ForEachBlock(Visit visit) {
  queue_.assign(1, Range{0, static_cast<uint32_t>(a_.size()), 0, static_cast<uint32_t>(b_.size())});
  while (!queue_.empty() && !pacer_->is_stopped()) {
    const Range in = queue_.back();
    queue_.pop_back();
    const Match match = FindLongest(in);
    if (match.size == 0) continue;
    visit(match);
    const uint32_t a_end = match.a + match.size, b_end = match.b + match.size;
    if (in.a_begin < match.a && in.b_begin < match.b) queue_.push_back({in.a_begin, match.a, in.b_begin, match.b});
    if (a_end < in.a_end && b_end < in.b_end) queue_.push_back({a_end, in.a_end, b_end, in.b_end});
  }
}

uint32_t SequenceMatcher::CountMatches() {
  uint32_t count = 0;
  ForEachBlock([&](const Match& match) { count += match.size; });
  return count;
}

std::vector<Match> SequenceMatcher::MatchingBlocks() {
  std::vector<Match> found;
  ForEachBlock([&](const Match& match) { found.push_back(match); });
  std::sort(found.begin(), found.end(), [](const Match& x, const Match& y) { return x.a < y.a; });
  std::vector<Match> blocks;
  for (const Match& match : found) {
    Match* last = blocks.empty() ? nullptr : &blocks.back();
    if (last != nullptr && last->a + last->size == match.a && last->b + last->size == match.b)
      last->size += match.size;
    else
      blocks.push_back(match);
  }
  blocks.push_back({static_cast<uint32_t>(a_.size()), static_cast<uint32_t>(b_.size()), 0});
  return blocks;
}

std::vector<Opcode> SequenceMatcher::Opcodes() {
  std::vector<Opcode> codes;
  uint32_t i = 0, j = 0;
  for (const Match& match : MatchingBlocks()) {
    if (i < match.a && j < match.b)
      codes.push_back({Edit::kReplace, i, match.a, j, match.b});
    else if (i < match.a)
      codes.push_back({Edit::kDelete, i, match.a, j, match.b});
    else if (j < match.b)
      codes.push_back({Edit::kInsert, i, match.a, j, match.b});
    i = match.a + match.size;
    j = match.b + match.size;
    if (match.size != 0) codes.push_back({Edit::kEqual, match.a, i, match.b, j});
  }
  return codes;
}

}  // namespace fastest::native
