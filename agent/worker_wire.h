// The worker wire's messages (docs/protocol.md 1.2) as values: what the agent sends as JSON, and what the zygote's and
// the workers' frames and records say.
//
// Everything that is decoded was written by a process that runs tests: it may be anything, and a Result says why it
// was refused. Report envelopes pass through as text.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/message.h"

namespace fastest::wire {

enum Kind : std::uint8_t {
  kSetup = 1,
  kCollect = 2,
  kFork = 3,
  kBecome = 4,
  kExit = 5,
  kReady = 16,
  kFailed = 17,
  kForked = 18,
  kExited = 19,
  kFresh = 20,
  kWalk = 32,
  kAssign = 33,
  kRelease = 34,
  kRevoke = 35,
  kStop = 36,
  kSharedAnswer = 37,
  kWalked = 64,
  kCollected = 65,
  kReport = 66,
  kDone = 67,
  kWarning = 68,
  kUnknown = 69,
  kLeaseDone = 70,
  kRevoked = 71,
  kStopping = 72,
  kInternalError = 73,
  kBye = 74,
  kShared = 76,
  kImporting = 77,
};

// ---- agent -> zygote ----

// FORK and BECOME.
struct ForkOrder {
  std::uint32_t worker = 0;
  std::string id;  // "gw0"; empty: a single worker, without xdist's identity.
  std::uint32_t count = 1;
  CollectMode mode = CollectMode::kWhole;
  std::string start;  // START's JSON.
};
std::string EncodeFork(const ForkOrder& order);
std::string EncodeCollect(const std::string& start);
// SETUP for a process that is not the first of the run. `setup` is its JSON.
std::string SetupAgain(const std::string& setup);

// ---- zygote -> agent ----

// What of READY the agent itself needs; FRESH has the same member.
struct ReadyAnswer {
  std::vector<std::string> fresh;  // Why no worker can be forked.
};
Result<ReadyAnswer> DecodeReady(std::string_view body);

struct FailedAnswer {
  std::string text;
  std::uint32_t exit_code = 3;
};
Result<FailedAnswer> DecodeFailed(std::string_view body);

// FORKED (status 0) and EXITED.
struct ProcessAnswer {
  std::uint32_t worker = 0;
  std::int32_t pid = 0;
  std::int32_t status = 0;
};
Result<ProcessAnswer> DecodeProcess(std::string_view body);

// ---- agent -> worker ----

std::string EncodeAssign(const Assign& assign);
std::string EncodeRelease(const Release& release);
std::string EncodeLease(LeaseId lease);        // REVOKE.
std::string EncodeRevokeFiles(LeaseId lease);  // REVOKE of whole files.
std::string EncodeStop(Stop::How how);
std::string EncodeSharedAnswer(const SharedAnswer& answer);

// ---- worker -> agent; `worker` of the messages is left 0 ----

// An item by its place: into the ids of the unit as that worker collected them.
struct Place {
  std::uint32_t unit = 0;
  std::uint32_t index = 0;
};
struct PlacedReport {
  Place place;
  TestReport report;
};
Result<PlacedReport> DecodeReport(std::string_view body);
Result<Place> DecodePlace(std::string_view body);  // DONE.

Result<Collected> DecodeCollected(std::string_view body);
Result<Walked> DecodeWalked(std::string_view body);
Result<ItemsUnknown> DecodeUnknown(std::string_view body);
Result<LeaseId> DecodeLease(std::string_view body);
Result<Revoked> DecodeRevoked(std::string_view body);
Result<WorkerStopping> DecodeStopping(std::string_view body);
Result<InternalError> DecodeInternalError(std::string_view body);
Result<SharedSaid> DecodeShared(std::string_view body);
Result<std::string> DecodeImporting(std::string_view body);  // The path, or "".

// The node id that a report envelope names; empty if it names none.
std::string NodeIdOf(std::string_view envelope);

// The node ids with their occurrences, by index.
std::vector<ItemKey> Keys(const std::vector<std::string>& node_ids);

// Two members that START's JSON may have and that a fresh process needs in its environment.
std::string TestRunUid(const std::string& start);

}  // namespace fastest::wire
