#include "base/thread_pool.h"

#include <numeric>
#include <vector>

#include "tests/catch.h"

TEST_CASE("each job runs once, whatever the number of threads") {
  const unsigned threads = GENERATE(0U, 1U, 3U, 100U);
  std::vector<int> runs(57);
  fastest::ParallelFor(runs.size(), threads, 4, [&](std::size_t index) { ++runs[index]; });
  CHECK(runs == std::vector<int>(57, 1));
}

TEST_CASE("no job is no work") {
  fastest::ParallelFor(0, 0, 1, [](std::size_t) { FAIL(); });
}
