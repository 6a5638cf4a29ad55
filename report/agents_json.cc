#include "report/agents_json.h"

#include <fmt/format.h>

namespace fastest {

Json AgentsJson(const std::vector<AgentFigures>& agents) {
  Json list = Json::array();
  for (const AgentFigures& agent : agents)
    list.push_back({{"name", agent.name},
                    {"first_worker", fmt::format("gw{}", Number(agent.first_worker))},
                    {"workers", agent.workers},
                    {"tests", agent.tests},
                    {"busy", agent.busy},
                    {"end", agent.end}});
  return list;
}

}  // namespace fastest
