// AgentLink: an agent's end of the link to its coordinator.
//
// Says Hello, then carries messages both ways, in order and once, over broken and renewed connections: the session has
// a random name that goes with every frame, by which the coordinator knows it again. Silent links get signs of life.
// Output that the coordinator does not take is cut, with a note, before it costs much memory; nothing else ever is.
// One thread.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "protocol/channel.h"
#include "protocol/frame_parts.h"
#include "protocol/socket.h"

namespace fastest {

// The rhythm of every link (docs/design.md, Messages).
constexpr std::chrono::seconds kHeartbeat{2};
constexpr std::chrono::seconds kSuspectAfter{6};
constexpr std::chrono::seconds kLostAfter{20};
// So long results wait for others at an agent on another machine, at most.
constexpr std::chrono::milliseconds kCompany{50};

struct AgentLinkOptions {
  std::optional<AgentKeys> keys;         // None: no CURVE (the local agent, loopback).
  Duration orphaned_after = kLostAfter;  // The coordinator's silence that the agent bears.
};

class AgentLink {
 public:
  // Why a link has ended for good.
  enum class End {
    kOrphaned,  // The coordinator has been silent for too long, or sends nonsense.
    kRefused,   // By name, or keys do not match.
    kExpired,   // The coordinator does not know the session (any more): begin a new one, with nothing of the old.
  };
  using OnMessage = std::function<void(CoordinatorMessage)>;
  using OnEnd = std::function<void(End end, const std::string& why)>;

  // `on_end` is called once. After it, nothing more is received.
  AgentLink(ZmqContext& context, EventLoop& loop, AgentLinkOptions options, OnMessage on_message, OnEnd on_end);

  Status Connect(const std::string& endpoint, Hello hello);
  void Send(AgentMessage message);
  // Whether the coordinator has taken everything that was sent.
  bool drained() const { return !channel_.has_unacknowledged(); }
  // What waits for the coordinator, roughly.
  std::size_t waiting_bytes() const { return channel_.kept_bytes(); }
  // Whether it has ever answered.
  bool welcomed() const { return welcomed_; }
  // What the coordinator refused this agent with, if it did so at once.
  const Refused& refused() const { return refused_; }

 private:
  void OnFrame(std::string_view frame);
  void Take(Envelope<CoordinatorMessage> envelope);
  void OnConnection(const ConnectionEvent& event);
  void EndLink(End end, const std::string& why);
  bool Pump();
  bool WaitsForCompany();
  void Beat();
  void RenewDeafConnection();

  EventLoop& loop_;
  AgentLinkOptions options_;
  OnMessage on_message_;
  OnEnd on_end_;
  Socket socket_;
  std::string endpoint_;
  std::string session_;  // "": in this process.
  Channel<AgentMessage, CoordinatorMessage> channel_;
  PartJoiner joiner_;
  Time heard_;
  Time beat_;  // The last one.
  bool welcomed_ = false;
  bool ended_ = false;
  bool waits_ = false;         // What is to be sent waits for company.
  std::size_t cut_bytes_ = 0;  // Of output, not yet told.
  int bad_handshakes_ = 0;     // In a row.
  Time first_bad_handshake_{};
  std::uint64_t acknowledged_ = 0;  // By the coordinator, as of progressed_:
  Time progressed_;                 // when nothing was on its way, or something of it was last known to have come.
  std::optional<Time> broken_;      // Since when there is no connection, or since it was tried anew.
  Refused refused_;
};

}  // namespace fastest
