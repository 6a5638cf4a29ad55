// Exit codes of commands as main returns them, and the end of a command that cannot go on.

#pragma once

#include "base/result.h"
#include "protocol/event.h"

namespace fastest {

inline constexpr int kUsage = static_cast<int>(ExitCode::kUsageError);
inline constexpr int kInternal = static_cast<int>(ExitCode::kInternalError);

// An agent's own; never 1 to 5, which are outcomes of tests.
inline constexpr int kOrphaned = 75;  // EX_TEMPFAIL: the coordinator has gone.
inline constexpr int kRefused = 78;   // EX_CONFIG: starting it again does not help.
inline constexpr int kDrained = 143;  // As a process that SIGTERM ended.

// Says why on standard error; returns `code`.
int Fail(const Error& error, int code = kUsage);

}  // namespace fastest
