// The short test summary: one line a failure, error, skip …, as -r asks.
//
// Functions from what a run left behind to text.

#pragma once

#include <string>

#include "report/report_record.h"
#include "report/summary.h"
#include "report/terminal_writer.h"

namespace fastest {

// short test summary info
void WriteShortSummary(const SummaryContext& context, TerminalWriter* out);
// "FAILED tests/test_a.py::test_x - assert 1 == 2" as the short summary has it.
std::string ShortLine(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out);
// The same, always within the screen's width (pytest's own is wider where it has colours).
std::string FittingLine(const SummaryContext& context, const ReportRecord& record, const TerminalWriter& out);

}  // namespace fastest
