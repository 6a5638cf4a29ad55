// HelpText: what `fastest --help` says before pytest's own help.

#pragma once

#include <string>
#include <string_view>

namespace fastest {

std::string HelpText();
// What `fastest SUBCOMMAND --help` says.
std::string HelpTextOf(std::string_view subcommand);

}  // namespace fastest
