// Node ids and paths as pytest shows them: relative to where the user stands.
//
// Pure functions on text; nothing is looked up on disk.

#pragma once

#include <string>
#include <string_view>

namespace fastest {

// The path (absolute, or relative to rootdir) relative to `directory`, as pytest's bestrelpath.
std::string RelativePath(std::string_view path, const std::string& rootdir, const std::string& directory);

// pytest's cwd_relative_nodeid.
std::string RelativeNodeId(std::string_view node_id, const std::string& rootdir, const std::string& directory);

}  // namespace fastest
