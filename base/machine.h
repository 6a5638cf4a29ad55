// What this machine gives us: processors, name, terminal. Pure readings of the operating system.

#pragma once

#include <string>

namespace fastest {

// Processors that this process may use: its affinity, its cgroup's quota rounded up (v2 and v1), and what Slurm has
// allocated on this node. At least 1.
unsigned UsableProcessors();

std::string HostName();

// The terminal's width: COLUMNS, else the terminal on `fd`, else 80.
int TerminalColumns(int fd);

// An environment variable's value, or "" if it is not set.
std::string Environment(const char* name);

}  // namespace fastest
