// From what pytest said (READY) and what discovery found: the Plan, and the mode in which items are collected.

#pragma once

#include <string>

#include "cli/options.h"
#include "coordinator/history.h"
#include "coordinator/plan.h"
#include "discovery/discovery.h"
#include "scheduler/shard_cut.h"

namespace fastest {

// What discovery is asked. `guess`: the options as scanned; `config`: as read natively.
DiscoveryRequest MakeDiscoveryRequest(const PytestConfig& config, const PytestGuess& guess, const Options& options,
                                      const std::string& directory);

// The request that pytest's own answer leads to, starting from the native one: arguments, rootdir, ini values and
// options as pytest has them. Equal to `native` where the native reading was right.
DiscoveryRequest CorrectByReady(const DiscoveryRequest& native, const std::string& ready);

// Whether both ask for the same plan.
bool SamePlan(const DiscoveryRequest& a, const DiscoveryRequest& b);

// `cut`: with --shard, what is whose; else null.
Plan MakePlan(const Discovery& discovery, const std::string& ready, const Options& options, std::uint32_t workers,
              const History& history, const ShardCut* cut = nullptr);

// One line for each of pytest-xdist's hooks that somebody implements and we do not call. `ready`: READY's JSON.
std::vector<std::string> UncalledHooks(const std::string& ready, bool workers_auto);

}  // namespace fastest
