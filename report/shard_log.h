// ShardLog: the file that a shard leaves for `fastest merge` (--shard-report): the run's events, one JSON object a
// line.
//
// The first line names the shard and its cut, the last one says how the run ended; a file without it was cut short.
// Everything that reporters look at is kept, so that a merged run is reported by the same code as a run. Needs full
// reports. docs/manual/ci.md has the format.

#pragma once

#include <functional>
#include <string>

#include "protocol/event.h"
#include "report/sink.h"

namespace fastest {

class ShardLog : public Reporter {
 public:
  ShardLog(FileSink sink, std::function<void(const std::string&)> complain)
      : lines_("the shard's report", std::move(sink), std::move(complain)) {}

  void OnEvent(const Event& event) override;

 private:
  LineFile lines_;
};

// "shard-3-of-8.jsonl"; `index` from 0.
std::string ShardLogName(std::uint32_t index, std::uint32_t total);

}  // namespace fastest
