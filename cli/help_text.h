// HelpText: what `fastest --help` says before pytest's own help.

#pragma once

#include <string>

namespace fastest {

std::string HelpText();

}  // namespace fastest
