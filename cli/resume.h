// Resume: from `--resume RUN` to the command line that the run was begun with and what its journal knows.
//
// The arguments are the journal's. What says where and with whom a run goes on (--listen, --state-dir, agents, keys)
// may be given anew; other arguments are left out or must be the same. A run that has ended only tells its end again.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/journal.h"
#include "coordinator/journal_replay.h"
#include "discovery/code_manifest.h"

namespace fastest {

struct Resumption {
  std::vector<std::string> words;           // The whole command line.
  std::optional<JournalContents> contents;  // Nothing: there was no such run, and `--run-id` says to begin it.
  std::optional<RunFolder> folder;          // Locked, unless it can't be written.
  std::string file;                         // The journal's bytes; empty unless the run is finished.
};

// `words`: as given now, with --resume. `state`: the state folder. An Error is a usage error.
Result<Resumption> FindRun(const std::string& state, const std::string& resume, const std::string& run_id,
                           const std::vector<std::string>& words);

// An Error where the options that do not come from the command line differ from those the run was begun with.
Status CheckSameOptions(const JournalOpened& opened, const std::string& options_digest);

// The files whose code is not what the journal says, as a line for a person, or "". What is known of tests in them is
// forgotten, which `opened` will say: they run anew.
std::string TakeChangedCode(const CodeManifest& now, JournalContents* known, JournalOpened* opened);

// Opens the journal of the run that `opened` tells of, new or (`resumption`, else null) behind what it knows; the
// folder goes over to it, and removes those of old runs. Null, after a warning, where none can be kept. An Error is a
// usage error: another coordinator has the run. What is to be told goes through `warn`.
Result<std::unique_ptr<Journal>> OpenJournal(const std::string& state, const JournalOpened& opened,
                                             Resumption* resumption,
                                             const std::function<void(const std::string&)>& warn);

}  // namespace fastest
