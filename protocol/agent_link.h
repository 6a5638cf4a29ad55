// AgentLink: an agent's end of the link to its coordinator.
//
// Says Hello, then carries messages both ways, in order and once, over reconnects. Silent links get heartbeats. One
// thread.

#pragma once

#include <functional>
#include <string>

#include "protocol/channel.h"
#include "protocol/socket.h"

namespace fastest {

class AgentLink {
 public:
  using OnMessage = std::function<void(CoordinatorMessage)>;
  using OnLost = std::function<void(const std::string& why)>;

  // `on_lost` is called once, when the coordinator has been silent for too long (kLostAfter) or sends nonsense.
  AgentLink(ZmqContext& context, EventLoop& loop, OnMessage on_message, OnLost on_lost);

  Status Connect(const std::string& endpoint, Hello hello);
  void Send(AgentMessage message) { channel_.Queue(std::move(message)); }
  // Whether the coordinator has taken everything that was sent.
  bool drained() const { return !channel_.has_unacknowledged(); }

 private:
  void OnFrame(std::string_view frame);
  bool Pump();
  void Beat();

  EventLoop& loop_;
  OnMessage on_message_;
  OnLost on_lost_;
  Socket socket_;
  Channel<AgentMessage, CoordinatorMessage> channel_;
  Time heard_;
  bool lost_ = false;
};

// The rhythm of every link (docs/design.md, Messages).
constexpr std::chrono::seconds kHeartbeat{2};
constexpr std::chrono::seconds kSuspectAfter{6};
constexpr std::chrono::seconds kLostAfter{20};

}  // namespace fastest
