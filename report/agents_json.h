// What each agent of a run over several machines did, as JSON: for --json and the report log.
//
// For the .cc files of this folder only.

#pragma once

#include <vector>

#include "protocol/event.h"
#include "report/json_fields.h"

namespace fastest {

Json AgentsJson(const std::vector<AgentFigures>& agents);

}  // namespace fastest
