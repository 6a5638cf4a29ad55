#include "scheduler/work_queue.h"

namespace fastest {

void WorkQueue::Add(Task task) {
  seconds_ += task.seconds;
  by_length_.emplace(-Length(task), arrivals_);
  tasks_.emplace(arrivals_++, task);
}

WorkQueue::Task WorkQueue::Take(Arrival arrival) {
  const auto found = tasks_.find(arrival);
  const Task task = found->second;
  by_length_.erase({-Length(task), arrival});
  tasks_.erase(found);
  seconds_ = tasks_.empty() ? 0 : seconds_ - task.seconds;
  return task;
}

std::vector<std::uint32_t> WorkQueue::TakeShare(std::uint32_t workers, double divisor) {
  if (tasks_.empty()) return {};
  const double target = seconds_ / (divisor * workers);
  const auto [negative_length, longest] = *by_length_.begin();
  if (-negative_length >= target) return {Take(longest).id};
  std::vector<std::uint32_t> batch;
  double taken = 0;
  // A task that would overshoot the target by more than it fills stays for the next batch.
  while (!tasks_.empty() && (batch.empty() || taken + tasks_.begin()->second.seconds / 2 <= target)) {
    const Task task = TakeFirst();
    taken += task.seconds;
    batch.push_back(task.id);
  }
  return batch;
}

std::vector<std::uint32_t> WorkQueue::TakeItems(std::uint32_t items) {
  std::vector<std::uint32_t> batch;
  std::uint32_t taken = 0;
  while (!tasks_.empty() && taken < items) {
    const Task task = TakeFirst();
    taken += task.items;
    batch.push_back(task.id);
  }
  return batch;
}

std::vector<std::vector<std::uint32_t>> WorkQueue::TakeAll(std::uint32_t parts) {
  std::vector<std::vector<std::uint32_t>> batches;
  while (!tasks_.empty()) {
    const auto left = static_cast<std::uint32_t>(parts > batches.size() ? parts - batches.size() : 1);
    const double target = seconds_ / left;
    std::vector<std::uint32_t> batch;
    double taken = 0;
    // The last part takes the rest.
    while (!tasks_.empty() && (batch.empty() || left == 1 || taken + tasks_.begin()->second.seconds / 2 <= target)) {
      const Task task = TakeFirst();
      taken += task.seconds;
      batch.push_back(task.id);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace fastest
