#include "discovery/config_file.h"

// toml++ asserts that a table header goes on as a key, and then refuses one that does not: malformed files are not a
// bug.
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "base/file_system.h"
#include "discovery/source_text.h"

namespace fastest {
namespace {

constexpr const char* kMixedTables =
    ": Cannot use both [tool.pytest] (native TOML types) and [tool.pytest.ini_options] (string-based INI format) "
    "simultaneously. Please use [tool.pytest] with native TOML types (recommended) or [tool.pytest.ini_options] for "
    "backwards compatibility.";

std::string At(const std::string& path, int line) { return path + ":" + std::to_string(line); }

Result<toml::table> ParseToml(const std::string& path) {
  auto contents = ReadFile(path);
  if (!contents) return contents.error();
  toml::parse_result parsed = toml::parse(contents->text, path);
  if (parsed.failed()) {
    const toml::parse_error& error = parsed.error();
    return Error{At(path, static_cast<int>(error.source().begin.line)) + ": " + std::string(error.description())};
  }
  return std::move(parsed).table();
}

// As Python's str() of it.
std::string Scalar(const toml::node& node) {
  if (const auto text = node.value<std::string>(); node.is_string() && text) return *text;
  if (node.is_boolean()) return *node.value<bool>() ? "True" : "False";
  if (node.is_integer()) return std::to_string(*node.value<std::int64_t>());
  std::ostringstream out;
  if (const auto* number = node.as_floating_point()) out << number->get();
  return out.str();
}

IniValue FromToml(const toml::node& node) {
  IniValue value;
  value.line = static_cast<int>(node.source().begin.line);
  if (const toml::array* array = node.as_array()) {
    value.is_list = true;
    for (const toml::node& element : *array) value.values.push_back(Scalar(element));
  } else {
    value.values = {Scalar(node)};
  }
  return value;
}

IniSection FromTable(const toml::table& table, std::string_view without = {}) {
  IniSection section;
  for (const auto& [key, node] : table)
    if (key.str() != without) section.emplace(key.str(), FromToml(node));
  return section;
}

// [tool.pytest] or [tool.pytest.ini_options].
Result<std::optional<IniSection>> FromToolTables(const toml::table& document, const std::string& path, int version) {
  const toml::table* pytest = document["tool"]["pytest"].as_table();
  if (pytest == nullptr) return std::optional<IniSection>();
  const toml::table* ini_options = (*pytest)["ini_options"].as_table();
  IniSection native = version >= 900 ? FromTable(*pytest, "ini_options") : IniSection();
  if (!native.empty() && ini_options != nullptr && !ini_options->empty()) return Error{path + kMixedTables};
  if (!native.empty()) return std::optional<IniSection>(std::move(native));
  if (ini_options != nullptr) return std::optional<IniSection>(FromTable(*ini_options));
  return std::optional<IniSection>();
}

Result<std::optional<IniSection>> LoadPytestToml(const std::string& path) {
  auto document = ParseToml(path);
  if (!document) return document.error();
  if (const toml::table* pytest = (*document)["pytest"].as_table())
    return std::optional<IniSection>(FromTable(*pytest));
  for (const auto& [key, node] : *document)
    if (!node.is_table())
      return Error{At(path, static_cast<int>(node.source().begin.line)) +
                   ": pytest configuration must be under a [pytest] table (found top-level options: " +
                   std::string(key.str()) + ")"};
  return std::optional<IniSection>(IniSection());
}

Result<std::optional<IniSection>> LoadPyproject(const std::string& path, int version) {
  auto document = ParseToml(path);
  if (!document) return document.error();
  return FromToolTables(*document, path, version);
}

// A TOML file of any name, given by -c: [tool.pytest], else [pytest].
Result<std::optional<IniSection>> LoadNamedToml(const std::string& path, int version) {
  auto tables = LoadPyproject(path, version);
  if (!tables || *tables || version < 900) return tables;
  return LoadPytestToml(path);
}

Result<std::optional<IniSection>> LoadIni(const std::string& path, const char* section, bool always) {
  auto contents = ReadFile(path);
  if (!contents) return contents.error();
  auto sections = ParseIni(contents->text, path);
  if (!sections) return sections.error();
  const auto found = sections->find(section);
  if (found != sections->end()) return std::optional<IniSection>(std::move(found->second));
  if (std::string_view(section) == "tool:pytest" && sections->contains("pytest"))
    return Error{path +
                 ": [pytest] section in setup.cfg files is no longer supported, change to [tool:pytest] instead."};
  return always ? std::optional<IniSection>(IniSection()) : std::nullopt;
}

// What one line of an INI file is: `[name]`, `name = value`, or more of the value before.
struct IniLine {
  enum class Kind : std::uint8_t { kBlank, kSection, kPair, kMore, kBad } kind = Kind::kBlank;
  std::string_view name, value;
};

IniLine ReadIniLine(std::string_view line) {
  const std::string_view trimmed = Trim(line);
  if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') return {};
  if (line.front() == '[') {
    const std::string_view head = Trim(line.substr(0, line.find_first_of("#;")));
    if (head.ends_with(']')) return {IniLine::Kind::kSection, head.substr(1, head.size() - 2), {}};
    return {IniLine::Kind::kMore, {}, trimmed};
  }
  if (line.front() == ' ' || line.front() == '\t') return {IniLine::Kind::kMore, {}, trimmed};
  std::size_t split = line.find('=');
  if (split == std::string_view::npos || line.substr(0, split).find(':') != std::string_view::npos)
    split = line.find(':');
  if (split == std::string_view::npos) return {IniLine::Kind::kBad, trimmed, {}};
  return {IniLine::Kind::kPair, Trim(line.substr(0, split)), Trim(line.substr(split + 1))};
}

void AddSettings(const toml::table& table, const std::string& prefix, std::map<std::string, FastestSetting>& into) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* nested = node.as_table()) {
      AddSettings(*nested, name + ".", into);
      continue;
    }
    FastestSetting setting;
    setting.line = static_cast<int>(node.source().begin.line);
    if (node.is_boolean()) {
      setting.value = *node.value<bool>();
    } else if (node.is_integer()) {
      setting.value = *node.value<std::int64_t>();
    } else if (node.is_floating_point()) {
      setting.value = *node.value<double>();
    } else if (node.is_string()) {
      setting.value = *node.value<std::string>();
    } else if (const toml::array* list = node.as_array();
               list != nullptr && (list->empty() || list->is_homogeneous<std::string>())) {
      setting.value = FromToml(node).values;
    } else {
      setting.value = std::monostate();
    }
    into.emplace(name, std::move(setting));
  }
}

}  // namespace

const std::vector<std::string>& ConfigFileNames(int pytest_version) {
  static const std::vector<std::string> all{"pytest.toml",    ".pytest.toml", "pytest.ini", ".pytest.ini",
                                            "pyproject.toml", "tox.ini",      "setup.cfg"};
  static const std::vector<std::string> before_9(all.begin() + 2, all.end());
  return pytest_version >= 900 ? all : before_9;
}

Result<std::optional<IniSection>> LoadConfigFile(const std::string& path, int pytest_version, bool named) {
  const std::string_view name = BaseName(path);
  if (name == "pytest.toml" || name == ".pytest.toml") return LoadPytestToml(path);
  if (name == "pyproject.toml") return LoadPyproject(path, pytest_version);
  if (name == "setup.cfg" || name.ends_with(".cfg")) return LoadIni(path, "tool:pytest", false);
  if (name.ends_with(".ini")) return LoadIni(path, "pytest", name == "pytest.ini" || name == ".pytest.ini");
  if (named && name.ends_with(".toml")) return LoadNamedToml(path, pytest_version);
  return std::optional<IniSection>();
}

Result<std::map<std::string, IniSection>> ParseIni(std::string_view text, const std::string& path) {
  std::map<std::string, IniSection> sections;
  IniSection* section = nullptr;
  IniValue* value = nullptr;
  bool in_value = false;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  int number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const IniLine line = ReadIniLine(text.substr(begin, end - begin));
    begin = end + 1;
    ++number;
    switch (line.kind) {
      case IniLine::Kind::kBlank:
        break;
      case IniLine::Kind::kBad:
        return Error{At(path, number) + ": unexpected line: '" + std::string(line.name) + "'"};
      case IniLine::Kind::kSection: {
        const auto [added, is_new] = sections.emplace(line.name, IniSection());
        if (!is_new) return Error{At(path, number) + ": duplicate section '" + std::string(line.name) + "'"};
        section = &added->second;
        in_value = false;
        break;
      }
      case IniLine::Kind::kPair: {
        if (section == nullptr) return Error{At(path, number) + ": no section header defined"};
        const auto [added, is_new] = section->emplace(line.name, IniValue{{std::string(line.value)}, false, number});
        if (!is_new) return Error{At(path, number) + ": duplicate name '" + std::string(line.name) + "'"};
        value = &added->second;
        in_value = true;
        break;
      }
      case IniLine::Kind::kMore:
        if (!in_value) return Error{At(path, number) + ": unexpected value continuation"};
        if (!value->values[0].empty()) value->values[0].push_back('\n');
        value->values[0].append(line.value);
        break;
    }
  }
  return sections;
}

Result<std::map<std::string, FastestSetting>> LoadFastestTable(const std::string& path) {
  std::map<std::string, FastestSetting> settings;
  if (!IsFile(path)) return settings;
  auto document = ParseToml(path);
  if (!document) return document.error();
  const auto fastest = (*document)["tool"]["fastest"];
  if (fastest && !fastest.is_table())
    return Error{At(path, static_cast<int>(fastest.node()->source().begin.line)) +
                 ": tool.fastest: allowed is a table, [tool.fastest]"};
  if (fastest) AddSettings(*fastest.as_table(), "", settings);
  return settings;
}

}  // namespace fastest
