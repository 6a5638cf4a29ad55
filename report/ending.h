// The last lines of a run: what was left undone, the counts, and where the time went.
//
// Functions from a finished run to text.

#pragma once

#include <cstdint>
#include <string>

#include "protocol/event.h"
#include "report/tally.h"
#include "report/terminal_options.h"
#include "report/terminal_writer.h"

namespace fastest {

struct RunCounts {
  std::uint32_t workers = 0;
  std::uint32_t collected = 0;  // Selected and deselected items.
  std::uint32_t deselected = 0;
  std::uint32_t recycled = 0;  // Workers that were replaced since they took too much memory.
  bool all_run = false;        // Every selected item was reported.
};

// "Tests pass, but maximum allowed warnings exceeded: 3 > 2", "!!! stopping after 1 failures !!!"
void WriteStopReason(const RunFinished& run, const TerminalOptions& options, const Tally& tally, TerminalWriter* out);

// The collected items that have no result, in red. Of a run that was stopped only how many.
void WriteNotRun(const RunFinished& run, const TerminalOptions& options, TerminalWriter* out);

// "FLAKY tests/test_a.py::test_x (passed on attempt 2)", a line each.
void WriteFlaky(const RunFinished& run, const TerminalOptions& options, TerminalWriter* out);

// "=== 1 failed, 2 passed in 0.12s ===", also as --collect-only and -q have it.
void WriteFinalLine(const RunTimes& times, const RunCounts& counts, const TerminalOptions& options, const Tally& tally,
                    TerminalWriter* out);

// With more than one worker: the speed-up over the sum of the tests' times.
void WriteSpeedUp(const RunTimes& times, const RunCounts& counts, TerminalWriter* out);

// -v: the parallel floor, and where the time went.
void WriteTimes(const RunTimes& times, const RunCounts& counts, TerminalWriter* out);

// One line an agent of a run over several machines.
void WriteAgents(const std::vector<AgentFigures>& agents, TerminalWriter* out);

}  // namespace fastest
