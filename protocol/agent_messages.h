// What an agent tells the coordinator, as values (protocol/message.h). Times are relative or a worker's own.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "protocol/ids.h"
#include "protocol/report.h"

namespace fastest {

struct Hello {
  std::uint32_t version = kProtocolVersion;
  std::string name;  // --name or the host's, for people.
  std::uint32_t workers = 0;
  std::string code_digest;  // Of the files under the root directory (discovery/code_manifest.h); "": the local agent.
  std::string platform;     // "linux-x86_64"
  // Not empty: this session only fetches code, that of the tree with this digest; it is no agent of the run.
  std::string fetch = {};
  // Not empty: it was refused for these files of its code, and says so before it goes.
  std::string differences = {};
};

// The contents of the tree that this agent lacks, by digest: answered with CodeChunks.
struct CodeWanted {
  std::vector<Digest> digests;
};

// The zygote has loaded pytest, plugins and initial conftests and parsed the options, or could not.
struct Ready {
  bool ok = false;
  // ok: READY's JSON of docs/protocol.md. Not ok: the text for stderr.
  std::string answer;
  std::uint32_t exit_code = 0;  // Not ok: what pytest would have ended with (4 for a usage error).
};

struct Credit {
  std::uint32_t batches = 0;  // How many more batches this agent may be given.
  std::uint32_t idle = 0;     // Workers that have no batch now, though others may have several.
  std::uint32_t taken = 0;    // Batches that had come when it looked; later ones go to idle workers first.
};

// What a process found in one work unit. Sent before any of its items runs.
struct Collected {
  WorkerId worker{};
  LeaseId lease{};  // 0 where the zygote or a kWholeEach worker collected the whole.
  UnitId unit{};
  std::vector<std::string> node_ids;  // In collection order; an equal id is the next occurrence.
  std::vector<CollectReport> reports;
  std::vector<std::string> deselected;  // Node ids that -k, -m, --deselect or a hook took out.
  std::vector<std::uint32_t> serial;    // Indexes into node_ids: marked fastest(serial=True).
  std::vector<std::string> groups;      // xdist_group of each item or ""; empty: no item has one.
  // Parametrised methods (node ids without parameters) with no fixture of class scope: their items may part.
  std::vector<std::string> divisible;
  double seconds = 0;   // Import and collection.
  std::string problem;  // Not empty: file mode turned out unsound (a whole-list hook appeared): why, for a person.
  // What plugins and conftests say by pytest_report_header, in a process's first answer, and where it collected all, by
  // pytest_report_collectionfinish.
  std::vector<std::string> header = {};
  std::vector<std::string> finish = {};
};

// The test files that pytest's own walk of the arguments finds (file mode): the truth that the plan is held against.
struct Walked {
  WorkerId worker{};
  std::vector<std::string> paths;      // Relative to rootdir, in pytest's order.
  std::vector<CollectReport> reports;  // Of directories and of arguments that are not there.
};

struct ItemStarted {
  WorkerId worker{};
  LeaseId lease{};
  UnitId unit{};
  ItemKey item;
};

struct ItemReport {
  WorkerId worker{};
  LeaseId lease{};
  UnitId unit{};
  ItemKey item;  // node_id is the report's own; for a report of no known item, occurrence is kNoItem.
  TestReport report;
};
constexpr std::uint32_t kNoItem = 0xffffffff;

// All of the item's phases have been reported (its teardown perhaps held: it still counts as finished).
struct ItemFinished {
  WorkerId worker{};
  LeaseId lease{};
  UnitId unit{};
  ItemKey item;
};

// The worker does not know these items of a batch: it collected something else than the process that told them first.
struct ItemsUnknown {
  WorkerId worker{};
  LeaseId lease{};
  UnitId unit{};
  std::vector<ItemKey> items;
};

struct Warning {
  WorkerId worker{};
  WarningReport warning;
};

// Text that a worker wrote outside any capture (-s, session start, C code between tests).
struct Output {
  WorkerId worker{};
  std::string text;
};

// Every unit of the lease is done with: all its items finished, refused, or given back.
struct LeaseDone {
  LeaseId lease{};
  WorkerId worker{};
};

// The answer to Revoke: these were not started and will not be. The rest of the lease runs on.
struct Revoked {
  LeaseId lease{};
  struct Part {
    UnitId unit{};
    bool whole = false;          // The whole unit, collected or not.
    std::vector<ItemKey> items;  // Otherwise these.
  };
  std::vector<Part> parts;
};

// What a worker was doing when it ended, told by its shared header.
enum class WorkerState : std::uint8_t {
  kStarting = 0,
  kIdle = 1,
  kCollecting = 2,
  kSetup = 3,
  kCall = 4,
  kTeardown = 5,
  kFinalizing = 6,
  kEnded = 7,
};

struct WorkerUp {
  WorkerId worker{};
  std::int32_t pid = 0;
  bool forked = false;
  std::string why_fresh;  // Not forked: why.
  std::uint32_t restarts = 0;
};

struct WorkerLost {
  WorkerId worker{};
  std::int32_t pid = 0;
  std::int32_t status = 0;  // As waitpid gives it.
  bool hung = false;        // We killed it: --hang-timeout.
  WorkerState state = WorkerState::kStarting;
  LeaseId lease{};  // Of the running item or of the unit in collection; 0: none.
  UnitId unit{};    // Collecting, setup, call, teardown: which unit.
  // Setup, call, teardown: which item. Finalizing, idle: the item whose teardown report is held, or "". Collecting all
  // in one process: the file or folder that it imported, or "".
  ItemKey item;
  std::string traceback;        // faulthandler's text, cut to a cap.
  std::vector<LeaseId> leases;  // All leases that the worker held; what has no result in them is to be given out again.
};

// A worker's session has ended in order (Stop or recycling). `answer` is BYE's JSON.
struct WorkerDone {
  WorkerId worker{};
  std::string answer;
};

// A worker's session asks the run to stop: -x met, session.shouldstop, pytest.exit, KeyboardInterrupt.
struct WorkerStopping {
  WorkerId worker{};
  std::string kind;  // "fail" (shouldfail), "stop" (shouldstop), "exit" (pytest.exit), "interrupt"
  std::string reason;
  std::int32_t exit_code = -1;  // pytest.exit's returncode; -1: none given.
  std::string place = {};       // What pytest writes below the reason of a KeyboardInterrupt, or "".
};

struct InternalError {
  WorkerId worker{};
  std::string text;
};

// What a worker has to say of a fixture that the run shares (`fastest.shared`).
struct SharedSaid {
  enum class What : std::uint8_t {
    kAcquire,  // It needs the fixture; an answer is awaited.
    kReady,    // It has set the fixture up, as it was told to; `text` is the value.
    kFailed,   // It could not; `text` says how.
    kRelease,  // It uses the value no more.
    kRetire,   // Who has set it up would tear it down; an answer is awaited.
    kRetired,  // It has done so.
  };
  WorkerId worker{};
  What what = What::kAcquire;
  std::string key;     // Names the fixture.
  std::string ticket;  // Comes back with the answer; no two of a run are alike.
  std::string text;    // The workers' own affair.
};

// The agent ends soon (SIGTERM): running items finish, nothing else is begun. What is given to it now comes back.
struct Leaving {
  std::string why;
};

struct Heartbeat {};
struct Goodbye {
  std::string why;
};

}  // namespace fastest
