// Skew: what differs between two agents, or an agent and the coordinator, that could make outcomes differ. Pure.
//
// Kinds, as --allow-skew names them: code, python, platform, pytest, plugins.

#pragma once

#include <optional>
#include <set>
#include <string>

namespace fastest {

// What differs, as a line for a person with the option that allows it; nothing: nothing that is not allowed.
std::optional<std::string> PlatformSkew(const std::string& ours, const std::string& theirs,
                                        const std::set<std::string>& allowed);
// Of two READY answers (docs/protocol.md 1.4): versions of Python, pytest and plugins.
std::optional<std::string> ReadySkew(const std::string& ours, const std::string& theirs,
                                     const std::set<std::string>& allowed);

// Reads "code,python": an Error names the kinds there are.
const std::set<std::string>& SkewKinds();

}  // namespace fastest
