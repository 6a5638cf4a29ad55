// Plan: what the coordinator believes before the first item is collected, and the options that steer a run. Values.

#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "protocol/message.h"
#include "scheduler/shard_cut.h"

namespace fastest {

// `--optimizer`.
enum class Optimizer : std::uint8_t { kStandard, kOptimized, kAggressive };
// `--dist`, pytest-xdist's words. kLoad is the default and lets files be split where that pays.
enum class Dist : std::uint8_t { kLoad, kLoadFile, kLoadScope, kLoadGroup };

struct PlannedUnit {
  std::string path;                  // The test file, relative to rootdir.
  std::uint32_t roots = 0;           // As Assignment::roots.
  std::vector<std::string> include;  // As Assignment's; both empty: the whole file.
  std::vector<std::string> exclude;
  double seconds = 0;       // Predicted.
  std::uint32_t items = 0;  // Estimated.
};

struct Plan {
  CollectMode mode = CollectMode::kWhole;
  bool single = false;             // One worker without xdist's identity, pytest's order.
  bool collect_first = true;       // File mode: nothing runs until everything is collected.
  std::string why_mode;            // For -v.
  std::string start;               // START's JSON (docs/protocol.md).
  std::vector<PlannedUnit> units;  // File mode; in pytest's order.
  std::string ready;               // READY's JSON.
  std::optional<ShardCut> cut;     // --shard: `units` are of shard `shard_index` alone.
  std::uint32_t shard_index = 0;
  std::string shard;   // START's "shard", JSON; else "".
  std::string notice;  // A line for a person.
};

struct RunOptions {
  std::string run_id;
  double wall_start = 0;
  std::uint32_t workers = 1;  // Of all agents that are expected.
  WorkerLimits limits;
  std::uint32_t max_failures = 0;  // --maxfail; 0: no limit.
  bool continue_on_collection_errors = false;
  std::int64_t max_warnings = -1;  // --max-warnings; -1: no limit.
  Optimizer optimizer = Optimizer::kStandard;
  std::uint32_t batch_size = 50;  // kOptimized.
  Dist dist = Dist::kLoad;
  // Agents come and go: the run begins with so many, and goes on when all are gone.
  bool remote = false;
  std::uint32_t expect_agents = 1;
  // After a while so many are enough (Run::Hurry), and with fewer it never begins. 0: not said; it waits for all that
  // it expects, but not for those that were refused.
  std::uint32_t min_agents = 0;
  std::set<std::string> allowed_skew;  // --allow-skew: kinds of coordinator/skew.h.
  std::uint32_t retries = 0;           // Further attempts of an item that failed.
  Duration retry_delay{};              // Before each of them.
  bool fail_on_flaky = false;          // An item that passed on a retry makes the run red.
  bool duplicate_tail = false;         // The last items may be started at a second agent, too.
  // Seconds that an item took in former runs; negative: unknown.
  std::function<double(const std::string& node_id)> history = [](const std::string&) { return -1.0; };
};

}  // namespace fastest
