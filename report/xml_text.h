// XML as Python's ElementTree writes it, and pytest's way of showing characters that XML cannot hold.
//
// A tree of elements, text before children; no indentation. Values only.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fastest {

struct XmlElement {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;
  std::vector<XmlElement> children;
};

std::string XmlText(const XmlElement& element);

// Illegal characters as "#x07". `astral`: characters beyond U+FFFF are legal (pytest before 9.1 thought not).
std::string VisibleXml(std::string_view text, bool astral);

}  // namespace fastest
