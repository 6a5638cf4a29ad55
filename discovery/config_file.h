// One configuration file: its pytest section, if it has one, by pytest's rules for a file of that name.
//
// Adapter to TOML; INI is read here by iniconfig's grammar. Any thread.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "discovery/pytest_config.h"

namespace fastest {

using IniSection = std::map<std::string, IniValue>;

// The names that pytest looks for in each directory, in its order.
const std::vector<std::string>& ConfigFileNames(int pytest_version);

// Nothing: the file is there, but configures no pytest. `named`: given by -c.
Result<std::optional<IniSection>> LoadConfigFile(const std::string& path, int pytest_version, bool named);

// The sections of an INI text; `path` is for errors.
Result<std::map<std::string, IniSection>> ParseIni(std::string_view text, const std::string& path);

// [tool.fastest] of a pyproject.toml; empty if the file or the table is not there.
Result<std::map<std::string, FastestSetting>> LoadFastestTable(const std::string& path);

}  // namespace fastest
