// [tool.fastest] of pyproject.toml: defaults for options. An unknown key is an error that names the nearest known one.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "discovery/pytest_config.h"

namespace fastest {

// The settings as words of a command line (what the command line says itself comes after them and wins), and `serial`.
Result<std::vector<std::string>> ReadSettings(const PytestConfig& config, Options* options);

}  // namespace fastest
