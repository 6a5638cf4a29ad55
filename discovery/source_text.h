// Small questions about Python source text, asked by the scanner, both parsers and the outline builder alike.
//
// All views point into what was passed in. Nothing here allocates but the functions that return containers or strings.
// Pure; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fastest {

bool IsNameByte(char c);
std::string_view TrimLeft(std::string_view text);
std::string_view Trim(std::string_view text);

// The name that `text` begins with, or "".
std::string_view LeadingName(std::string_view text);
// "a.b.c" that `text` begins with, or "".
std::string_view LeadingDottedName(std::string_view text);
bool IsDottedName(std::string_view text);
// "c" of "a.b.c".
std::string_view LastPart(std::string_view dotted);
bool StartsWithWord(std::string_view text, std::string_view word);
// Removes `word` from the front of `text`; false and nothing removed if it does not begin with it.
bool TakeWord(std::string_view& text, std::string_view word);

// The position after the string literal whose first quote stands at `at`; npos if it does not close.
std::size_t SkipString(std::string_view text, std::size_t at);
// The position after the bracket that opens at `at`, strings and comments inside understood; npos if it does not close.
std::size_t SkipBrackets(std::string_view text, std::size_t at);

// The parts between separators outside brackets, strings and comments, trimmed; an empty last part is left out.
std::vector<std::string_view> SplitTopLevel(std::string_view text, char separator = ',');
// The position of the first `wanted` outside brackets, strings and comments, or npos. For '=': a lone one.
std::size_t FindTopLevel(std::string_view text, char wanted);

// `text` with the contents of brackets nested `depth` deep or deeper replaced by 0, and without comments in brackets.
std::string CollapseBrackets(std::string_view text, int depth);

// The value of a plain string literal (no f-string, simple escapes); nothing if `text` is anything else.
std::optional<std::string> StringValue(std::string_view text);
// The strings of a literal list, tuple or single string; nothing if any element is not a string literal.
std::optional<std::vector<std::string>> StringList(std::string_view text);
// How many elements a literal list, tuple or set has; nothing if it is not one or unpacks others.
std::optional<std::uint32_t> LiteralLength(std::string_view text);

}  // namespace fastest
