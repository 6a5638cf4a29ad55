#include "report/xml_text.h"

#include <fmt/format.h>

#include "report/surrogates.h"
#include "report/text_width.h"

namespace fastest {
namespace {

void AppendEscaped(std::string_view text, bool attribute, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += attribute ? "&quot;" : "\"";
        break;
      case '\r':
        *out += attribute ? "&#13;" : "\r";
        break;
      case '\n':
        *out += attribute ? "&#10;" : "\n";
        break;
      case '\t':
        *out += attribute ? "&#09;" : "\t";
        break;
      default:
        *out += c;
    }
  }
}

void Append(const XmlElement& element, std::string* out) {
  *out += "<" + element.name;
  for (const auto& [name, value] : element.attributes) {
    *out += " " + name + "=\"";
    AppendEscaped(value, true, out);
    *out += '"';
  }
  if (element.text.empty() && element.children.empty()) {
    *out += " />";
    return;
  }
  *out += '>';
  AppendEscaped(element.text, false, out);
  for (const XmlElement& child : element.children) Append(child, out);
  *out += "</" + element.name + ">";
}

bool IsLegal(char32_t point, bool astral) {
  if (point == '\t' || point == '\n' || point == '\r') return true;
  if (point < 0x20 || point == 0x7F || point == 0xFFFE || point == 0xFFFF) return false;
  if (point >= 0xD800 && point < 0xE000) return false;
  return point < 0x10000 || astral;
}

}  // namespace

std::string XmlText(const XmlElement& element) {
  std::string text;
  Append(element, &text);
  return text;
}

std::string VisibleXml(std::string_view text, bool astral) {
  std::string visible;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t point = SurrogateOf(NextCodepoint(text, &at));
    if (IsLegal(point, astral)) {
      visible += text.substr(begin, at - begin);
    } else {
      visible += fmt::format("#x{:0{}X}", static_cast<std::uint32_t>(point), point <= 0xFF ? 2 : 4);
    }
  }
  return visible;
}

}  // namespace fastest
