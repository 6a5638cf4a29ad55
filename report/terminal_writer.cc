#include "report/terminal_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/text_width.h"

namespace fastest {

std::string MarkupOf(std::string_view word) {
  struct Style {
    std::string_view word;
    int code;
  };
  static constexpr std::array<Style, 19> kStyles{{{"black", 30},
                                                  {"red", 31},
                                                  {"green", 32},
                                                  {"yellow", 33},
                                                  {"blue", 34},
                                                  {"purple", 35},
                                                  {"cyan", 36},
                                                  {"white", 37},
                                                  {"Black", 40},
                                                  {"Red", 41},
                                                  {"Green", 42},
                                                  {"Yellow", 43},
                                                  {"Blue", 44},
                                                  {"Purple", 45},
                                                  {"Cyan", 46},
                                                  {"White", 47},
                                                  {"bold", 1},
                                                  {"light", 2},
                                                  {"invert", 7}}};
  const auto* style =
      std::find_if(kStyles.begin(), kStyles.end(), [&](const Style& other) { return other.word == word; });
  return style == kStyles.end() ? "" : fmt::format("\x1b[{}m", style->code);
}

std::string TerminalWriter::Marked(std::string_view text, Markup markup) const {
  if (!color_ || markup.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", markup, text);
}

void TerminalWriter::Write(std::string_view text, Markup markup) {
  if (text.empty()) return;
  const auto newline = text.rfind('\n');
  if (newline == std::string_view::npos) {
    line_ += text;
  } else {
    line_ = text.substr(newline + 1);
  }
  sink_(Marked(text, markup));
}

void TerminalWriter::Line(std::string_view text, Markup markup) {
  Write(text, markup);
  Write("\n");
}

void TerminalWriter::Sep(std::string_view sep, std::string_view title, Markup markup, int full_width) {
  const auto repeat = [&](int count) {
    std::string fill;
    for (int i = 0; i < count; ++i) fill += sep;
    return fill;
  };
  const int size = static_cast<int>(sep.size());
  const int title_size = CodepointCount(title);
  const std::string fill = repeat(std::max((full_width - title_size - 2) / (2 * size), 1));
  std::string line = title.empty() ? repeat(full_width / size) : fmt::format("{} {} {}", fill, title, fill);
  const std::string_view bare = sep.substr(0, sep.find_last_not_of(' ') + 1);
  if (CodepointCount(line) + static_cast<int>(bare.size()) <= full_width) line += bare;
  Line(line, markup);
}

int TerminalWriter::LineWidth() const { return VisibleWidth(line_); }

}  // namespace fastest
