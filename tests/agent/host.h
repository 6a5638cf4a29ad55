// Host: an Agent on a loop of its own, with the messages that it sent. The tests speak for the coordinator.

#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "tests/catch.h"

namespace fastest {

class Host {
 public:
  explicit Host(AgentOptions options)
      : agent_(std::make_unique<Agent>(loop_, std::move(options), [this](AgentMessage message) {
          messages.push_back(std::move(message));
          if (waiting_ && waiting_()) loop_.Stop();
        })) {}

  Agent* operator->() { return agent_.get(); }
  EventLoop& loop() { return loop_; }
  void Lose() { agent_.reset(); }

  // Runs the loop until `count` messages of a type have come; false if they have not within 20 s.
  template <typename Message>
  bool Wait(std::size_t count = 1) {
    return WaitFor([this, count] { return All<Message>().size() >= count; });
  }

  bool WaitFor(std::function<bool()> met) {
    if (met()) return true;
    waiting_ = std::move(met);
    const Time limit = Now() + std::chrono::seconds(20);
    const auto look = loop_.At(Now(), [this, limit] { Look(limit); });
    loop_.Run();
    loop_.Cancel(look);
    loop_.Cancel(look_);
    return std::exchange(waiting_, nullptr)();
  }

  template <typename Message>
  std::vector<Message> All() const {
    std::vector<Message> found;
    for (const AgentMessage& message : messages) {
      if (const auto* one = std::get_if<Message>(&message)) found.push_back(*one);
    }
    return found;
  }

  // "a.py::x setup passed" for each report, in order.
  std::vector<std::string> Reports() const {
    std::vector<std::string> lines;
    for (const ItemReport& one : All<ItemReport>()) {
      lines.push_back(one.item.node_id + ' ' + PhaseName(one.report.phase) + ' ' + OutcomeName(one.report.outcome));
    }
    return lines;
  }

  // The numbers of the messages' types, for a failure's text.
  std::string Trace() const {
    std::string trace;
    for (const AgentMessage& message : messages) trace += std::to_string(message.index()) + ' ';
    return trace;
  }

  std::vector<AgentMessage> messages;

 private:
  // Also while no message comes: what is waited for may be outside.
  void Look(Time limit) {
    if (loop_.now() >= limit || waiting_()) return loop_.Stop();
    look_ = loop_.After(std::chrono::milliseconds(20), [this, limit] { Look(limit); });
  }

  EventLoop loop_;
  std::function<bool()> waiting_;
  EventLoop::TimerId look_{};
  std::unique_ptr<Agent> agent_;
};

}  // namespace fastest
