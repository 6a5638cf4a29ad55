#include "discovery/pytest_config.h"

#include <algorithm>
#include <cstdlib>

#include "base/file_system.h"
#include "discovery/config_file.h"
#include "discovery/fnmatch.h"
#include "discovery/source_text.h"

namespace fastest {
namespace {

// Where the configuration was found.
struct Located {
  std::string rootdir, inipath;  // Empty: not found.
  IniSection ini;
  std::vector<std::string> ignored;
};

// `path` and its parents, up to "/".
std::vector<std::string> WithParents(const std::string& path) {
  std::vector<std::string> all{path};
  while (all.back() != "/") all.emplace_back(ParentPath(all.back()));
  return all;
}

std::vector<std::string> DirectoriesOfArgs(const ConfigRequest& request) {
  std::vector<std::string> directories;
  for (const std::string& arg : request.args) {
    if (arg.starts_with('-')) continue;
    const std::string path = AbsolutePath(request.invocation_dir, std::string_view(arg).substr(0, arg.find("::")));
    if (Exists(path)) directories.push_back(IsDirectory(path) ? path : std::string(ParentPath(path)));
  }
  return directories;
}

std::string CommonAncestor(const std::string& invocation_dir, const std::vector<std::string>& paths) {
  std::string common;
  for (const std::string& path : paths) {
    if (!Exists(path)) continue;
    if (common.empty()) common = path;
    while (!IsWithin(path, common)) common = ParentPath(common);
  }
  if (common.empty()) return invocation_dir;
  return IsFile(common) ? std::string(ParentPath(common)) : common;
}

// Names after `found` in one directory that configure pytest too.
Result<std::vector<std::string>> Ignored(const std::string& directory, const std::string& found, int version) {
  std::vector<std::string> ignored;
  const auto& names = ConfigFileNames(version);
  for (auto name = std::find(names.begin(), names.end(), found) + 1; name != names.end(); ++name) {
    const std::string path = directory + "/" + *name;
    if (!IsFile(path)) continue;
    auto section = LoadConfigFile(path, version, false);
    if (!section) return section.error();
    if (*section) ignored.push_back(*name);
  }
  return ignored;
}

Result<Located> Locate(const std::vector<std::string>& from, int version) {
  std::string pyproject;
  for (const std::string& start : from) {
    for (const std::string& directory : WithParents(start)) {
      for (const std::string& name : ConfigFileNames(version)) {
        const std::string path = directory == "/" ? "/" + name : directory + "/" + name;
        if (!IsFile(path)) continue;
        if (name == "pyproject.toml" && pyproject.empty()) pyproject = path;
        auto section = LoadConfigFile(path, version, false);
        if (!section) return section.error();
        if (!*section) continue;
        auto ignored = Ignored(directory, name, version);
        if (!ignored) return ignored.error();
        return Located{directory, path, **std::move(section), *std::move(ignored)};
      }
    }
  }
  if (!pyproject.empty()) return Located{std::string(ParentPath(pyproject)), pyproject, {}, {}};
  return Located{};
}

// "$NAME" and "${NAME}" as os.path.expandvars.
std::string ExpandVariables(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool braced = text.compare(at, 2, "${") == 0;
    const std::size_t begin = at + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && IsNameByte(text[end])) ++end;
    const bool closed = !braced || (end < text.size() && text[end] == '}');
    const char* value =
        text[at] == '$' && closed && end > begin ? std::getenv(text.substr(begin, end - begin).c_str()) : nullptr;
    if (value == nullptr) {
      out.push_back(text[at++]);
    } else {
      out.append(value);
      at = end + (braced ? 1 : 0);
    }
  }
  return out;
}

Result<Located> FromNamedFile(const ConfigRequest& request, const std::vector<std::string>& directories) {
  Located located;
  located.inipath = AbsolutePath(request.invocation_dir, *request.config_file);
  if (!Exists(located.inipath))
    return Error{"Config file '" + located.inipath + "' not found. Check your '-c/--config-file' option."};
  if (IsDirectory(located.inipath))
    return Error{"Config file '" + located.inipath + "' is a directory. Check your '-c/--config-file' option."};
  auto section = LoadConfigFile(located.inipath, request.pytest_version, true);
  if (!section) return section.error();
  if (*section) located.ini = **std::move(section);
  located.rootdir = ParentPath(located.inipath);
  if (!IsFile(located.inipath) && request.pytest_version >= 900) {  // /dev/null says nothing about the project.
    located.rootdir = CommonAncestor(request.invocation_dir, directories);
    if (located.rootdir == "/") located.rootdir = request.invocation_dir;
  }
  return located;
}

Result<Located> Search(const ConfigRequest& request, const std::vector<std::string>& directories) {
  const std::string ancestor = CommonAncestor(request.invocation_dir, directories);
  auto located = Locate({ancestor}, request.pytest_version);
  if (!located || !located->rootdir.empty() || request.rootdir) return located;
  for (const std::string& directory : WithParents(ancestor)) {
    if (!IsFile(directory + "/setup.py")) continue;
    located->rootdir = directory;
    return located;
  }
  if (directories != std::vector<std::string>{ancestor}) {
    // As pytest: no arguments means the invocation directory.
    auto again = Locate(directories.empty() ? std::vector<std::string>{request.invocation_dir} : directories,
                        request.pytest_version);
    if (!again) return again;
    again->ignored.clear();
    located = std::move(again);
  }
  if (located->rootdir.empty()) {
    located->rootdir = CommonAncestor(request.invocation_dir, {request.invocation_dir, ancestor});
    if (located->rootdir == "/") located->rootdir = ancestor;
  }
  return located;
}

class Values {
 public:
  explicit Values(const PytestConfig& config) : config_(config) {}

  Result<std::vector<std::string>> Words(const char* key, std::vector<std::string> otherwise) const {
    const auto found = config_.ini.find(key);
    if (found == config_.ini.end()) return otherwise;
    auto words = found->second.Words();
    if (!words) return Error{Where(found->second) + ": " + key + ": " + words.error().message};
    return words;
  }

  Result<bool> Flag(const char* key, bool otherwise) const {
    const auto found = config_.ini.find(key);
    if (found == config_.ini.end()) return otherwise;
    std::string word(Trim(found->second.text()));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const char* yes : {"y", "yes", "t", "true", "on", "1"})
      if (word == yes) return true;
    for (const char* no : {"n", "no", "f", "false", "off", "0"})
      if (word == no) return false;
    return Error{Where(found->second) + ": " + key + ": invalid truth value '" + word + "' (allowed: true, false)"};
  }

 private:
  std::string Where(const IniValue& value) const {
    return value.line == 0 ? "-o" : config_.inipath + ":" + std::to_string(value.line);
  }

  const PytestConfig& config_;
};

Status FillValues(PytestConfig& config) {
  const Values values(config);
  struct WordsOf {
    const char* key;
    std::vector<std::string>* into;
    std::vector<std::string> otherwise;
  };
  WordsOf words[] = {
      {"addopts", &config.addopts, {}},
      {"python_files", &config.python_files, {"test_*.py", "*_test.py"}},
      {"python_classes", &config.python_classes, {"Test"}},
      {"python_functions", &config.python_functions, {"test"}},
      {"norecursedirs",
       &config.norecursedirs,
       {"*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"}},
  };
  for (WordsOf& each : words) {
    auto value = values.Words(each.key, std::move(each.otherwise));
    if (!value) return value.error();
    *each.into = *std::move(value);
  }
  auto imported = values.Flag("collect_imported_tests", true);
  if (!imported) return imported.error();
  config.collect_imported_tests = *imported;
  auto namespaces = values.Flag("consider_namespace_packages", false);
  if (!namespaces) return namespaces.error();
  config.consider_namespace_packages = *namespaces;
  return Ok();
}

Status DecideArgs(const ConfigRequest& request, PytestConfig& config) {
  config.args = request.args;
  if (!config.args.empty()) return Ok();
  if (request.invocation_dir == config.rootdir) {
    const auto testpaths = Values(config).Words("testpaths", {});
    if (!testpaths) return testpaths.error();
    for (const std::string& pattern : *testpaths)
      for (std::string& path : ExpandGlob(request.invocation_dir, pattern)) config.args.push_back(std::move(path));
    config.args_source = ArgsSource::kTestpaths;
  }
  if (config.args.empty()) {
    config.args = {request.invocation_dir};
    config.args_source = ArgsSource::kInvocationDir;
  }
  return Ok();
}

}  // namespace

Result<std::vector<std::string>> IniValue::Words() const {
  if (is_list) return values;
  return ShlexSplit(text());
}

std::vector<std::string> IniValue::Lines() const {
  if (is_list) return values;
  std::vector<std::string> lines;
  const std::string_view all = text();
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = Trim(all.substr(begin, end - begin));
    if (!line.empty()) lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

Result<std::vector<std::string>> ShlexSplit(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      in_word = true;
      for (++at; at < text.size() && text[at] != c; ++at) {
        const bool escape =
            c == '"' && text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
        if (escape) ++at;
        word.push_back(text[at]);
      }
      if (at >= text.size()) return Error{"No closing quotation"};
    } else if (c == '\\') {
      if (++at >= text.size()) return Error{"No escaped character"};
      in_word = true;
      word.push_back(text[at]);
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      in_word = true;
      word.push_back(c);
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

Result<PytestConfig> ReadPytestConfig(const ConfigRequest& request) {
  const std::vector<std::string> directories = DirectoriesOfArgs(request);
  auto located = request.config_file ? FromNamedFile(request, directories) : Search(request, directories);
  if (!located) return located.error();
  PytestConfig config;
  config.rootdir = std::move(located->rootdir);
  config.inipath = std::move(located->inipath);
  config.ini = std::move(located->ini);
  config.ignored_config_files = std::move(located->ignored);
  if (request.rootdir) {
    config.rootdir = AbsolutePath(request.invocation_dir, ExpandVariables(*request.rootdir));
    if (!IsDirectory(config.rootdir))
      return Error{"Directory '" + config.rootdir + "' not found. Check your '--rootdir' option."};
  }
  for (const std::string& setting : request.overrides) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos)
      return Error{"-o/--override-ini expects option=value style (got: '" + setting + "')."};
    config.ini[setting.substr(0, equals)] = IniValue{{setting.substr(equals + 1)}, false, 0};
  }
  if (auto filled = FillValues(config); !filled) return filled.error();
  if (auto decided = DecideArgs(request, config); !decided) return decided.error();
  config.fastest_path = config.rootdir + "/pyproject.toml";
  auto settings = LoadFastestTable(config.fastest_path);
  if (!settings) return settings.error();
  config.fastest = *std::move(settings);
  return config;
}

}  // namespace fastest
