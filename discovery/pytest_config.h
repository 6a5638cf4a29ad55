// pytest's own configuration, read without Python: rootdir, the configuration file, and the values in it.
//
// The rules are pytest's (7.4 to 9.x): the common ancestor of the arguments, -c, --rootdir, and pytest.toml,
// .pytest.toml, pytest.ini, .pytest.ini, pyproject.toml, tox.ini, setup.cfg in each directory upwards. What pytest
// would refuse is an Error that names file, line and key. `[tool.fastest]` is handed over raw: cli knows its keys.
// Pure but for reading files; any thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace fastest {

// What the command line says about configuration.
struct ConfigRequest {
  std::string invocation_dir;              // Absolute.
  std::vector<std::string> args;           // Positional words, as typed: paths and node ids.
  std::optional<std::string> config_file;  // -c
  std::optional<std::string> rootdir;      // --rootdir
  std::vector<std::string> overrides;      // -o: "key=value", in order.
  int pytest_version = 900;  // 100 * major + minor; before 900 there is no pytest.toml and no [tool.pytest].
};

// One value of the configuration file. An INI value, or a TOML scalar, is one string (its lines kept); a TOML list is
// several.
struct IniValue {
  std::vector<std::string> values;
  bool is_list = false;
  int line = 0;  // In the configuration file, from 1; 0: from -o.

  std::string_view text() const { return values.empty() ? std::string_view() : std::string_view(values.front()); }
  // As pytest reads a value of type "args" or "linelist".
  Result<std::vector<std::string>> Words() const;
  std::vector<std::string> Lines() const;
  bool operator==(const IniValue&) const = default;
};

// One key of [tool.fastest]; a nested table's keys are dotted ("k8s.image").
struct FastestSetting {
  // monostate: of another type, as a date, or a list in which not all are texts.
  std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, std::monostate> value;
  int line = 0;
};

enum class ArgsSource : std::uint8_t { kArgs, kInvocationDir, kTestpaths };

struct PytestConfig {
  std::string rootdir;                            // Absolute, without a trailing '/'.
  std::string inipath;                            // Absolute; empty: none.
  std::map<std::string, IniValue> ini;            // As written, -o applied.
  std::vector<std::string> ignored_config_files;  // Names in the same directory that pytest passes over.

  // The values that matter here, with pytest's defaults filled in.
  std::vector<std::string> addopts;
  std::vector<std::string> python_files, python_classes, python_functions, norecursedirs;
  bool collect_imported_tests = true;
  bool consider_namespace_packages = false;

  // What pytest collects: the words given, else testpaths (globs expanded) when invoked from rootdir, else the
  // invocation directory. Relative to the invocation directory.
  std::vector<std::string> args;
  ArgsSource args_source = ArgsSource::kArgs;

  // [tool.fastest] of rootdir's pyproject.toml.
  std::string fastest_path;
  std::map<std::string, FastestSetting> fastest;
};

Result<PytestConfig> ReadPytestConfig(const ConfigRequest& request);

// Splits as Python's shlex.split (POSIX). Fails where a quotation is not closed.
Result<std::vector<std::string>> ShlexSplit(std::string_view text);

}  // namespace fastest
