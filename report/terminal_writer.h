// TerminalWriter: text with colours and separator lines, in pytest's proportions, into a sink.
//
// Remembers how wide the line being written is. Colour is dropped where the screen has none.

#pragma once

#include <string>
#include <string_view>

#include "report/sink.h"

namespace fastest {

// The escape sequences that switch a style on; "" is plain text.
using Markup = std::string_view;
inline constexpr Markup kPlain = "";
inline constexpr Markup kBold = "\x1b[1m";
inline constexpr Markup kRed = "\x1b[31m";
inline constexpr Markup kGreen = "\x1b[32m";
inline constexpr Markup kYellow = "\x1b[33m";
inline constexpr Markup kCyan = "\x1b[36m";
inline constexpr Markup kRedBold = "\x1b[31m\x1b[1m";
inline constexpr Markup kGreenBold = "\x1b[32m\x1b[1m";
inline constexpr Markup kYellowBold = "\x1b[33m\x1b[1m";
inline constexpr Markup kCyanBold = "\x1b[36m\x1b[1m";

// The sequence of pytest's markup word ("red", "bold", "Yellow" …); "" for a word that is none.
std::string MarkupOf(std::string_view word);

class TerminalWriter {
 public:
  TerminalWriter(TextSink sink, int width, bool color) : sink_(std::move(sink)), width_(width), color_(color) {}

  void Write(std::string_view text, Markup markup = kPlain);
  void Line(std::string_view text = "", Markup markup = kPlain);
  // A line of `sep` as wide as the screen, with the title in its middle.
  void Sep(std::string_view sep, std::string_view title, Markup markup = kPlain) { Sep(sep, title, markup, width_); }
  // As above where `title` holds escape sequences: `full_width` counts them too.
  void Sep(std::string_view sep, std::string_view title, Markup markup, int full_width);

  // `text` with its style, or as it is where there is no colour.
  std::string Marked(std::string_view text, Markup markup) const;

  int width() const { return width_; }
  void set_width(int width) { width_ = width; }
  bool color() const { return color_; }
  // The columns of the line being written, as far as known.
  int LineWidth() const;

 private:
  TextSink sink_;
  int width_;
  bool color_;
  std::string line_;  // Of the current line, without colour.
};

}  // namespace fastest
