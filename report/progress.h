// Progress: what the terminal shows while tests run: letters or lines, and how far the run is.
//
// One worker: pytest's layout (a line of letters a file, or a line a test). More: xdist's (letters as they come, or
// "[gw0] [ 42%] PASSED …"). On a live screen with more workers the block tells the progress, so only failures are
// written here.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/report_record.h"
#include "report/tally.h"
#include "report/terminal_options.h"
#include "report/terminal_writer.h"

namespace fastest {

class Progress {
 public:
  // `live`: a status block stands below.
  Progress(const TerminalOptions& options, bool many_workers, bool live, TerminalWriter* out)
      : options_(options), many_workers_(many_workers), live_(live), out_(out) {}

  // How many items there are. Before `final`, a guess: then it never says 100 %.
  void SetTotal(std::uint32_t total, bool final) { total_ = total, total_is_final_ = final; }

  void Start(const std::string& node_id, const Tally& tally);
  // `short_line`: the failure as the short summary has it.
  void Report(const ReportRecord& record, const Tally& tally, const std::string& short_line);
  // The run loop is over: the last percentage, unless it was stopped.
  void Finish(const Tally& tally, bool stopped);

  // As pytest: ends a line that belongs to a test, so that a section can begin.
  void EnsureNewline();
  // Ends the line if anything stands on it: for a note between reports.
  void BreakLine();

  std::uint32_t reported() const { return reported_count_; }
  bool AllReported() const { return total_is_final_ && reported() == total_; }

 private:
  enum class Line { kFresh, kFile, kTest, kWritten };

  void ReportLetter(const ReportRecord& record, const Tally& tally);
  void ReportLine(const ReportRecord& record, const Tally& tally);
  void ReportWorkerLine(const ReportRecord& record);
  void StartFile(const std::string& node_id, const Tally& tally);
  void StartTest(const std::string& node_id);
  void WriteReason(const ReportRecord& record);
  void CountReported(ItemId item);
  void AddSeconds(const ReportRecord& record);
  std::string Message() const;
  void WriteMessage(const Tally& tally);
  bool ShowsProgress() const { return !options_.progress_style.empty(); }
  bool SaysTimes() const { return options_.progress_style == "times"; }

  const TerminalOptions& options_;
  const bool many_workers_;
  const bool live_;
  TerminalWriter* const out_;
  std::uint32_t total_ = 0;
  bool total_is_final_ = false;
  std::vector<bool> reported_;  // By ItemId.
  std::uint32_t reported_count_ = 0;
  double seconds_ = 0;  // Style "times": of what stands on the line, a file's tests or a test.
  bool begun_ = false;  // Many workers: a blank line stands before the first report.
  Line line_ = Line::kFresh;
  std::string line_of_;  // The file or the test that the line belongs to.
};

}  // namespace fastest
