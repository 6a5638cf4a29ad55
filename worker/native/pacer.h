// Pacer: lets long work ask now and then whether it may go on.
//
// The extension reads no clock and starts no thread: it counts steps (about a nanosecond each) and, every few
// milliseconds, asks whoever called, who looks at a clock and at signals. Once the answer was no, it stays no.

#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace fastest::native {

class Pacer {
 public:
  // `may_go_on` is called on the thread that works.
  explicit Pacer(std::function<bool()> may_go_on) : may_go_on_(std::move(may_go_on)) {}

  // Counts work that was done. False: stop; results are incomplete from here on.
  bool Spend(uint64_t steps) {
    if (steps < left_) {
      left_ -= steps;
    } else {
      left_ = kStepsPerQuestion;
      stopped_ = stopped_ || !may_go_on_();
    }
    return !stopped_;
  }
  bool is_stopped() const { return stopped_; }

 private:
  static constexpr uint64_t kStepsPerQuestion = 4'000'000;
  std::function<bool()> may_go_on_;
  uint64_t left_ = kStepsPerQuestion;
  bool stopped_ = false;
};

}  // namespace fastest::native
