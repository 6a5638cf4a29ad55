// Channel: one direction-pair of a session between an agent and the coordinator: numbered, acknowledged, resent.
//
// ZeroMQ loses messages across a reconnect (measured: 1,038 of 8,296 in a partition of 6 s), so that the numbers are
// ours: what is queued is kept until the peer has acknowledged it, and sent again after a reconnect or a silence. The
// receiver takes messages in order, once. A frame costs both ends more than a test's messages do, so that results of
// items and acknowledgements may wait for company; what presses goes at once, and takes along what waits. Pure: no
// sockets, no clock; the link below it is told what to do.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/codec.h"

namespace fastest {

template <typename Out, typename In>
class Channel {
 public:
  // About as much as one frame carries.
  static constexpr std::size_t kFrameBytes = std::size_t{128} << 10;
  static constexpr std::size_t kFrameMessages = 512;
  // So much may be on its way without an acknowledgement; what comes after waits here. It keeps the receiver's memory
  // small, whatever we have to say.
  static constexpr std::size_t kWindowBytes = std::size_t{1} << 20;

  void Queue(Out message) {
    const std::size_t size = SizeOf(message);
    kept_bytes_ += size;
    pressed_ = pressed_ || Presses(message);
    kept_.push_back({std::move(message), size});
  }

  // A sign of life: an acknowledgement goes out although none is due.
  void Beat() { acknowledgement_due_ = pressed_ = true; }
  // What waits for company has waited long enough.
  void Press() { pressed_ = true; }

  // Whether there is something to send: messages that have not left and may, or an acknowledgement that is due.
  bool wants_to_send() const { return may_send() || acknowledgement_due_; }
  // Whether that should go now: it presses, or there is enough of it.
  bool presses() const {
    return wants_to_send() &&
           (pressed_ || kept_bytes_ - sent_bytes_ >= kFrameBytes / 2 || taken_bytes_ >= kWindowBytes / 4);
  }

  // The next frame. Call while wants_to_send().
  Envelope<Out> NextFrame() {
    Envelope<Out> frame;
    frame.acknowledged = taken_;
    acknowledgement_due_ = false;
    taken_bytes_ = 0;
    if (may_send()) frame.sequence = first_ + sent_;
    std::size_t bytes = 0;
    while (may_send() && frame.messages.size() < kFrameMessages) {
      // A large one goes alone: so Hello never stands in a frame that travels in parts.
      if (bytes > 0 && bytes + kept_[sent_].size > kFrameBytes) break;
      bytes += kept_[sent_].size;
      sent_bytes_ += kept_[sent_].size;
      frame.messages.push_back(kept_[sent_++].message);
    }
    pressed_ = pressed_ && sent_ < kept_.size();
    return frame;
  }

  // What a frame brings that is new, in order. A gap brings nothing: the peer will send again.
  std::vector<In> Take(Envelope<In> frame) {
    Acknowledge(frame.acknowledged);
    if (frame.messages.empty()) return {};
    acknowledgement_due_ = true;
    if (frame.sequence > taken_ + 1) return {};
    const std::uint64_t known = taken_ + 1 - frame.sequence;
    if (known >= frame.messages.size()) return {};
    taken_ = frame.sequence + frame.messages.size() - 1;
    for (const In& message : frame.messages) taken_bytes_ += SizeOf(message);
    frame.messages.erase(frame.messages.begin(), frame.messages.begin() + static_cast<std::ptrdiff_t>(known));
    return std::move(frame.messages);
  }

  // After a reconnect: everything not acknowledged goes out again.
  void Resend() {
    sent_ = 0;
    sent_bytes_ = 0;
    pressed_ = true;
  }

  bool has_unacknowledged() const { return !kept_.empty(); }
  // What waits here for its acknowledgement, roughly.
  std::size_t kept_bytes() const { return kept_bytes_; }
  // What of it is on its way, and the last message that was acknowledged.
  std::size_t sent_bytes() const { return sent_bytes_; }
  std::uint64_t acknowledged() const { return first_ - 1; }

 private:
  static std::size_t SizeOf(const AgentMessage& message) { return ApproximateSize(message); }
  static std::size_t SizeOf(const CoordinatorMessage& message) {
    const auto* chunk = std::get_if<CodeChunk>(&message);
    return 1024 + (chunk == nullptr ? 0 : chunk->bytes.size());
  }

  // A file of a batch, collected without any error: the batch's results follow.
  static bool IsPlain(const Collected& collected) {
    return collected.lease != LeaseId{} && collected.problem.empty() &&
           std::all_of(collected.reports.begin(), collected.reports.end(),
                       [](const CollectReport& report) { return report.outcome == Outcome::kPassed; });
  }

  // Nothing depends on when an item's news come, save on a failure's (--maxfail), which counts when its item is
  // finished.
  bool Presses(const AgentMessage& message) {
    const auto* report = std::get_if<ItemReport>(&message);
    if (report != nullptr && report->report.outcome == Outcome::kFailed) failed_ = true;
    if (std::holds_alternative<ItemFinished>(message)) return std::exchange(failed_, false);
    if (const auto* collected = std::get_if<Collected>(&message)) return !IsPlain(*collected);
    return report == nullptr && !std::holds_alternative<ItemStarted>(message) &&
           !std::holds_alternative<Output>(message) && !std::holds_alternative<Warning>(message);
  }
  bool Presses(const CoordinatorMessage&) { return true; }

  bool may_send() const { return sent_ < kept_.size() && sent_bytes_ < kWindowBytes; }

  void Acknowledge(std::uint64_t upto) {
    while (!kept_.empty() && first_ <= upto) {
      kept_bytes_ -= kept_.front().size;
      if (sent_ > 0) {
        --sent_;
        sent_bytes_ -= kept_.front().size;
      }
      kept_.pop_front();
      ++first_;
    }
  }

  struct Kept {
    Out message;
    std::size_t size = 0;
  };
  std::deque<Kept> kept_;  // Queued and not acknowledged.
  std::size_t kept_bytes_ = 0;
  std::size_t sent_bytes_ = 0;   // Of the first sent_.
  std::uint64_t first_ = 1;      // The number of kept_[0].
  std::size_t sent_ = 0;         // How many of kept_ have been sent since the last Resend().
  std::uint64_t taken_ = 0;      // The last message taken in order.
  std::size_t taken_bytes_ = 0;  // Not yet acknowledged.
  bool acknowledgement_due_ = false;
  bool pressed_ = false;
  bool failed_ = false;  // An item that is not finished has.
};

}  // namespace fastest
