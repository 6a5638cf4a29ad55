#include "native/similarity.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace fastest::native {
namespace {

std::vector<uint8_t> BlankAndTab(const std::u32string& characters) {
  std::vector<uint8_t> is_junk(characters.size());
  for (size_t symbol = 0; symbol < characters.size(); ++symbol)
    is_junk[symbol] = characters[symbol] == U' ' || characters[symbol] == U'\t';
  return is_junk;
}

uint64_t HashOf(std::span<const Symbol> symbols) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const Symbol symbol : symbols) hash = (hash ^ symbol) * 0x100000001b3;
  return hash;
}

}  // namespace

Symbol Text::Intern(char32_t character) {
  if (character < ascii_.size()) {
    Symbol& known = ascii_[character];
    if (known == 0) {
      characters_.push_back(character);
      known = static_cast<Symbol>(characters_.size());
    }
    return known - 1;
  }
  const auto [at, is_new] = others_.try_emplace(character, static_cast<Symbol>(characters_.size()));
  if (is_new) characters_.push_back(character);
  return at->second;
}

uint32_t Text::Add(std::u32string_view line) {
  const uint32_t index = static_cast<uint32_t>(begins_.size());
  begins_.push_back(symbols_.size());
  for (const char32_t character : line) symbols_.push_back(Intern(character));
  const std::span<const Symbol> added = this->line(index);
  const auto [first, last] = lines_by_hash_.equal_range(HashOf(added));
  const auto same =
      std::find_if(first, last, [&](const auto& entry) { return std::ranges::equal(this->line(entry.second), added); });
  if (same != last) {
    ids_.push_back(ids_[same->second]);
  } else {
    ids_.push_back(index);
    lines_by_hash_.emplace(HashOf(added), index);
  }
  return index;
}

std::span<const Symbol> Text::line(uint32_t index) const {
  const size_t end = index + 1 < begins_.size() ? begins_[index + 1] : symbols_.size();
  return {symbols_.data() + begins_[index], end - begins_[index]};
}

Similarity::Similarity(const Text& text, Pacer* pacer)
    : text_(text),
      pacer_(pacer),
      matcher_(static_cast<uint32_t>(text.characters().size()), BlankAndTab(text.characters()), true, pacer),
      bags_(text.size()),
      masks_(text.characters().size() * kMostWords) {
  for (uint32_t index = 0; index < text.size(); ++index)
    for (const Symbol symbol : text.line(index)) {
      uint16_t& count = bags_[index][symbol % kBuckets];
      if (count < std::numeric_limits<uint16_t>::max()) ++count;
    }
}

void Similarity::SetB(uint32_t b) {
  b_ = b;
  is_matcher_set_ = false;
  words_ = 0;
}

uint32_t Similarity::Common(const Bag& x, const Bag& y) {
  uint32_t common = 0;
  for (uint32_t bucket = 0; bucket < kBuckets; ++bucket) common += std::min(x[bucket], y[bucket]);
  return common;
}

double Similarity::Bound(uint32_t a, double cutoff) {
  const std::span<const Symbol> x = text_.line(a), y = text_.line(b_);
  const uint64_t length = x.size() + y.size();
  const uint64_t shorter = std::min(x.size(), y.size());
  pacer_->Spend(10);
  double bound = Ratio(shorter, length);
  if (bound < cutoff || shorter > std::numeric_limits<uint16_t>::max()) return bound;
  bound = Ratio(Common(bags_[a], bags_[b_]), length);
  if (bound < cutoff || y.size() > uint64_t{64} * kMostWords) return bound;
  if (words_ == 0) LoadMasks();
  pacer_->Spend(x.size() * (words_ + 1));
  return std::min(bound, Ratio(LongestCommonSubsequence(x), length));
}

void Similarity::LoadMasks() {
  for (const Symbol symbol : masked_) std::fill_n(masks_.begin() + symbol * kMostWords, kMostWords, 0);
  masked_ = text_.line(b_);
  words_ = std::max<uint32_t>(1, static_cast<uint32_t>((masked_.size() + 63) / 64));
  for (size_t at = 0; at < masked_.size(); ++at) masks_[masked_[at] * kMostWords + at / 64] |= uint64_t{1} << (at % 64);
}

// Hyyrö's bit-parallel recurrence: a zero bit of `v` is a place of b where the length of the best subsequence grows.
uint32_t Similarity::LongestCommonSubsequence(std::span<const Symbol> a) {
  if (words_ == 1) {
    uint64_t v = ~uint64_t{0};
    for (const Symbol symbol : a) {
      const uint64_t matched = v & masks_[symbol * kMostWords];
      v = (v + matched) | (v - matched);
    }
    return static_cast<uint32_t>(std::popcount(~v));
  }
  std::array<uint64_t, kMostWords> v;
  v.fill(~uint64_t{0});
  for (const Symbol symbol : a) {
    const uint64_t* mask = &masks_[symbol * kMostWords];
    uint64_t carry = 0;
    for (uint32_t word = 0; word < words_; ++word) {
      const uint64_t before = v[word], matched = before & mask[word];
      const uint64_t sum = before + matched, with_carry = sum + carry;
      carry = static_cast<uint64_t>(sum < before) | static_cast<uint64_t>(with_carry < sum);
      v[word] = with_carry | (before - matched);
    }
  }
  uint32_t length = 0;
  for (uint32_t word = 0; word < words_; ++word) length += static_cast<uint32_t>(std::popcount(~v[word]));
  return length;
}

void Similarity::LoadMatcher(uint32_t a) {
  if (!is_matcher_set_) {
    matcher_.SetB(text_.line(b_));
    is_matcher_set_ = true;
    pacer_->Spend(4 * text_.line(b_).size());
  }
  matcher_.SetA(text_.line(a));
}

double Similarity::ExactRatio(uint32_t a) {
  LoadMatcher(a);
  return Ratio(matcher_.CountMatches(), text_.line(a).size() + text_.line(b_).size());
}

std::vector<Opcode> Similarity::Opcodes(uint32_t a) {
  LoadMatcher(a);
  return matcher_.Opcodes();
}

}  // namespace fastest::native
