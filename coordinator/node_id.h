// Parts of a node id. Pure functions on text.

#pragma once

#include <string>

namespace fastest {

// The test file: what stands before the first "::".
inline std::string FileOf(const std::string& node_id) { return node_id.substr(0, node_id.find("::")); }

}  // namespace fastest
