#include "report/python_text.h"

#include <fmt/format.h>

namespace fastest {

std::string PythonRepr(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string repr(1, quote);
  for (const char c : text) {
    if (c == '\\' || c == quote) repr += '\\';
    if (c == '\n') {
      repr += "\\n";
    } else if (c == '\t') {
      repr += "\\t";
    } else if (c == '\r') {
      repr += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      repr += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      repr += c;
    }
  }
  return repr + quote;
}

std::string PythonRepr(const Json& value) {
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_string()) return PythonRepr(value.get<std::string>());
  if (!value.is_structured()) return DumpJson(value);
  std::string text;
  for (const auto& [name, element] : value.items()) {
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += PythonRepr(name) + ": ";
    text += PythonRepr(element);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::string PythonStr(const Json& value) { return value.is_string() ? value.get<std::string>() : PythonRepr(value); }

}  // namespace fastest
