// The `ast` parser: tree-sitter's Python grammar over a file's skeleton, or over the whole file where the skeleton does
// not parse. A file that does not parse even so is `unparsable`; its outline holds what was recognised.
// Pure; any thread.

#pragma once

#include <string_view>

#include "discovery/outline.h"

namespace fastest {

Outline ParseAst(std::string_view source);

}  // namespace fastest
