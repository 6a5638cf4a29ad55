// What happened in a run, in one order. The coordinator makes events, reports read them and nothing else.

#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "protocol/ids.h"
#include "protocol/message.h"
#include "protocol/report.h"

namespace fastest {

// pytest is loaded and the plan is made.
struct RunStarted {
  std::string run_id;
  double wall_start = 0;  // Seconds since the epoch.
  std::string ready;      // READY's JSON (docs/protocol.md): versions, rootdir, configfile, plugins, options, ini.
  CollectMode mode = CollectMode::kWhole;
  std::string why_mode;  // For -v: why this mode.
  std::uint32_t workers = 0;
  std::uint32_t planned_items = 0;  // The static plan's count; 0: unknown.
  std::uint32_t planned_files = 0;
  std::string shard = {};  // --shard: START's "shard" (docs/protocol.md); else "".
};

// A unit was collected for the first time; or (`first` is false) more became known of it, or of folders.
struct UnitCollected {
  std::vector<ItemId> items;  // New in the ledger, in order.
  std::vector<std::string> node_ids;
  std::vector<CollectReport> reports;
  std::vector<std::string> deselected;
  UnitId unit = UnitId{0};  // Units are numbered in pytest's order; workers collect them in any.
  bool first = false;
  std::string path = {};  // The unit's test file and its part of it (Assignment); "": everything.
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};
  std::vector<std::uint32_t> serial = {};  // Indexes into node_ids: what runs alone.
  std::vector<std::string> walked = {};    // Every test file that pytest's own walk found, once a run (file mode).
  std::vector<std::string> header = {};    // As Collected has them.
  std::vector<std::string> finish = {};
};

// Everything is collected: the counts are final.
struct CollectionFinished {
  std::uint32_t items = 0;  // Selected.
  std::uint32_t deselected = 0;
  std::uint32_t errors = 0;
};

struct TestStarted {
  ItemId item{};
  std::string node_id;
  WorkerId worker{};
};

// One report of an item, in the order in which the coordinator accepted it. Never a stale or doubled one.
struct TestReported {
  ItemId item{};  // kNoItem for a report of no known item.
  std::string node_id;
  WorkerId worker{};
  TestReport report;
  bool restored = false;    // From the journal: it was reported before the run was resumed. So too below.
  std::uint32_t rerun = 0;  // Not 0: it is of this attempt, which failed and is followed by another (--retries).
};

struct TestFinished {
  ItemId item{};
  std::string node_id;
  WorkerId worker{};
  bool held = false;  // The report of its teardown is still to come.
  bool restored = false;
};

struct WarningRaised {
  WarningReport warning;
  bool restored = false;
};

struct OutputWritten {
  WorkerId worker{};
  std::string text;
};

struct WorkerChanged {
  WorkerId worker{};
  enum class What : std::uint8_t { kUp, kLost, kDone } what = What::kUp;
  // One line for a person: "gw3 died of SIGSEGV in tests/test_a.py::test_x (call)". kDone: empty, unless the run goes
  // on and another process takes the worker's place.
  std::string text;
  std::string answer = {};  // kDone: BYE's JSON (docs/protocol.md).
};

// A note for a person that belongs to the run but to no test ("gw1 collected other ids in tests/test_a.py").
struct Notice {
  std::string text;
  bool error = false;
};

// pytest's session exit status. Values as pytest's ExitCode.
enum class ExitCode : std::uint8_t {
  kOk = 0,
  kTestsFailed = 1,
  kInterrupted = 2,
  kInternalError = 3,
  kUsageError = 4,
  kNoTests = 5,
  kMaxWarnings = 6,
};

// Where the time of the run went, in seconds.
struct RunTimes {
  double wall = 0;
  double start = 0;                 // Until the zygote was ready.
  double discovery = 0;             // Static discovery (overlaps start).
  double collect = 0;               // Sum over workers.
  double tests = 0;                 // Sum of all phases' durations.
  std::vector<double> worker_busy;  // By worker.
  double floor = 0;                 // The parallel floor: what no worker count gets below …
  std::string floor_what;           // … and the test, file or fixture that sets it.
};

// What an agent of a run over several machines has done.
struct AgentFigures {
  std::string name;
  WorkerId first_worker{};  // Its workers are first_worker, +1, …
  std::uint32_t workers = 0;
  std::uint32_t tests = 0;
  double busy = 0;  // Seconds in its tests, of all its workers.
  std::string end;  // "lost", "left" (drained), "refused"; "": it stayed to the end.
};

// An item that failed and passed on a retry.
struct FlakyTest {
  std::string node_id;
  std::uint32_t attempts = 0;  // The one that passed included.
};

struct RunFinished {
  int exit_code = 0;
  std::string stop_reason;           // "stopping after 1 failures", "Interrupted: …", "" …
  std::string stop_place;            // Lines to stand below it: where a KeyboardInterrupt was raised.
  std::vector<std::string> not_run;  // Node ids of collected items without a result.
  std::uint32_t collected = 0;
  std::string plugin_text;  // What plugins and conftests wrote for pytest's summary.
  RunTimes times;
  std::vector<AgentFigures> agents;   // By AgentId; empty where the run had none but its own.
  std::vector<FlakyTest> flaky = {};  // In ledger order.
  // --duplicate-tail: items that were started at a second agent, too, and of how many its result counts.
  std::uint32_t copies = 0;
  std::uint32_t copies_that_won = 0;
};

using Event = std::variant<RunStarted, UnitCollected, CollectionFinished, TestStarted, TestReported, TestFinished,
                           WarningRaised, OutputWritten, WorkerChanged, Notice, RunFinished>;

// Reads the events of a run.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // Called on the loop's thread for each event, in order.
  virtual void OnEvent(const Event& event) = 0;
  // Called at times while nothing happens (about ten times a second), for what moves on its own.
  virtual void OnTick(double seconds_since_start) { (void)seconds_since_start; }
};

}  // namespace fastest
