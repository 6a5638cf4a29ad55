// How many columns a text takes on a terminal, as pytest counts them, and cutting text to a width.
//
// Text is UTF-8; a byte that is none counts as one code point of one column. Pure functions.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fastest {

// The code point at `*position`, which moves behind it.
char32_t NextCodepoint(std::string_view text, std::size_t* position);

// Python's len().
int CodepointCount(std::string_view text);
// The first `count` code points.
std::string_view FirstCodepoints(std::string_view text, int count);

// The columns of one code point: 0, 1, 2, or -1 for a control character.
int CodepointWidth(char32_t codepoint);
// The columns of the text; -1 if it holds a control character.
int TextWidth(std::string_view text);
// As TextWidth, where escape sequences and control characters take no column.
int VisibleWidth(std::string_view text);

// The text less its escape sequences.
std::string WithoutEscapes(std::string_view text);

// `text`, or its two ends with "..." between them so that it fits into `width` columns; what is cut loses its colours.
std::string ElideMiddle(std::string_view text, int width);

// pytest's _format_trimmed(" - {}"): `prefix` + the first line of `message` + `suffix`, the message cut with "..." to
// fit;
// "" where not even the dots fit.
std::string TrimmedMessage(std::string_view prefix, std::string_view message, std::string_view suffix, int width);

}  // namespace fastest
