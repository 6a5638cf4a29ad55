// The only clock: monotonic, read once a turn by the event loop and passed down.
#pragma once

#include <chrono>

namespace fastest {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using Seconds = std::chrono::duration<double>;

// The monotonic clock (CLOCK_MONOTONIC). Called by event loops and by main, nowhere else.
inline Time Now() { return std::chrono::steady_clock::now(); }

// Wall-clock seconds since the epoch, for reports that people read.
inline double WallSeconds() { return Seconds(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace fastest
