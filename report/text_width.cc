#include "report/text_width.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "report/width_tables.h"

namespace fastest {
namespace {

template <std::size_t kCount>
bool Contains(const CodepointRange (&ranges)[kCount], char32_t codepoint) {
  const auto* range = std::upper_bound(std::begin(ranges), std::end(ranges), codepoint,
                                       [](char32_t point, const CodepointRange& other) { return point < other.first; });
  return range != std::begin(ranges) && codepoint <= std::prev(range)->last;
}

int SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 1;
}

// Behind the escape sequence at `position` (CSI … final byte, or ESC and one character).
std::size_t SkipEscape(std::string_view text, std::size_t position) {
  ++position;
  if (position >= text.size() || text[position] != '[') return std::min(position + 1, text.size());
  ++position;
  while (position < text.size() && (text[position] < 0x40 || text[position] > 0x7E)) ++position;
  return std::min(position + 1, text.size());
}

}  // namespace

char32_t NextCodepoint(std::string_view text, std::size_t* position) {
  const auto lead = static_cast<unsigned char>(text[*position]);
  const int length = SequenceLength(lead);
  if (length == 1 || *position + static_cast<std::size_t>(length) > text.size()) {
    ++*position;
    return lead < 0x80 ? lead : 0xFFFD;
  }
  char32_t point = lead & (0xFFU >> (length + 1));
  for (int i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[*position + static_cast<std::size_t>(i)]);
    if ((byte & 0xC0U) != 0x80U) {
      ++*position;
      return 0xFFFD;
    }
    point = (point << 6U) | (byte & 0x3FU);
  }
  *position += static_cast<std::size_t>(length);
  return point;
}

int CodepointCount(std::string_view text) {
  int count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) NextCodepoint(text, &at);
  return count;
}

std::string_view FirstCodepoints(std::string_view text, int count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) NextCodepoint(text, &at);
  return text.substr(0, at);
}

int CodepointWidth(char32_t codepoint) {
  if (codepoint >= 0x20 && codepoint < 0x7F) return 1;
  if (codepoint == 0) return 0;
  if (codepoint < 0xA0) return -1;
  if (Contains(kZeroWidth, codepoint)) return 0;
  return Contains(kWide, codepoint) ? 2 : 1;
}

int TextWidth(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const int columns = CodepointWidth(NextCodepoint(text, &at));
    if (columns < 0) return -1;
    width += columns;
  }
  return width;
}

int VisibleWidth(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at = SkipEscape(text, at);
    } else {
      width += std::max(0, CodepointWidth(NextCodepoint(text, &at)));
    }
  }
  return width;
}

std::string WithoutEscapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at = SkipEscape(text, at);
    } else {
      plain += text[at++];
    }
  }
  return plain;
}

std::string ElideMiddle(std::string_view marked, int width) {
  if (VisibleWidth(marked) <= width) return std::string(marked);
  const std::string text = WithoutEscapes(marked);
  if (width <= 3) return std::string(static_cast<std::size_t>(std::max(width, 0)), '.');
  std::vector<std::pair<std::size_t, int>> points;  // Where each code point begins, and its columns.
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    points.emplace_back(begin, std::max(0, CodepointWidth(NextCodepoint(text, &at))));
  }
  // The end says more (a test's name) than the beginning (its folder): it gets the odd column.
  int left = (width - 3) / 2;
  int right = width - 3 - left;
  std::size_t head = 0;
  while (head < points.size() && points[head].second <= left) left -= points[head++].second;
  std::size_t tail = points.size();
  while (tail > head && points[tail - 1].second <= right) right -= points[--tail].second;
  const std::size_t head_end = head < points.size() ? points[head].first : text.size();
  const std::size_t tail_begin = tail < points.size() ? points[tail].first : text.size();
  return text.substr(0, head_end) + "..." + text.substr(tail_begin);
}

std::string TrimmedMessage(std::string_view prefix, std::string_view message, std::string_view suffix, int width) {
  constexpr std::string_view kDots = "...";
  std::string text(message.substr(0, message.find('\n')));
  const int frame = TextWidth(prefix) + TextWidth(suffix);
  if (frame + static_cast<int>(kDots.size()) > width) return "";
  if (frame + TextWidth(text) > width) {
    width -= static_cast<int>(kDots.size());
    text = FirstCodepoints(text, width);
    while (!text.empty() && frame + TextWidth(text) > width) text = FirstCodepoints(text, CodepointCount(text) - 1);
    text += kDots;
  }
  return std::string(prefix) + text + std::string(suffix);
}

}  // namespace fastest
