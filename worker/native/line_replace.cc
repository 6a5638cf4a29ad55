// The recursive form looks for the pair (i, j) of unequal lines with the highest ratio of at least 0.75 in a block, the
// first by (j, i) of several, and does the same with the blocks before and after it: n * m ratios a level, cubic in
// all. The same pairs come out if all pairs of the whole block are taken in the order (ratio descending, j, i) and each
// is chosen that crosses none chosen before: the best of a part is the first in that order that lies within the part.
//
// Ratios are costly, bounds of them are not. So candidates are sorted by their bound; only when one comes first and
// still fits between what is chosen is its ratio computed, and it waits among the exact ones until no bound is above:
//
//     bounds   (0.95: 3,1) (0.90: 2,2) (0.90: 7,7) ...      exact   (0.92: 3,1)
//
// Here (3,1) is chosen next, as nothing can beat 0.92; then (2,2) is dropped unseen, because it crosses (3,1).
// Two lists of 3,000 floats: 9 million bounds of 10 to 30 ns, a few thousand ratios.

#include "native/line_replace.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace fastest::native {
namespace {

constexpr double kCutoff = 0.75;           // Of the recursive form.
constexpr double kWindowCutoff = 0.74999;  // Of the windowed one.
constexpr uint32_t kWindow = 10;
constexpr size_t kMostCandidates = size_t{8} << 20;  // 16 bytes each.

// A block of lines: [a_begin, a_end) of the first side became [b_begin, b_end) of the second.
struct Block {
  uint32_t a_begin, a_end, b_begin, b_end;
};

struct Pair {
  double ratio;
  uint32_t a, b;
};

// The order in which pairs are chosen.
struct Before {
  bool operator()(const Pair& x, const Pair& y) const {
    return std::tie(y.ratio, x.b, x.a) < std::tie(x.ratio, y.b, y.a);
  }
};
struct After {
  bool operator()(const Pair& x, const Pair& y) const { return Before()(y, x); }
};

class Replacement {
 public:
  Replacement(const Text& text, uint32_t a_size, const Spaces& spaces, Pacer* pacer)
      : text_(text),
        spaces_(spaces),
        pacer_(pacer),
        similarity_(text, pacer),
        whole_{0, a_size, a_size, static_cast<uint32_t>(text.size())} {}

  // False: there were too many candidates at once.
  bool Recursive();
  void Windowed();
  std::vector<DeltaLine> TakeDelta() { return std::move(delta_); }

 private:
  bool Collect(double from, double below, std::vector<Pair>* candidates);
  void Choose(double from, const std::vector<Pair>& candidates);
  bool Fits(const Pair& pair) const;
  std::vector<Pair>::const_iterator FirstNotBefore(uint32_t a) const;
  double RatioOf(const Pair& pair);
  std::vector<Block> Gaps() const;

  void TellAlikeWithin(Block block);
  void TellPlainly(Block block);
  void TellPair(uint32_t a, uint32_t b);
  void TellMarks(uint32_t line, const std::u32string& marks);
  void Dump(char tag, uint32_t begin, uint32_t end);

  const Text& text_;
  const Spaces& spaces_;
  Pacer* pacer_;
  Similarity similarity_;
  Block whole_;
  std::vector<Pair> chosen_;                                    // Ascending in a and in b.
  uint32_t b_ = std::numeric_limits<uint32_t>::max();           // What similarity_ compares with.
  std::unordered_map<uint32_t, std::vector<uint32_t>> places_;  // In the first side, of each line id; made on demand.
  std::vector<DeltaLine> delta_;
};

// ---- the recursive form ----

bool Replacement::Recursive() {
  // In one go, unless there are too many candidates: then those of higher ratios first.
  double below = std::numeric_limits<double>::infinity();
  std::vector<Pair> candidates;
  while (below > kCutoff && !pacer_->is_stopped()) {
    double from = kCutoff;
    while (!Collect(from, below, &candidates)) {
      const double higher = (from + std::min(below, 1.0)) / 2;
      if (higher - from < 1e-6) return false;
      from = higher;
    }
    Choose(from, candidates);
    below = from;
  }
  uint32_t a = whole_.a_begin, b = whole_.b_begin;
  for (const Pair& pair : chosen_) {
    TellAlikeWithin({a, pair.a, b, pair.b});
    TellPair(pair.a, pair.b);
    a = pair.a + 1;
    b = pair.b + 1;
  }
  TellAlikeWithin({a, whole_.a_end, b, whole_.b_end});
  return true;
}

// The pairs of unequal lines between those chosen whose bound is at least `from`; false if there are too many. Those
// whose ratio is `below` or more have been through Choose.
bool Replacement::Collect(double from, double below, std::vector<Pair>* candidates) {
  candidates->clear();
  for (const Block& gap : Gaps()) {
    if (gap.a_begin == gap.a_end) continue;
    for (uint32_t b = gap.b_begin; b < gap.b_end; ++b) {
      similarity_.SetB(b_ = b);
      for (uint32_t a = gap.a_begin; a < gap.a_end; ++a) {
        if (text_.id(a) == text_.id(b)) continue;
        const double bound = similarity_.Bound(a, from);
        if (bound < from) continue;
        if (candidates->size() == kMostCandidates) return false;
        candidates->push_back({std::min(bound, below), a, b});
      }
      if (pacer_->is_stopped()) return true;
    }
  }
  std::sort(candidates->begin(), candidates->end(), Before());
  return true;
}

void Replacement::Choose(double from, const std::vector<Pair>& candidates) {
  std::priority_queue<Pair, std::vector<Pair>, After> exact;
  auto next = candidates.begin();
  while ((next != candidates.end() || !exact.empty()) && pacer_->Spend(20)) {
    if (next == candidates.end() || (!exact.empty() && Before()(exact.top(), *next))) {
      const Pair pair = exact.top();
      exact.pop();
      if (Fits(pair)) chosen_.insert(FirstNotBefore(pair.a), pair);
      continue;
    }
    const Pair pair = *next++;
    if (!Fits(pair)) continue;
    const double ratio = RatioOf(pair);
    if (ratio >= from) exact.push({ratio, pair.a, pair.b});
  }
}

std::vector<Pair>::const_iterator Replacement::FirstNotBefore(uint32_t a) const {
  return std::lower_bound(chosen_.begin(), chosen_.end(), a, [](const Pair& pair, uint32_t x) { return pair.a < x; });
}

// Whether the pair lies between two neighbours of those chosen.
bool Replacement::Fits(const Pair& pair) const {
  const auto after = FirstNotBefore(pair.a);
  if (after != chosen_.end() && (after->a == pair.a || after->b <= pair.b)) return false;
  return after == chosen_.begin() || std::prev(after)->b < pair.b;
}

double Replacement::RatioOf(const Pair& pair) {
  if (b_ != pair.b) similarity_.SetB(b_ = pair.b);
  return similarity_.ExactRatio(pair.a);
}

std::vector<Block> Replacement::Gaps() const {
  std::vector<Block> gaps;
  uint32_t a = whole_.a_begin, b = whole_.b_begin;
  for (const Pair& pair : chosen_) {
    gaps.push_back({a, pair.a, b, pair.b});
    a = pair.a + 1;
    b = pair.b + 1;
  }
  gaps.push_back({a, whole_.a_end, b, whole_.b_end});
  return gaps;
}

// A block without lines that are much alike: equal ones stay, the first by (b, a) in what is left each time.
void Replacement::TellAlikeWithin(Block block) {
  if (places_.empty())
    for (uint32_t a = whole_.a_begin; a < whole_.a_end; ++a) places_[text_.id(a)].push_back(a);
  uint32_t a = block.a_begin, b_told = block.b_begin;
  for (uint32_t b = block.b_begin; b < block.b_end && a < block.a_end; ++b) {
    const auto known = places_.find(text_.id(b));
    if (known == places_.end()) continue;
    const auto at = std::lower_bound(known->second.begin(), known->second.end(), a);
    if (at == known->second.end() || *at >= block.a_end) continue;
    TellPlainly({a, *at, b_told, b});
    Dump(' ', *at, *at + 1);
    a = *at + 1;
    b_told = b + 1;
  }
  TellPlainly({a, block.a_end, b_told, block.b_end});
}

// ---- the windowed form ----

void Replacement::Windowed() {
  uint32_t a_told = whole_.a_begin, b_told = whole_.b_begin;
  for (uint32_t b = whole_.b_begin; b < whole_.b_end && !pacer_->is_stopped(); ++b) {
    const uint32_t middle = whole_.a_begin + (b - whole_.b_begin);
    const uint32_t begin = std::max(middle - std::min(middle, kWindow), a_told);
    const uint32_t end = std::min(middle + kWindow + 1, whole_.a_end);
    if (begin >= end) break;
    double best = kWindowCutoff;
    uint32_t best_a = end;
    similarity_.SetB(b_ = b);
    for (uint32_t a = begin; a < end; ++a) {
      if (similarity_.Bound(a, best) <= best) continue;
      const double ratio = similarity_.ExactRatio(a);
      if (ratio > best) {
        best = ratio;
        best_a = a;
      }
    }
    if (best_a == end) continue;
    TellPlainly({a_told, best_a, b_told, b});
    if (text_.id(best_a) == text_.id(b))
      Dump(' ', best_a, best_a + 1);
    else
      TellPair(best_a, b);
    a_told = best_a + 1;
    b_told = b + 1;
  }
  TellPlainly({a_told, whole_.a_end, b_told, whole_.b_end});
}

// ---- what is told ----

// The shorter side first, the first side if both are as long.
void Replacement::TellPlainly(Block block) {
  const bool b_first = block.b_end - block.b_begin < block.a_end - block.a_begin && block.b_begin != block.b_end;
  if (b_first) Dump('+', block.b_begin, block.b_end);
  Dump('-', block.a_begin, block.a_end);
  if (!b_first) Dump('+', block.b_begin, block.b_end);
}

void Replacement::Dump(char tag, uint32_t begin, uint32_t end) {
  for (uint32_t line = begin; line < end; ++line) delta_.push_back({tag, line, {}});
}

void Replacement::TellPair(uint32_t a, uint32_t b) {
  if (b_ != b) similarity_.SetB(b_ = b);
  std::u32string a_marks, b_marks;
  for (const Opcode& code : similarity_.Opcodes(a)) {
    a_marks.append(code.a_end - code.a_begin, static_cast<char32_t>(code.edit));
    b_marks.append(code.b_end - code.b_begin, static_cast<char32_t>(code.edit));
  }
  Dump('-', a, a + 1);
  TellMarks(a, a_marks);
  Dump('+', b, b + 1);
  TellMarks(b, b_marks);
}

// Whitespace of the line stays as it is, so that the marks are below their characters.
void Replacement::TellMarks(uint32_t line, const std::u32string& marks) {
  std::u32string told = marks;
  const std::span<const Symbol> symbols = text_.line(line);
  size_t size = 0;
  for (size_t at = 0; at < symbols.size(); ++at) {
    if (told[at] != U' ')
      size = at + 1;
    else if (spaces_[symbols[at]] != 0)
      told[at] = text_.characters()[symbols[at]];
  }
  told.resize(size);
  if (!told.empty()) delta_.push_back({'?', 0, told});
}

}  // namespace

std::vector<DeltaLine> Replace(const Text& text, uint32_t a_size, const Spaces& spaces, Form form, Pacer* pacer,
                               bool* out_of_room) {
  Replacement replacement(text, a_size, spaces, pacer);
  *out_of_room = false;
  if (form == Form::kWindowed)
    replacement.Windowed();
  else
    *out_of_room = !replacement.Recursive();
  return replacement.TakeDelta();
}

}  // namespace fastest::native
