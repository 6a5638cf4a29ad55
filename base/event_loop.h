// EventLoop: one thread, file descriptors and timers; the heart of each fastest process.
//
// A callback is a transaction: it runs to its end before another starts. `now()` holds still within one turn, so that
// decisions taken in a turn agree. Callbacks may add and remove watches and timers, their own included.
// Not thread-safe: everything is called on the thread that runs the loop.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/time.h"

namespace fastest {

class EventLoop {
 public:
  using Callback = std::function<void()>;
  enum class TimerId : std::uint64_t {};

  EventLoop() : now_(Now()) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls `ready` in each turn in which `fd` can be read, has hung up or is in error. One watch an fd.
  void WatchRead(int fd, Callback ready);
  // Calls `ready` in each turn in which `fd` can be written. One watch an fd.
  void WatchWrite(int fd, Callback ready);
  // Ends the watch; does nothing if there is none.
  void UnwatchRead(int fd);
  void UnwatchWrite(int fd);

  // Calls `pump` once before each wait, for sources that signal by edges (ZeroMQ). It returns true while it may have
  // more to do, in which case the loop does not sleep. The pump stays for the loop's life.
  void AddPump(std::function<bool()> pump) { pumps_.push_back(std::move(pump)); }

  // Calls `fire` once, at `when` or as soon after it as the loop gets to it.
  TimerId At(Time when, Callback fire);
  TimerId After(Duration delay, Callback fire) { return At(now_ + delay, std::move(fire)); }
  // Does nothing if the timer has fired.
  void Cancel(TimerId timer);

  // Turns until Stop() is called.
  void Run();
  void Stop() { stopped_ = true; }

  // The time at the start of this turn.
  Time now() const { return now_; }

 private:
  struct Timer {
    TimerId id;
    Callback fire;
  };

  void Turn();
  bool RunPumps();
  void RunTimers();
  int WaitMilliseconds(bool busy) const;

  std::map<int, Callback> readers_;
  std::map<int, Callback> writers_;
  std::multimap<Time, Timer> timers_;
  std::vector<std::function<bool()>> pumps_;
  std::uint64_t next_timer_ = 1;
  bool stopped_ = false;
  Time now_;
};

}  // namespace fastest
