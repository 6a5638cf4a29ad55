// --sync on the coordinator: the tree that agents get, and what of the command line has to fit it.

#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "cli/coordinator_session.h"
#include "cli/invocation.h"

namespace fastest {

// The files that the run writes: they are no code.
std::set<std::string> OutputsOf(const Invocation& invocation);

// Reads the tree and fills in `network`. Absolute paths on the command line become relative: agents have the tree
// elsewhere.
Status PrepareSync(Invocation* invocation, NetworkOptions* network);

}  // namespace fastest
