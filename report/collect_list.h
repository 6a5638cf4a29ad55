// CollectList: what --collect-only prints: the ids (-q), or how many items each file has (-qq).
//
// The default form, a tree of node types, needs what reports do not carry: it lists the ids too.

#pragma once

#include <string>
#include <vector>

#include "report/terminal_options.h"
#include "report/terminal_writer.h"

namespace fastest {

// `node_ids` in collection order.
void WriteCollected(const std::vector<std::string>& node_ids, const TerminalOptions& options, TerminalWriter* out);

}  // namespace fastest
