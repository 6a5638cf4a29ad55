// Halves of surrogate pairs: Python's text may hold U+D800 … U+DFFF, UTF-8 cannot. What comes from a worker has
// U+10D800 … U+10DFFF in their place (docs/protocol.md, 1.2); here they become again what the test said.
//
// Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace fastest {

bool HasSurrogates(std::string_view text);

// The half that a code point stands for; else the code point itself.
char32_t SurrogateOf(char32_t point);

// `\ud800` in their place: for a terminal, as Python's backslashreplace has it, and inside the strings of a JSON
// document.
std::string WithEscapedSurrogates(std::string_view text);

// An ASCII JSON document, in which they are escapes of two halves: `\udbf6\udc00` becomes `\ud800`.
std::string WithSurrogateEscapes(std::string json);

}  // namespace fastest
