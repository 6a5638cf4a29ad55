#include "report/traceback_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/python_text.h"
#include "report/terminal_writer.h"
#include "report/text_width.h"

namespace fastest {
namespace {

std::string FileLocation(const Json& location) {
  const std::string message = TextOf(Field(location, "message"));
  return fmt::format("{}:{}: {}", TextOf(Field(location, "path")), DumpJson(Field(location, "lineno")),
                     message.substr(0, message.find('\n')));
}

class TracebackWriter {
 public:
  explicit TracebackWriter(int width) : out_([this](std::string_view text) { text_ += text; }, width, false) {}

  void Longrepr(const Json& longrepr) {
    const Json& chain = Field(longrepr, "chain");
    if (chain.is_array()) {
      for (const Json& link : chain) {
        Traceback(Element(link, 0));
        if (!Element(link, 2).is_string()) continue;
        out_.Line();
        out_.Line(TextOf(Element(link, 2)));
      }
    } else {
      Traceback(Field(longrepr, "reprtraceback"));
    }
    for (const Json& section : Field(longrepr, "sections")) {
      out_.Sep(TextOf(Element(section, 2), "-"), TextOf(Element(section, 0)));
      out_.Line(TextOf(Element(section, 1)));
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  void Traceback(const Json& traceback) {
    const Json& entries = Field(traceback, "reprentries");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::string style = Style(entries[i]);
      if (style == "long") out_.Line();
      Entry(entries[i], style);
      if (i + 1 == entries.size()) continue;
      if (style == "long" || (style == "short" && Style(entries[i + 1]) == "long")) out_.Sep("_ ", "");
    }
    const std::string extra = TextOf(Field(traceback, "extraline"));
    if (!extra.empty()) out_.Line(extra);
  }

  static std::string Style(const Json& entry) { return TextOf(Field(Field(entry, "data"), "style"), "native"); }

  void Entry(const Json& entry, const std::string& style) {
    const Json& data = Field(entry, "data");
    if (TextOf(Field(entry, "type")) == "ReprEntryNative") {
      for (const Json& line : Field(data, "lines")) out_.Write(TextOf(line));
      return;
    }
    const Json& location = Field(data, "reprfileloc");
    const Json& locals = Field(Field(data, "reprlocals"), "lines");
    if (style == "short") {
      if (!location.is_null()) out_.Line(FileLocation(location));
      Lines(Field(data, "lines"), "");
      Lines(locals, "        ");
      return;
    }
    Arguments(Field(Field(data, "reprfuncargs"), "args"));
    Lines(Field(data, "lines"), "");
    if (locals.is_array()) out_.Line();
    Lines(locals, "");
    if (location.is_null()) return;
    if (!Field(data, "lines").empty()) out_.Line();
    out_.Line(FileLocation(location));
  }

  void Lines(const Json& lines, std::string_view indent) {
    for (const Json& line : lines) out_.Line(std::string(indent) + TextOf(line));
  }

  void Arguments(const Json& arguments) {
    if (!arguments.is_array() || arguments.empty()) return;
    std::string line;
    for (const Json& argument : arguments) {
      const Json& value = Element(argument, 1);
      const std::string next =
          fmt::format("{} = {}", TextOf(Element(argument, 0)), value.is_string() ? TextOf(value) : DumpJson(value));
      if (CodepointCount(next) + CodepointCount(line) + 2 > out_.width()) {
        if (!line.empty()) out_.Line(line);
        line = next;
      } else {
        line += (line.empty() ? "" : ", ") + next;
      }
    }
    if (!line.empty()) out_.Line(line);
    out_.Line();
  }

  std::string text_;
  TerminalWriter out_;
};

}  // namespace

std::string TracebackText(const Json& longrepr, int width) {
  if (longrepr.is_null()) return "";
  if (longrepr.is_string()) return longrepr.get<std::string>() + "\n";
  if (longrepr.is_array()) return LongreprText(longrepr, width) + "\n";
  TracebackWriter writer(width);
  writer.Longrepr(longrepr);
  return writer.Take();
}

std::string LongreprText(const Json& longrepr, int width) {
  if (longrepr.is_string()) return longrepr.get<std::string>();
  if (longrepr.is_array()) {
    return fmt::format("({}, {}, {})", PythonRepr(TextOf(Element(longrepr, 0))), DumpJson(Element(longrepr, 1)),
                       PythonRepr(TextOf(Element(longrepr, 2))));
  }
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  const std::string text = TracebackText(longrepr, width);
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string CrashLine(const Json& longrepr) {
  const Json& crash = Field(longrepr, "reprcrash");
  if (crash.is_object()) return FileLocation(crash);
  return std::string(FirstCodepoints(LongreprText(longrepr), 50));
}

}  // namespace fastest
