// The sections that pytest prints after the tests: errors, failures, warnings, passes, slowest durations.
//
// Functions from what a run left behind (RunRecords) to text; a section without content writes nothing.

#pragma once

#include <string>

#include "report/run_records.h"
#include "report/tally.h"
#include "report/terminal_options.h"
#include "report/terminal_writer.h"

namespace fastest {

struct SummaryContext {
  const RunRecords& records;
  const TerminalOptions& options;
  bool keeps_lines = false;  // KeepsSummaryLines'.
  // Stands in front of a failure's text: which worker ran it; "{}" is its number. "": one worker, nothing to say.
  std::string worker_line;
};

// ERRORS, FAILURES, XFAILURES, warnings, PASSES, XPASSES.
void WriteSections(const SummaryContext& context, TerminalWriter* out);
// --durations
void WriteSlowest(const SummaryContext& context, TerminalWriter* out);

}  // namespace fastest
