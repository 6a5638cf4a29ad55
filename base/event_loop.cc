#include "base/event_loop.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace fastest {

void EventLoop::WatchRead(int fd, Callback ready) {
  CHECK(fd >= 0, fd);
  readers_[fd] = std::move(ready);
}

void EventLoop::WatchWrite(int fd, Callback ready) {
  CHECK(fd >= 0, fd);
  writers_[fd] = std::move(ready);
}

void EventLoop::UnwatchRead(int fd) { readers_.erase(fd); }
void EventLoop::UnwatchWrite(int fd) { writers_.erase(fd); }

EventLoop::TimerId EventLoop::At(Time when, Callback fire) {
  const TimerId id{next_timer_++};
  timers_.emplace(when, Timer{id, std::move(fire)});
  return id;
}

void EventLoop::Cancel(TimerId timer) {
  const auto found =
      std::find_if(timers_.begin(), timers_.end(), [&](const auto& entry) { return entry.second.id == timer; });
  if (found != timers_.end()) timers_.erase(found);
}

void EventLoop::Run() {
  stopped_ = false;
  while (!stopped_) Turn();
}

bool EventLoop::RunPumps() {
  bool busy = false;
  for (std::size_t i = 0; i < pumps_.size() && !stopped_; ++i) busy |= pumps_[i]();
  return busy;
}

void EventLoop::RunTimers() {
  while (!stopped_ && !timers_.empty() && timers_.begin()->first <= now_) {
    const Callback fire = std::move(timers_.begin()->second.fire);
    timers_.erase(timers_.begin());
    fire();
  }
}

int EventLoop::WaitMilliseconds(bool busy) const {
  if (busy) return 0;
  if (timers_.empty()) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000));
}

void EventLoop::Turn() {
  now_ = Now();
  RunTimers();
  if (stopped_) return;
  const bool busy = RunPumps();
  if (stopped_) return;

  std::vector<pollfd> polled;
  polled.reserve(readers_.size() + writers_.size());
  for (const auto& [fd, callback] : readers_) polled.push_back({fd, POLLIN, 0});
  for (const auto& [fd, callback] : writers_) polled.push_back({fd, POLLOUT, 0});
  const int ready = ::poll(polled.data(), polled.size(), WaitMilliseconds(busy));
  CHECK(ready >= 0 || errno == EINTR, errno);
  now_ = Now();
  if (ready <= 0) return;
  for (const pollfd& one : polled) {
    if (stopped_) return;
    if (one.revents == 0) continue;
    // Looked up again: an earlier callback of this turn may have ended this watch.
    auto& watches = one.events == POLLIN ? readers_ : writers_;
    const auto found = watches.find(one.fd);
    if (found == watches.end()) continue;
    const Callback callback = found->second;
    callback();
  }
}

}  // namespace fastest
