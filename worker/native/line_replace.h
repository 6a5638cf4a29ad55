// How difflib.Differ tells of lines that became other lines: its _fancy_replace, in both forms that CPython has had.
//
// Lines that are much alike are shown as pairs, with marks under the characters that differ.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/pacer.h"
#include "native/similarity.h"

namespace fastest::native {

// A line of a delta. Its text is a line of the first side (' ', '-'), of the second ('+'), or, for '?', `marks`.
struct DeltaLine {
  char tag;
  uint32_t line = 0;
  std::u32string marks;
  friend bool operator==(const DeltaLine&, const DeltaLine&) = default;
};

enum class Form {
  kRecursive,  // To 3.13: the pair that is most alike anywhere splits the block in two, and so on.
  kWindowed,   // From 3.14: for each line of the second side, one of the first that is at most ten lines away.
};

// Whether Python's str.isspace() is true of each character of a Text, by symbol.
using Spaces = std::vector<uint8_t>;

// The delta of `a_size` lines, at 0 in `text`, that became the others. Both sides have lines. Incomplete if the pacer
// said stop; `out_of_room` is set, with the same effect, if that would take more memory than is decent.
std::vector<DeltaLine> Replace(const Text& text, uint32_t a_size, const Spaces& spaces, Form form, Pacer* pacer,
                               bool* out_of_room);

}  // namespace fastest::native
