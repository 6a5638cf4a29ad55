// LinkedAgent: an agent wired to its link to the coordinator, in the same process (inproc) or elsewhere.
//
// One thread: the loop's.

#pragma once

#include <cstdint>
#include <string>

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

  // `code_digest`: of the tree here; "": the coordinator's own.
  Status Connect(const std::string& endpoint, const std::string& name, const std::string& code_digest);
  Agent& agent() { return agent_; }
  const AgentLink& link() const { return link_; }
  // It has said goodbye.
  bool ended() const { return said_goodbye_; }
  // … and the coordinator has heard it.
  bool finished() const { return said_goodbye_ && link_.drained(); }

 private:
  std::uint32_t workers_;
  bool said_goodbye_ = false;
  AgentLink link_;
  Agent agent_;
};

}  // namespace fastest
