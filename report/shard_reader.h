// Reads what a ShardLog wrote: the same events again, in their order.
//
// A file that ends in the middle, even of a line, gives the events up to there. Never throws; unknown events and fields
// are passed over, so that an older merge reads what a newer run wrote under the same version.

#pragma once

#include <functional>
#include <istream>
#include <string>

#include "base/result.h"
#include "protocol/event.h"

namespace fastest {

// Whether RunFinished was there. An Error: it is no shard's report, or one of another version.
Result<bool> ReadShardLog(std::istream& lines, const std::function<void(Event)>& on_event);

}  // namespace fastest
