// --shard: the part of a run that is this job's, cut in the same way by every job (scheduler/shard_cut.h).

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options.h"
#include "coordinator/history.h"
#include "coordinator/plan.h"
#include "discovery/discovery.h"
#include "scheduler/shard_cut.h"

namespace fastest {

// The cut of everything that was discovered. `ready` tells which tests pytest selects, which all jobs must agree on.
ShardCut MakeShardCut(const Discovery& discovery, const History& history, const Options& options,
                      const std::string& ready);

// START's "shard": what the workers need to leave other shards' tests out (docs/protocol.md, 1.5).
std::string ShardMember(const ShardCut& cut, std::uint32_t index);

// The cut and the shard's index that ShardMember() told; nothing, if that is not what the text is.
struct ToldShard {
  std::uint32_t index = 0;
  ShardCut cut;
};
std::optional<ToldShard> ReadShardMember(const std::string& member);

// "shard 3/8: 41 of 320 files and parts of 1; cut 5f164f88a0b1c2d3".
std::string DescribeShard(const ShardCut& cut, std::uint32_t index);

}  // namespace fastest
