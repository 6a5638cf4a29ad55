// What a program inherits from the process that starts it, environment and working directory's path apart: two
// processes for which this is the same can stand in for each other as somebody's parent.
//
// Readings of the operating system; any thread.

#pragma once

#include <string>
#include <vector>

namespace fastest {

// One text with user and groups, capabilities, umask, limits, processors, priorities, working directory (not its path),
// control groups, namespaces, root and, where there is one, the terminal's session. Equal texts: equal in all of that.
std::string InheritedState();

// The descriptors above 2 that a started program would have too, in rising order.
std::vector<int> InheritedFds();

}  // namespace fastest
