// Signals as readings of a descriptor: nothing runs in a handler. Blocked for the whole process from construction on;
// make it before any thread. (Processes that base/process.h starts have their signals unblocked.)

#pragma once

#include <functional>
#include <initializer_list>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace fastest {

class Signals {
 public:
  // Calls `on_signal` on the loop for each of `signals` that arrives. Lives as long as the loop.
  Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int signal)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void Read();

  EventLoop& loop_;
  UniqueFd fd_;
  std::function<void(int)> on_signal_;
};

}  // namespace fastest
