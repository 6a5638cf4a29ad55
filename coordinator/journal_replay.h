// From a journal's bytes to what a resumed run is given, and to the events of a finished run. Pure; any thread.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "coordinator/journal_record.h"
#include "coordinator/restored.h"

namespace fastest {

struct JournalContents {
  JournalOpened opened;         // The last part's.
  std::string endpoint;         // Where the last part listened; "" if it did not.
  bool planned = false;         // A part got as far as RunStarted.
  CollectMode mode{};           // Of the last RunStarted.
  std::string shard;            // What --shard cut out then (START's "shard"); "" without.
  Restored restored;            // `part` is the next one's.
  std::optional<int> finished;  // The exit code, if the run has ended.
  std::uint64_t readable = 0;   // Bytes that could be read.
  bool torn = false;            // As JournalReader's.
  std::string problem;
};

// An Error where there is not even the first record, or it is of another format.
Result<JournalContents> ReadJournal(std::string_view file);

// Tells `tell` the events of a finished run, as its reporters heard them: those of its last part, with the results that
// it had from earlier ones.
void ReplayJournal(std::string_view file, const std::function<void(const Event&)>& tell);

}  // namespace fastest
