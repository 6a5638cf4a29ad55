// Similarity: how alike the lines of two texts are, as SequenceMatcher.ratio() has it, and cheap upper bounds of it.
//
// A ratio costs microseconds, and a diff of n and m changed lines asks for n * m of them. Nearly all are settled by a
// bound: the lengths alone, then what the lines have in common as bags of characters (64 counters, compared at once),
// then the length of their longest common subsequence, 64 characters of a line at a time. None is ever below the
// ratio, since matching blocks are a common subsequence.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/sequence_matcher.h"

namespace fastest::native {

// Lines of text whose characters and whose whole texts are interned: equal lines have equal ids.
class Text {
 public:
  // Returns the line's index. Lines of both sides share a Text.
  uint32_t Add(std::u32string_view line);

  size_t size() const { return begins_.size(); }
  std::span<const Symbol> line(uint32_t index) const;
  // Equal exactly for equal lines.
  uint32_t id(uint32_t index) const { return ids_[index]; }
  // The character of each symbol.
  const std::u32string& characters() const { return characters_; }

 private:
  Symbol Intern(char32_t character);

  std::vector<Symbol> symbols_;
  std::vector<size_t> begins_;
  std::vector<uint32_t> ids_;
  std::unordered_multimap<uint64_t, uint32_t> lines_by_hash_;
  std::u32string characters_;
  std::array<Symbol, 128> ascii_{};  // Symbol + 1; 0: not met yet.
  std::unordered_map<char32_t, Symbol> others_;
};

// Compares lines of `text`, which must outlive this and not grow.
class Similarity {
 public:
  // Blank and tab are junk, as for difflib.ndiff.
  Similarity(const Text& text, Pacer* pacer);

  // The second line of the calls that follow.
  void SetB(uint32_t b);
  // An upper bound of the ratio of a to b. If it is below `cutoff`, the ratio is too, and no tighter one was sought.
  double Bound(uint32_t a, double cutoff);
  double ExactRatio(uint32_t a);
  std::vector<Opcode> Opcodes(uint32_t a);

 private:
  static constexpr uint32_t kBuckets = 64;
  static constexpr uint32_t kMostWords = 8;  // Of 64 characters; longer lines get no subsequence bound.
  using Bag = std::array<uint16_t, kBuckets>;

  static uint32_t Common(const Bag& x, const Bag& y);
  uint32_t LongestCommonSubsequence(std::span<const Symbol> a);
  void LoadMasks();
  void LoadMatcher(uint32_t a);

  const Text& text_;
  Pacer* pacer_;
  SequenceMatcher matcher_;
  std::vector<Bag> bags_;  // A line's characters counted by symbol modulo kBuckets.
  uint32_t b_ = 0;
  bool is_matcher_set_ = false;
  // For each symbol a bit set of its places in b, `words_` words each.
  std::vector<uint64_t> masks_;
  std::span<const Symbol> masked_;
  uint32_t words_ = 0;
};

}  // namespace fastest::native
