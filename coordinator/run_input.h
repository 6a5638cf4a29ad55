// What a Run (coordinator/run.h) is told. Values.

#pragma once

#include <string>
#include <variant>

#include "coordinator/plan.h"
#include "coordinator/restored.h"
#include "protocol/message.h"

namespace fastest {

// A Run has these names as its own: Run::Joined, Run::Input.
struct RunInput {
  struct Joined {  // An agent was welcomed.
    AgentId agent{};
    Hello hello;
  };
  struct Said {
    AgentId agent{};
    AgentMessage message;
  };
  struct Lost {  // An agent will not be heard of any more.
    AgentId agent{};
    std::string why = {};
  };
  struct Hurry {};    // The agents that are there are enough, if they are min_agents.
  struct NoPlan {     // The answer to wants_plan where there can be none.
    std::string why;  // A text for stderr.
    int exit_code = 0;
  };
  struct Abandoned {  // There has been no agent for too long.
    std::string why;
  };
  struct Interrupted {
    bool now = false;  // Do not wait for running items.
    std::string why = "KeyboardInterrupt";
  };
  struct Ticked {};  // Time has passed; wanted while waits_for_time().
  // Restored (what a journal knows) comes before any other. The run goes on from there: each item still has one result.
  using Input = std::variant<Joined, Said, Lost, Hurry, NoPlan, Abandoned, Plan, Interrupted, Restored, Ticked>;
};

}  // namespace fastest
