// CoordinatorLink: the coordinator's end of the links to all its agents.
//
// An agent is known by its session, not by its connection: one that comes back with its session's name (and the same
// key) goes on where it was. An agent is lost when it has been silent for kLostAfter, when its connection broke and it
// did not come back within kReturnWindow, or when it sends a frame that can't be read. Strangers reach nothing: after
// three bad frames nothing of theirs is looked at, and they are told of once each. One thread.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "protocol/channel.h"
#include "protocol/frame_parts.h"
#include "protocol/socket.h"

namespace fastest {

// A connection can break and come back without any harm; a process that is gone does not come back.
constexpr std::chrono::seconds kReturnWindow{5};
// So long an acknowledgement waits for a message to go with, if little is unacknowledged.
constexpr std::chrono::milliseconds kAcknowledgeAfter{200};

class CoordinatorLink {
 public:
  struct Handlers {
    // Decides on a new agent: Welcome (its `agent` is filled in here) or Refused. Hello itself follows as a message.
    std::function<std::variant<Welcome, Refused>(AgentId, const Hello&)> on_hello;
    std::function<void(AgentId, AgentMessage)> on_message;
    // It will not be heard of any more.
    std::function<void(AgentId, const std::string& why)> on_lost;
    // A line for a person about somebody who is not of the run.
    std::function<void(const std::string&)> on_stranger = [](const std::string&) {};
  };

  CoordinatorLink(ZmqContext& context, EventLoop& loop, Handlers handlers);

  // Calls `commit` each turn between taking messages in and acknowledging them: what has to be safe before the agents
  // may forget it is made so there.
  void BeforeAcknowledging(std::function<void()> commit) { commit_ = std::move(commit); }
  // Demands these keys of everybody who comes over the network. Before Listen.
  void Secure(const CoordinatorKeys& keys);
  // Takes local agents ("inproc://…") or others ("tcp://…"); may be called for both, the network first. Returns the
  // endpoint as bound.
  Result<std::string> Bind(const std::string& endpoint);
  void Send(AgentId agent, CoordinatorMessage message);
  // What waits for the agent's acknowledgement, roughly.
  std::size_t waiting_bytes(AgentId agent) const { return sessions_[Number(agent)].channel.kept_bytes(); }
  // Whether every agent that is not lost has taken everything that was sent.
  bool drained() const;
  // The agent has said goodbye, or was refused: its silence is no loss.
  void Forget(AgentId agent);
  std::uint64_t bad_frames() const { return bad_frames_; }

 private:
  struct Session {
    std::string name;
    std::string key;  // Public, hex; "": on a link without keys.
    std::string route;
    Channel<CoordinatorMessage, AgentMessage> channel;
    Time heard;
    PartJoiner joiner = {};
    std::optional<Time> broken = {};  // Since when its connection is.
    bool gone = false;                // Lost, or forgotten.
    bool forgotten = false;           // In order.
    bool due = false;                 // In due_.
    bool waits = false;               // In waiting_.
  };

  void OnFrame(const Socket::Origin& origin, std::string_view frame);
  void OnStranger(const Socket::Origin& origin, Envelope<AgentMessage> frame);
  void OnConnection(const ConnectionEvent& event);
  void OnBadFrame(const Socket::Origin& origin, const std::string& why);
  void Resume(AgentId agent, const Socket::Origin& origin, Envelope<AgentMessage> frame);
  void Deliver(AgentId agent, Envelope<AgentMessage> frame);
  void Lose(AgentId agent, const std::string& why);
  void TellOnce(const std::string& source, const std::string& text);
  void SayExpired(const std::string& route);
  void Refuse(const std::string& route, Refused refused);
  bool Pump();
  void Schedule(AgentId agent);
  void EndWaits();
  bool Flush(AgentId agent);  // Whether it sent anything.
  void Probe();
  void Beat();

  EventLoop& loop_;
  Handlers handlers_;
  std::function<void()> commit_ = [] {};
  Socket socket_;
  bool beats_ = false;
  Time beat_{};
  std::vector<Session> sessions_;  // By AgentId.
  std::vector<AgentId> due_;       // Those for whom something goes out this turn.
  struct Wait {
    Time until;
    AgentId agent;
  };
  std::deque<Wait> waiting_;  // Those whose acknowledgement waits for company, in order of time.
  std::unordered_map<std::string, AgentId> routes_;
  std::map<std::string, AgentId> names_;
  std::map<std::string, int> strikes_;  // Bad frames of strangers by route; three silence it.
  std::set<std::string> told_;          // Sources of strangers.
  std::uint64_t bad_frames_ = 0;
};

}  // namespace fastest
