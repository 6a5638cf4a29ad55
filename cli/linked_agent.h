// LinkedAgent: an agent wired to its link to the coordinator, in the same process (inproc) or elsewhere.
//
// One thread: the loop's.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "cli/options.h"
#include "protocol/agent_link.h"

namespace fastest {

// The agent's own options, from the command line. `attached`: the single worker has the terminal.
Result<AgentOptions> MakeAgentOptions(const Options& options, std::uint32_t workers, bool attached);

class LinkedAgent {
 public:
  LinkedAgent(ZmqContext& context, EventLoop& loop, AgentOptions options, AgentLinkOptions link,
              AgentLink::OnEnd on_end);

  // `code_digest`: of the tree here; "": the coordinator's own. `differences`: as Hello's.
  Status Connect(const std::string& endpoint, const std::string& name, const std::string& code_digest,
                 const std::string& differences = "");
  Agent& agent() { return agent_; }
  // From now on the processes that SIGTERM ends have been ended along with us, from outside (Slurm signals all of a
  // step): no test is blamed for it. Whether there is such news already; it is dropped then, with all that followed,
  // and what the agent holds runs elsewhere: call Shutdown. `on_news` is called when such news comes later.
  bool ExpectTermination(std::function<void()> on_news);
  const AgentLink& link() const { return link_; }
  // It has said goodbye.
  bool ended() const { return said_goodbye_; }
  // … and the coordinator has heard it.
  bool finished() const { return said_goodbye_ && link_.drained(); }

 private:
  void Send(AgentMessage message);
  void Release();

  EventLoop& loop_;
  std::uint32_t workers_;
  std::vector<AgentMessage> held_;  // Since news that may be of a termination from outside, until it is clear.
  bool holding_ = false;
  std::function<void()> on_news_;  // Set: terminations are expected.
  bool only_goodbye_ = false;      // Everything else is dropped.
  bool said_goodbye_ = false;
  AgentLink link_;
  Agent agent_;
};

}  // namespace fastest
