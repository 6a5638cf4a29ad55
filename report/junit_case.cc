#include "report/junit_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/node_id.h"
#include "report/python_text.h"
#include "report/text_width.h"
#include "report/traceback_text.h"

namespace fastest {
namespace {

constexpr int kMessageBudget = 500;  // Of pytest's "message" attributes, in characters.

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

// Whole lines as long as they fit; the rest stands in the element's text.
std::string Shortened(const std::string& message) {
  const std::vector<std::string> lines = Lines(message);
  std::string kept = lines[0];
  std::size_t count = 1;
  int size = CodepointCount(kept) + 1;
  for (; count < lines.size(); ++count) {
    const int more = CodepointCount(lines[count]) + 1;
    if (size + more > kMessageBudget) break;
    kept += "\n" + lines[count];
    size += more;
  }
  const bool cut = CodepointCount(kept) > kMessageBudget;
  if (cut) kept = std::string(FirstCodepoints(kept, kMessageBudget)) + "...";
  const std::size_t rest = lines.size() - count;
  if (rest == 0 && !cut) return message;
  const std::string note = rest > 0 ? fmt::format("+{} more line{}", rest, rest > 1 ? "s" : "") : "truncated";
  return fmt::format("{}\n[{}; full report in element text]", kept, note);
}

std::string WithoutPrefix(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0 ? text.substr(prefix.size()) : text;
}

// The parts of a node id: the dotted path, then each name, parameters with the last.
std::vector<std::string> Names(const std::string& node_id) {
  std::string path(FileOf(node_id));
  const std::string rest = path.size() < node_id.size() ? node_id.substr(path.size() + 2) : "";
  const bool has_names = path.size() < node_id.size();
  for (char& c : path) c = c == '/' ? '.' : c;
  if (path.size() >= 3 && path.compare(path.size() - 3, 3, ".py") == 0) path.resize(path.size() - 3);
  std::vector<std::string> names{path};
  if (!has_names) return names;
  const std::size_t bracket = std::min(rest.find('['), rest.size());
  std::size_t begin = 0;
  for (std::size_t end = rest.find("::"); end < bracket; end = rest.find("::", begin)) {
    names.push_back(rest.substr(begin, end - begin));
    begin = end + 2;
  }
  names.push_back(rest.substr(begin));
  return names;
}

std::string Sections(const Json& report, const std::string& prefix, const std::string& separator) {
  std::string text;
  bool first = true;
  for (const Json& section : Field(report, "sections")) {
    if (TextOf(Element(section, 0)).compare(0, prefix.size(), prefix) != 0) continue;
    if (!first) text += separator;
    first = false;
    text += TextOf(Element(section, 1));
  }
  return text;
}

std::string Headed(const std::string& header, const std::string& content) {
  return fmt::format("{:-^80}\n{}\n", " " + header + " ", content);
}

XmlElement Simple(const char* name, const std::string& message, const std::string& text, const JUnitOptions& options) {
  return {name, {{"message", message}}, VisibleXml(text, options.astral), {}};
}

std::string Message(std::string message, const JUnitOptions& options) {
  if (options.shortens_messages) message = Shortened(message);
  return VisibleXml(message, options.astral);
}

std::string CrashMessage(const Json& longrepr, const JUnitOptions& options) {
  const Json& message = Field(Field(longrepr, "reprcrash"), "message");
  return message.is_string() ? TextOf(message) : LongreprText(longrepr, options.columns);
}

}  // namespace

JUnitCases::Case& JUnitCases::Open() {
  if (!open_) cases_.emplace_back();
  open_ = true;
  return cases_.back();
}

void JUnitCases::Name(const Json& report, const JUnitOptions& options) {
  std::vector<std::string> names = Names(TextOf(Field(report, "nodeid")));
  const std::string name = names.back();
  names.pop_back();
  if (!options.prefix.empty()) names.insert(names.begin(), options.prefix);
  Case& opened = Open();
  opened.attributes = {{"classname", fmt::format("{}", fmt::join(names, "."))},
                       {"name", VisibleXml(name, options.astral)}};
  if (options.family == "xunit2") return;
  const Json& location = Field(report, "location");
  const std::string file =
      location.is_array() ? TextOf(Element(location, 0)) : std::string(FileOf(TextOf(Field(report, "nodeid"))));
  opened.attributes.emplace_back("file", file);
  if (Element(location, 1).is_number()) opened.attributes.emplace_back("line", DumpJson(Element(location, 1)));
}

void JUnitCases::SetAttribute(const std::string& name, const std::string& value, const JUnitOptions& options) {
  if (name == "time" || (options.family == "xunit2" && name != "classname" && name != "name")) return;
  for (Case& one : cases_) {
    const auto known = std::find_if(one.attributes.begin(), one.attributes.end(),
                                    [&](const auto& attribute) { return attribute.first == name; });
    if (known != one.attributes.end()) {
      known->second = value;
    } else {
      one.attributes.emplace_back(name, value);
    }
  }
}

void JUnitCases::Close(const Json& report, const JUnitOptions& options) {
  if (!open_) return;
  for (const Json& property : Field(report, "user_properties")) {
    cases_.back().properties.emplace_back(PythonStr(Element(property, 0)),
                                          VisibleXml(PythonStr(Element(property, 1)), options.astral));
  }
  open_ = false;
}

void JUnitCases::AddTest(const Json& report, const JUnitOptions& options, JUnitCounts* counts) {
  const std::string outcome = TextOf(Field(report, "outcome"));
  const std::string when = TextOf(Field(report, "when"));
  if (outcome == "passed" && when == "call") {
    Name(report, options);
    ++counts->passed;
  } else if (outcome == "failed") {
    AddFailed(report, options, counts);
  } else if (outcome == "skipped") {
    Name(report, options);
    AddSkip(report, options, counts);
  }
  if (options.duration_report == "total" || options.duration_report == when) {
    Open().duration += NumberOf(Field(report, "duration"));
  }
  if (when != "teardown") return;
  Name(report, options);
  AddCaptured(report, options);
  Close(report, options);
  if (!failed_.empty()) failed_.erase(failed_.begin());
}

void JUnitCases::AddRetried(const Json& report, const JUnitOptions& options) {
  const Json& longrepr = Field(report, "longrepr");
  const std::string text = VisibleXml(LongreprText(longrepr, options.columns), options.astral);
  reruns_.push_back({TextOf(Field(report, "when")),
                     {{"message", Message(CrashMessage(longrepr, options), options)}, {"type", "rerun"}},
                     "",
                     {{"stackTrace", {}, text, {}}}});
}

void JUnitCases::AddFailed(const Json& report, const JUnitOptions& options, JUnitCounts* counts) {
  const Json& longrepr = Field(report, "longrepr");
  const std::string when = TextOf(Field(report, "when"));
  const std::string text = LongreprText(longrepr, options.columns);
  if (when == "teardown") {
    // The schema allows one failure an element: an error after a failed call gets an element of its own.
    if (!failed_.empty()) {
      Close(failed_.front(), options);
      if (!options.counts_elements) ++counts->doubled;
    } else if (options.counts_elements && open_) {
      ++counts->doubled;
    }
  }
  Name(report, options);
  if (when != "call") {
    const std::string message = fmt::format("failed on {} with \"{}\"", when == "teardown" ? "teardown" : "setup",
                                            CrashMessage(longrepr, options));
    ++counts->errors;
    Open().children.push_back(Simple("error", Message(message, options), text, options));
    return;
  }
  if (Field(report, "wasxfail").is_string()) {
    ++counts->skipped;
    Open().children.push_back(Simple("skipped", "xfail-marked test passes unexpectedly", "", options));
  } else {
    ++counts->failures;
    Open().children.push_back(Simple("failure", Message(CrashMessage(longrepr, options), options), text, options));
  }
  failed_.push_back(report);
  if (!options.log_passing_tests) AddCaptured(report, options);
}

void JUnitCases::AddSkip(const Json& report, const JUnitOptions& options, JUnitCounts* counts) {
  ++counts->skipped;
  const Json& xfail = Field(report, "wasxfail");
  if (xfail.is_string()) {
    const std::string reason = VisibleXml(WithoutPrefix(TextOf(xfail), "reason: "), options.astral);
    Open().children.push_back({"skipped", {{"type", "pytest.xfail"}, {"message", reason}}, "", {}});
    return;
  }
  const Json& longrepr = Field(report, "longrepr");
  const std::string reason = WithoutPrefix(TextOf(Element(longrepr, 2)), "Skipped: ");
  const std::string details =
      fmt::format("{}:{}: {}", TextOf(Element(longrepr, 0)), PythonStr(Element(longrepr, 1)), reason);
  Open().children.push_back({"skipped",
                             {{"type", "pytest.skip"}, {"message", VisibleXml(reason, options.astral)}},
                             VisibleXml(details, options.astral),
                             {}});
  AddCaptured(report, options);
}

void JUnitCases::AddCaptured(const Json& report, const JUnitOptions& options) {
  if (!options.log_passing_tests && TextOf(Field(report, "outcome")) == "passed") return;
  const std::string& logging = options.logging;
  const auto add = [&](const char* name, const std::string& text) {
    Open().children.push_back({name, {}, VisibleXml(text, options.astral), {}});
  };
  std::string text;
  if (logging == "log" || logging == "all") text = Headed("Captured Log", Sections(report, "Captured log", "\n"));
  if (logging == "system-out" || logging == "out-err" || logging == "all") {
    add("system-out", text + Headed("Captured Out", Sections(report, "Captured stdout", "")));
    text.clear();
  }
  if (logging == "system-err" || logging == "out-err" || logging == "all") {
    add("system-err", text + Headed("Captured Err", Sections(report, "Captured stderr", "")));
    text.clear();
  }
  if (!text.empty()) add("system-out", text);
}

void JUnitCases::AddCollector(const Json& report, const JUnitOptions& options, JUnitCounts* counts) {
  Name(report, options);
  const bool failed = TextOf(Field(report, "outcome")) == "failed";
  ++(failed ? counts->errors : counts->skipped);
  const std::string text = LongreprText(Field(report, "longrepr"), options.columns);
  Open().children.push_back(
      Simple(failed ? "error" : "skipped", failed ? "collection failure" : "collection skipped", text, options));
}

std::vector<XmlElement> JUnitCases::Elements() const {
  std::vector<XmlElement> elements;
  for (const Case& each : cases_) {
    XmlElement element{"testcase", each.attributes, "", {}};
    element.attributes.emplace_back("time", fmt::format("{:.3f}", each.duration));
    if (!each.properties.empty()) {
      XmlElement properties{"properties", {}, "", {}};
      for (const auto& [name, value] : each.properties) {
        properties.children.push_back({"property", {{"name", name}, {"value", value}}, "", {}});
      }
      element.children.push_back(std::move(properties));
    }
    element.children.insert(element.children.end(), each.children.begin(), each.children.end());
    const bool passed = std::none_of(each.children.begin(), each.children.end(), [](const XmlElement& child) {
      return child.name == "failure" || child.name == "error" || child.name == "skipped";
    });
    if (&each == &cases_.front()) {
      for (XmlElement rerun : reruns_) {
        rerun.name = std::string(passed ? "flaky" : "rerun") + (rerun.name == "call" ? "Failure" : "Error");
        element.children.push_back(std::move(rerun));
      }
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

}  // namespace fastest
