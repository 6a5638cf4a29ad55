// What the coordinator tells an agent, as values (protocol/message.h).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/ids.h"

namespace fastest {

// How the workers of a run come by their items (DESIGN.md, Soundness).
enum class CollectMode : std::uint8_t {
  kFile,       // A worker collects the files that it is given.
  kWhole,      // The zygote collects everything once; workers are forked from the collected session.
  kWholeEach,  // Every worker collects everything by itself.
};

struct Welcome {
  std::string run_id;
  AgentId agent{};
  WorkerId first_worker{};  // The agent's workers are first_worker, +1, …
  std::string setup;        // SETUP's JSON of docs/protocol.md.
};

// The agent may not take part: other keys, code, interpreter or version.
struct Refused {
  std::string why;
  std::string manifest;  // The coordinator's files, where the code differs: the agent can name them.
  // With --sync, where the code differs: the tree that the agent may fetch (docs/protocol.md), and the directory in it,
  // relative to its root, that the run is in.
  std::string tree = {};
  std::string directory = {};
};

// A piece of the bundle of contents that the agent wanted, in order.
struct CodeChunk {
  std::string bytes;
  bool last = false;
  std::string problem = {};  // Not empty: there will be no more, for this reason.
};

// What the run sets its workers; an agent's own options go before it.
struct WorkerLimits {
  double hang_timeout = 0;   // Seconds; 0: none.
  int max_restarts = -1;     // Of an agent's workers, in all; -1: four times the workers.
  std::uint64_t memory = 0;  // Bytes of a worker's own; above it, it is replaced. 0: none.
};

// How workers come by their items: sent once, after Ready.
struct Begin {
  CollectMode mode = CollectMode::kWhole;
  bool single = false;             // -n 0 and -n 1: one worker without xdist's identity; the zygote becomes it.
  std::uint32_t worker_count = 1;  // Of the whole run: PYTEST_XDIST_WORKER_COUNT.
  std::string start;               // START's JSON: workerinput, roots, options.
  WorkerLimits limits = {};
};

// Asks for pytest's own list of test files (file mode). The agent's first worker answers with Walked.
struct Walk {};

// One work unit of a batch, or a part of one.
struct Assignment {
  UnitId unit{};
  std::string path;                  // File mode: the test file, relative to rootdir.
  std::uint32_t roots = 0;           // File mode: how many of START's roots sys.path has while it is imported.
  std::vector<std::string> include;  // File mode: only these top-level names, empty: all …
  std::vector<std::string> exclude;  // … but these.
  std::vector<ItemKey> items;        // Run only these; empty: all.
};

struct Assign {
  LeaseId lease{};
  double deadline = 0;       // Seconds from now after which the coordinator will presume the batch lost; 0: none.
  bool run = true;           // False: only collect (--collect-first); Release follows.
  std::int32_t worker = -1;  // This WorkerId's worker, or -1: whichever is free first.
  bool alone = false;        // Nothing else may run on this agent meanwhile (serial tests).
  std::vector<Assignment> units;
  std::int32_t avoid = -1;  // Not this WorkerId's worker if another has room (a retry); -1: any.
  bool together = false;    // Revoke takes all of it or, once an item has begun, nothing (--dist loadfile and its kin).
};

// Of what the lease has collected these run next, in this order; those are another's now; and so the rest may run, too.
struct Release {
  struct Part {
    UnitId unit{};
    std::vector<ItemKey> items;
  };
  LeaseId lease{};
  std::vector<Part> next;
  std::vector<Part> gone;
  bool rest = true;
};
struct Revoke {
  LeaseId lease{};
};

// What runs of the lease has its result from elsewhere: it is interrupted, and its worker ends its session. What the
// worker says of that counts for nothing.
struct Abandon {
  LeaseId lease{};
};

// The answer to a SharedSaid that awaits one.
struct SharedAnswer {
  enum class What : std::uint8_t {
    kSetUp,     // The worker is to set the fixture up.
    kValue,     // `text`: as SharedSaid's kReady.
    kFailed,    // `text`: as SharedSaid's kFailed.
    kGaveUp,    // `text` says, for a person, why nobody sets it up any more.
    kTearDown,  // The worker is to tear it down.
  };
  WorkerId worker{};
  What what = What::kSetUp;
  std::string key;
  std::string ticket;
  std::string text;
};

// No more batches will come. Workers end their sessions and the agent says Goodbye.
struct Stop {
  enum class How : std::uint8_t {
    kDone,       // All is done.
    kFinish,     // Running items finish (with teardown), nothing new starts.
    kInterrupt,  // As Ctrl-C: running items are interrupted and torn down.
    kKill,       // At once.
  };
  How how = How::kDone;
  std::string why;
};

}  // namespace fastest
