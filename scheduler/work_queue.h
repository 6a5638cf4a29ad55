// WorkQueue: the tasks that nobody has yet, handed out in batches: in their own order, but what is long first; large
// batches first.
//
// Guided self-scheduling (Polychronopoulos and Kuck 1987): a batch takes tasks until it holds a fixed fraction of an
// even share of what is left, so that early batches are few and large and late ones small. A task of which one
// undivided part holds that much leaves before all others, the longest first (LPT, Graham 1969): at the start these are
// the long ones, near the end all are. The rest keep their order, pytest's: suites lean on it more than they know, and
// what can be divided later may come late. A task is what should stay together: a file, a class, a part of a file.
// Pure: no clock, no ids but the caller's numbers.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace fastest {

class WorkQueue {
 public:
  struct Task {
    std::uint32_t id = 0;
    double seconds = 0;        // Predicted.
    std::uint32_t items = 1;   // How many items, for batches of a fixed size.
    double longest_part = -1;  // Predicted seconds of its longest part that stays whole; negative: it all does.
  };

  void Add(Task task);

  // The next batch for one of `workers` workers: 1/divisor of an even share of what is left. At least one task; empty
  // only if the queue is.
  std::vector<std::uint32_t> TakeShare(std::uint32_t workers, double divisor);
  // The next batch of about `items` items, in order; at least one task.
  std::vector<std::uint32_t> TakeItems(std::uint32_t items);
  // Everything, cut in order into at most `parts` batches of about equal seconds.
  std::vector<std::vector<std::uint32_t>> TakeAll(std::uint32_t parts);

  bool empty() const { return tasks_.empty(); }
  std::size_t size() const { return tasks_.size(); }
  // Predicted seconds of all that is left.
  double seconds() const { return seconds_; }

 private:
  using Arrival = std::uint64_t;

  static double Length(const Task& task) { return task.longest_part < 0 ? task.seconds : task.longest_part; }
  Task Take(Arrival arrival);
  Task TakeFirst() { return Take(tasks_.begin()->first); }

  std::map<Arrival, Task> tasks_;
  std::set<std::pair<double, Arrival>> by_length_;  // (-seconds of the longest part, arrival)
  Arrival arrivals_ = 0;
  double seconds_ = 0;
};

}  // namespace fastest
