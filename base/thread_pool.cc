#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace fastest {

void ParallelFor(std::size_t count, unsigned threads, std::size_t grain, const std::function<void(std::size_t)>& job) {
  std::size_t most = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  most = std::min(most, count / std::max<std::size_t>(grain, 1));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;) job(index);
  };
  std::vector<std::thread> others;
  for (std::size_t started = 1; started < most; ++started) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

}  // namespace fastest
