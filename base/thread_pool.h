// ParallelFor: CPU-heavy work as pure functions, joined before it returns.
//
// The only way for other folders to use more than one core. A job must touch nothing that another job touches but by
// reading; results go into slots of their own (`results[index]`). The caller's thread takes part, so that small work
// pays for no thread.

#pragma once

#include <cstddef>
#include <functional>

namespace fastest {

// Calls job(0) … job(count - 1), each once, in no order, on at most `threads` threads (0: one a core), and returns when
// all have ended. One thread more is started for each `grain` jobs only, since a thread costs some 30 microseconds.
void ParallelFor(std::size_t count, unsigned threads, std::size_t grain, const std::function<void(std::size_t)>& job);

}  // namespace fastest
