#include "scheduler/work_queue.h"

#include <algorithm>

#include "tests/catch.h"

using fastest::WorkQueue;
using Ids = std::vector<std::uint32_t>;

TEST_CASE("what alone fills a batch leaves first, the rest in order of arrival") {
  WorkQueue queue;
  for (std::uint32_t id = 0; id < 8; ++id) queue.Add({id, id == 5 ? 4.0 : 1.0});
  CHECK(queue.TakeShare(2, 2) == Ids{5});
  CHECK(queue.TakeShare(2, 2) == Ids{0, 1});
  CHECK(queue.TakeShare(2, 2) == Ids{2});
}

TEST_CASE("what can be divided later keeps its place, however long it is") {
  WorkQueue queue;
  for (std::uint32_t id = 0; id < 4; ++id) queue.Add({id, 1.0});
  queue.Add({4, 4.0, 8, 0.5});
  CHECK(queue.TakeShare(2, 2) == Ids{0, 1});
  CHECK(queue.TakeShare(2, 2) == Ids{2, 3});
  CHECK(queue.TakeShare(2, 2) == Ids{4});
}

TEST_CASE("everything is cut in order into parts of about equal length") {
  WorkQueue queue;
  for (std::uint32_t id = 0; id < 6; ++id) queue.Add({id, id == 0 ? 5.0 : 1.0});
  CHECK(queue.TakeAll(2) == std::vector<Ids>{{0}, {1, 2, 3, 4, 5}});
  CHECK(queue.empty());
  CHECK(queue.seconds() == 0);
}

TEST_CASE("more parts than tasks are as many as there are tasks") {
  WorkQueue queue;
  queue.Add({7, 1.0});
  CHECK(queue.TakeAll(4) == std::vector<Ids>{{7}});
}

TEST_CASE("batches shrink with what is left") {
  WorkQueue queue;
  for (std::uint32_t id = 0; id < 64; ++id) queue.Add({id, 1.0});
  std::vector<std::size_t> sizes;
  while (!queue.empty()) sizes.push_back(queue.TakeShare(2, 2).size());
  CHECK(sizes.front() == 16);
  CHECK(sizes.back() == 1);
  CHECK(std::is_sorted(sizes.rbegin(), sizes.rend()));
}

TEST_CASE("a task larger than a share is a batch of its own") {
  WorkQueue queue;
  queue.Add({1, 10.0});
  queue.Add({2, 1.0});
  queue.Add({3, 1.0});
  CHECK(queue.TakeShare(2, 1) == Ids{1});
}

TEST_CASE("batches of a fixed size count items") {
  WorkQueue queue;
  queue.Add({1, 3.0, 30});
  queue.Add({2, 2.0, 30});
  queue.Add({3, 1.0, 30});
  CHECK(queue.TakeItems(50) == Ids{1, 2});
  CHECK(queue.TakeItems(50) == Ids{3});
}
