// SequenceMatcher: difflib.SequenceMatcher over interned elements, with the same answers.
//
// Elements are numbers, equal exactly where Python's objects are equal; lines are matched this way and, within two
// lines, their characters. It answers as CPython's does: the same longest block of several, the same junk and the same
// popular elements (autojunk). Nothing is owned but work space: what SetA and SetB are given must outlive their use.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/pacer.h"

namespace fastest::native {

// An interned element: the n-th distinct one has the number n.
using Symbol = uint32_t;

// a[a, a + size) equals b[b, b + size).
struct Match {
  uint32_t a, b, size;
  friend bool operator==(const Match&, const Match&) = default;
};

enum class Edit : char { kEqual = ' ', kDelete = '-', kInsert = '+', kReplace = '^' };

// a[a_begin, a_end) becomes b[b_begin, b_end).
struct Opcode {
  Edit edit;
  uint32_t a_begin, a_end, b_begin, b_end;
  friend bool operator==(const Opcode&, const Opcode&) = default;
};

// difflib's _calculate_ratio, in the same arithmetic.
inline double Ratio(uint64_t matches, uint64_t length) {
  return length != 0 ? 2.0 * static_cast<double>(matches) / static_cast<double>(length) : 1.0;
}

class SequenceMatcher {
 public:
  // Symbols are below `alphabet`; junk those whose entry in `is_junk` is not zero (none if it is empty).
  SequenceMatcher(uint32_t alphabet, std::vector<uint8_t> is_junk, bool autojunk, Pacer* pacer);

  // The b before is looked at once more.
  void SetB(std::span<const Symbol> b);
  void SetA(std::span<const Symbol> a) { a_ = a; }

  // get_matching_blocks(), with its last, empty block. Incomplete if the pacer said stop.
  std::vector<Match> MatchingBlocks();
  // get_opcodes(). Incomplete likewise.
  std::vector<Opcode> Opcodes();
  // The sum of the matching blocks' sizes: what ratio() is made of.
  uint32_t CountMatches();

 private:
  struct Range {
    uint32_t a_begin, a_end, b_begin, b_end;
  };
  // The length of a run of equal elements that ends at a position of b, and the row that it was found in.
  struct Run {
    uint64_t row = 0;
    uint32_t length = 0;
  };

  Match FindLongest(Range in);
  Match FindLongestWithoutJunk(Range in);
  void Extend(Range in, bool over_junk, Match* match) const;
  // Calls visit(match) for every block, in no particular order.
  template <typename Visit>
  void ForEachBlock(Visit visit);
  std::span<const uint32_t> PositionsInB(Symbol symbol) const;

  std::span<const Symbol> a_, b_;
  std::vector<uint8_t> is_junk_;
  bool autojunk_;
  Pacer* pacer_;
  // Where each symbol stands in b, in ascending order: the count_[symbol] positions before positions_[end_[symbol]].
  // Junk and popular symbols have a count of zero, as they are missing from CPython's b2j.
  std::vector<uint32_t> positions_, end_, count_;
  std::vector<Run> runs_[2];
  uint64_t row_ = 0;
  std::vector<Range> queue_;
};

}  // namespace fastest::native
