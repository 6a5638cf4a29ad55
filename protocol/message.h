// The messages between coordinator and agent, as values. codec.h turns them into Cap'n Proto and back.
//
// Sequence numbers, acknowledgements and resending belong to the link below (protocol/channel.h): what stands here
// arrives once, in order. Times are relative; no wall clock is ever compared between machines.

#pragma once

#include <variant>

#include "protocol/agent_messages.h"
#include "protocol/coordinator_messages.h"

namespace fastest {

using AgentMessage = std::variant<Hello, Ready, Credit, Walked, Collected, ItemStarted, ItemReport, ItemFinished,
                                  ItemsUnknown, Warning, Output, LeaseDone, Revoked, WorkerUp, WorkerLost, WorkerDone,
                                  WorkerStopping, InternalError, SharedSaid, Leaving, CodeWanted, Heartbeat, Goodbye>;
using CoordinatorMessage = std::variant<Welcome, Refused, Begin, Walk, Assign, Release, Revoke, Abandon, Stop,
                                        SharedAnswer, CodeChunk, Heartbeat>;

}  // namespace fastest
