// CoordinatorLink: the coordinator's end of the links to all its agents.
//
// An agent is known by its session, not by its route: one that comes back with its resume token goes on where it was.
// Frames that are malformed, of another version or of no session are dropped and counted; three from one route
// silence it. One thread.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "protocol/channel.h"
#include "protocol/socket.h"

namespace fastest {

class CoordinatorLink {
 public:
  // Decides on a new agent: Welcome (its `agent` and `resume_token` are filled in here) or Refused.
  using OnHello = std::function<std::variant<Welcome, Refused>(AgentId, const Hello&)>;
  using OnMessage = std::function<void(AgentId, AgentMessage)>;
  using OnLost = std::function<void(AgentId)>;

  CoordinatorLink(ZmqContext& context, EventLoop& loop, OnHello on_hello, OnMessage on_message, OnLost on_lost);

  Result<std::string> Bind(const std::string& endpoint);
  void Send(AgentId agent, CoordinatorMessage message);
  // Whether every agent that is not lost has taken everything that was sent.
  bool drained() const;
  // The agent has said goodbye: its silence is no loss.
  void Forget(AgentId agent);
  std::uint64_t bad_frames() const { return bad_frames_; }

 private:
  struct Session {
    std::string token;
    std::string route;
    Channel<CoordinatorMessage, AgentMessage> channel;
    Time heard;
    bool gone = false;
    bool speaks = false;  // In speakers_.
    bool owes = false;    // In owing_.
  };

  void OnFrame(const std::string& route, std::string_view frame);
  void OnStranger(const std::string& route, Envelope<AgentMessage> frame);
  void Deliver(AgentId agent, Envelope<AgentMessage> frame);
  void CountBad(const std::string& route);
  bool Pump();
  void Flush(Session& session);
  // The session has something to send.
  void Speak(AgentId agent);
  // It owes an acknowledgement, which waits a moment for company: an agent of a large run tells something every few
  // milliseconds, and a frame for each costs more than what it tells (measured: a fifth of the coordinator's time).
  void Owe(AgentId agent);
  void Acknowledge();
  void Beat();

  EventLoop& loop_;
  OnHello on_hello_;
  OnMessage on_message_;
  OnLost on_lost_;
  Socket socket_;
  std::vector<Session> sessions_;  // By AgentId.
  std::vector<AgentId> speakers_;  // Who is flushed this turn: a turn costs nothing for the other thousand.
  std::vector<AgentId> owing_;
  std::map<std::string, AgentId> routes_;
  std::map<std::string, int> strikes_;  // Bad frames by route; three silence it.
  std::uint64_t bad_frames_ = 0;
};

}  // namespace fastest
