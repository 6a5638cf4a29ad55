// What a run has told an agent.

#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "protocol/message.h"

namespace fastest {

// Of the messages those of the type to the agent, in order.
template <typename Message>
std::vector<Message> ToldTo(AgentId agent, const std::vector<std::pair<AgentId, CoordinatorMessage>>& messages) {
  std::vector<Message> told;
  for (const auto& [to, message] : messages)
    if (const auto* one = std::get_if<Message>(&message); one != nullptr && to == agent) told.push_back(*one);
  return told;
}

}  // namespace fastest
