// Reports that no pytest wrote, because the process that should have died: their text and their JSON.

#pragma once

#include <string>

#include "protocol/message.h"

namespace fastest {

// "SIGSEGV" for 11; "signal 99" for an unknown one.
std::string SignalName(int signal);

// How a process ended, for a person: "died of SIGSEGV", "exited with code 3". `status` as waitpid gives it.
std::string DescribeEnd(int status);

// What became of a lost worker and where, with faulthandler's traceback: the text of the failure that is reported for
// it.
std::string DescribeLoss(const WorkerLost& lost);

// A failed report of `phase` for the item, as an envelope of docs/protocol.md and as numbers. `wall` is now, in
// seconds since the epoch.
TestReport MakeFailure(const std::string& node_id, Phase phase, const std::string& text, double wall);

// A failed collection of the collector.
CollectReport MakeCollectFailure(const std::string& node_id, const std::string& text);

}  // namespace fastest
