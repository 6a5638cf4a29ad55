#include "report/terminal_reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "report/collect_list.h"
#include "report/ending.h"
#include "report/json_fields.h"
#include "report/live_screen.h"
#include "report/progress.h"
#include "report/run_records.h"
#include "report/short_summary.h"
#include "report/status_block.h"
#include "report/summary.h"
#include "report/surrogates.h"

namespace fastest {

// The state of one run's report. Until RunStarted has told the options, only notices can come.
class TerminalReporter::Session {
 public:
  Session(const Screen& screen, TextSink sink)
      : screen_(screen),
        live_(std::move(sink), screen.columns, screen.live),
        out_([this](std::string_view text) { live_.Write(HasSurrogates(text) ? WithEscapedSurrogates(text) : text); },
             WriterWidth(screen.columns), screen.color) {}

  void On(const RunStarted& event);
  void On(const UnitCollected& event);
  void On(const CollectionFinished& event);
  void On(const TestStarted& event);
  void On(const TestReported& event);
  void On(const TestFinished& event) { block_.Finish(event.worker); }
  void On(const WarningRaised& event);
  void On(const OutputWritten& event);
  void On(const WorkerChanged& event);
  void On(const Notice& event);
  void On(const RunFinished& event);

  void Tick(double now);
  void Resize(int columns);
  void Suspend() { live_.Clear(); }

 private:
  // pytest does not believe in terminals narrower than 40 columns.
  static int WriterWidth(int columns) { return columns < 40 ? 80 : columns; }
  bool ManyWorkers() const { return counts_.workers > 1; }
  SummaryContext Context() const { return {records_, options_, KeepsSummaryLines(options_, screen_), worker_line_}; }
  void WriteHeader(const Json& ready, const RunStarted& event);
  void AddCollectReport(const CollectReport& report);
  void WriteOnce(const std::vector<std::string>& header);
  void FlushOutput();
  void BreakLine();
  void WriteSummary(const RunFinished& event);
  void WriteReportFiles();
  void WriteEnd(const RunFinished& event);

  Screen screen_;
  LiveScreen live_;
  TerminalWriter out_;
  TerminalOptions options_;
  std::string worker_line_;
  std::optional<Progress> progress_;
  StatusBlock block_;
  RunRecords records_;
  Tally tally_;
  RunCounts counts_;
  std::uint32_t planned_items_ = 0;
  std::uint32_t known_items_ = 0;
  int collect_skips_ = 0;
  std::vector<std::string> collected_ids_;             // Only for --collect-only.
  std::vector<std::string> finish_;                    // What stands under the count of collected items.
  std::set<std::string> header_;                       // What has been written of it.
  std::map<WorkerId, std::string> unfinished_output_;  // A worker's last line, as long as it is not ended.
};

void TerminalReporter::Session::On(const RunStarted& event) {
  const Json ready = ParseJson(event.ready);
  options_ = ReadTerminalOptions(event.ready);
  counts_.workers = event.workers;
  planned_items_ = event.planned_items;
  block_.SetWorkers(event.workers);
  block_.SetPlan(event.planned_files, event.planned_items);
  if (options_.verbosity < 0 || options_.capture_off || options_.collect_only) screen_.live = false;
  if (!screen_.live) live_.Disable();
  screen_.worker_shows = screen_.worker_shows && !options_.collect_only;
  if (screen_.worker_shows) return;
  progress_.emplace(options_, ManyWorkers(), screen_.live, &out_);
  progress_->SetTotal(planned_items_, false);
  if (ManyWorkers()) {
    worker_line_ =
        fmt::format("[gw{{}}] {} -- Python {}", TextOf(Field(ready, "platform")), TextOf(Field(ready, "python")));
  }
  if (options_.verbosity >= 0) WriteHeader(ready, event);
}

void TerminalReporter::Session::WriteHeader(const Json& ready, const RunStarted& event) {
  out_.Sep("=", "test session starts", kBold);
  if (!options_.no_header) {
    for (const Json& line : Field(ready, "header")) WriteOnce({TextOf(line)});
    if (ManyWorkers()) out_.Line(fmt::format("workers: {}", event.workers));
    if (ManyWorkers() && options_.verbosity > 0 && !event.why_mode.empty()) out_.Line("collection: " + event.why_mode);
  }
}

// Each process tells the same lines, or what differs.
void TerminalReporter::Session::WriteOnce(const std::vector<std::string>& header) {
  for (const std::string& line : header) {
    if (!header_.insert(line).second) continue;
    BreakLine();
    out_.Line(line);
  }
}

void TerminalReporter::Session::AddCollectReport(const CollectReport& report) {
  if (report.outcome == Outcome::kPassed) return;
  if (report.outcome == Outcome::kSkipped) ++collect_skips_;
  ReportRecord record = MakeRecord(report);
  tally_.Add(record.category);
  records_.Add(std::move(record), options_);
}

void TerminalReporter::Session::On(const UnitCollected& event) {
  for (const CollectReport& report : event.reports) AddCollectReport(report);
  records_.Enter(event);
  if (!screen_.worker_shows) {
    WriteOnce(event.header);
    finish_.insert(finish_.end(), event.finish.begin(), event.finish.end());
  }
  known_items_ += static_cast<std::uint32_t>(event.items.size());
  block_.CountCollected(event.first, static_cast<std::uint32_t>(event.items.size()));
  if (progress_) progress_->SetTotal(std::max(known_items_, planned_items_), false);
  if (options_.collect_only) collected_ids_.insert(collected_ids_.end(), event.node_ids.begin(), event.node_ids.end());
}

void TerminalReporter::Session::On(const CollectionFinished& event) {
  counts_.collected = event.items + event.deselected;
  counts_.deselected = event.deselected;
  tally_.Add("deselected", static_cast<int>(event.deselected));
  block_.FinishCollection(event.items);
  if (progress_) progress_->SetTotal(event.items, true);
  if (options_.verbosity < 0 || screen_.worker_shows) {
    for (const std::string& line : finish_) out_.Line(line);
    if (options_.collect_only) WriteCollected(collected_ids_, options_, &out_);
    return;
  }
  std::string line = fmt::format("collected {} item{}", counts_.collected, counts_.collected == 1 ? "" : "s");
  if (event.errors > 0) line += fmt::format(" / {} error{}", event.errors, event.errors == 1 ? "" : "s");
  if (event.deselected > 0) line += fmt::format(" / {} deselected", event.deselected);
  if (collect_skips_ > 0) line += fmt::format(" / {} skipped", collect_skips_);
  if (event.deselected > 0) line += fmt::format(" / {} selected", event.items);
  // Tests may run before everything is collected.
  if (progress_ && progress_->reported() > 0) progress_->BreakLine();
  if (options_.verbosity > 0 && !ManyWorkers() && !screen_.live) out_.Write("collecting ... ", kBold);  // As pytest.
  out_.Line(line, screen_.is_tty ? kBold : kPlain);
  for (const std::string& said : finish_) out_.Line(said);
  if (options_.collect_only) WriteCollected(collected_ids_, options_, &out_);
}

void TerminalReporter::Session::On(const TestStarted& event) {
  block_.Start(event.worker, event.node_id);
  if (progress_) progress_->Start(event.node_id, tally_);
}

void TerminalReporter::Session::On(const TestReported& event) {
  // Not every run tells when a test starts: its setup does, before it is counted.
  if (progress_ && event.report.phase == Phase::kSetup) progress_->Start(event.node_id, tally_);
  ReportRecord record = MakeRecord(event);
  tally_.Add(record.category);
  if (progress_) {
    const bool failed = screen_.live && record.outcome == Outcome::kFailed;
    progress_->Report(record, tally_, failed ? FittingLine(Context(), record, out_) : "");
  }
  records_.Add(std::move(record), options_);
}

void TerminalReporter::Session::On(const WarningRaised& event) {
  tally_.Add("warnings");
  records_.Add(event.warning, options_);
}

void TerminalReporter::Session::On(const OutputWritten& event) {
  if (!ManyWorkers()) return out_.Write(event.text);
  std::string& text = unfinished_output_[event.worker];
  text += event.text;
  const auto end = text.rfind('\n');
  if (end == std::string::npos) return;
  BreakLine();
  for (std::size_t begin = 0; begin <= end;) {
    const std::size_t newline = text.find('\n', begin);
    out_.Line(fmt::format("[gw{}] {}", Number(event.worker), text.substr(begin, newline - begin)));
    begin = newline + 1;
  }
  text.erase(0, end + 1);
}

void TerminalReporter::Session::BreakLine() {
  if (progress_) progress_->BreakLine();
  if (screen_.worker_shows) out_.Line();  // Where its line ends, only the worker knows.
}

void TerminalReporter::Session::FlushOutput() {
  for (auto& [worker, text] : unfinished_output_) {
    if (text.empty()) continue;
    BreakLine();
    out_.Line(fmt::format("[gw{}] {}", Number(worker), text));
    text.clear();
  }
}

void TerminalReporter::Session::On(const WorkerChanged& event) {
  const bool lost = event.what == WorkerChanged::What::kLost;
  if (event.what != WorkerChanged::What::kUp) block_.ForgetWorker(event.worker);
  if (event.what == WorkerChanged::What::kDone && !event.text.empty()) ++counts_.recycled;
  if (event.text.empty() || (!lost && options_.verbosity < 2)) return;
  BreakLine();
  out_.Line(event.text, lost ? kRed : kPlain);
}

void TerminalReporter::Session::On(const Notice& event) {
  BreakLine();
  out_.Line(event.text, event.error ? kRed : kPlain);
}

void TerminalReporter::Session::On(const RunFinished& event) {
  FlushOutput();
  live_.Clear();
  live_.Disable();
  counts_.all_run = !progress_ || progress_->AllReported();
  if (progress_) {
    if (!options_.collect_only) progress_->Finish(tally_, !event.stop_reason.empty());
    if (ManyWorkers()) records_.SortByItem();
    if (out_.LineWidth() > 0 || !screen_.live) out_.Line();
    progress_->EnsureNewline();
  } else if (screen_.worker_shows) {
    out_.Line();
  }
  WriteSummary(event);
  WriteEnd(event);
}

void TerminalReporter::Session::WriteSummary(const RunFinished& event) {
  const SummaryContext context = Context();
  if (!options_.no_summary) WriteSections(context, &out_);
  if (!event.plugin_text.empty()) {
    out_.Write(event.plugin_text);
    if (!event.plugin_text.ends_with('\n')) out_.Line();
  }
  WriteReportFiles();
  WriteSlowest(context, &out_);
  if (!options_.no_summary) WriteShortSummary(context, &out_);
  WriteFlaky(event, options_, &out_);
  WriteStopReason(event, options_, tally_, &out_);
  WriteNotRun(event, options_, &out_);
}

void TerminalReporter::Session::WriteReportFiles() {
  if (!options_.junit_path.empty() && options_.verbosity >= 0) {
    const std::filesystem::path path = std::filesystem::path(options_.invocation_dir) / options_.junit_path;
    out_.Sep("-", "generated xml file: " + path.lexically_normal().string());
  }
  if (!screen_.report_log.empty()) {
    const std::filesystem::path path = screen_.report_log;
    out_.Sep("-", "generated report log file: " + path.lexically_normal().string());
  }
}

void TerminalReporter::Session::WriteEnd(const RunFinished& event) {
  WriteFinalLine(event.times, counts_, options_, tally_, &out_);
  if (options_.collect_only) return;
  if (options_.verbosity >= 0) WriteSpeedUp(event.times, counts_, &out_);
  // One worker's run reads as pytest's, line by line.
  if (options_.verbosity > 0 && ManyWorkers()) WriteTimes(event.times, counts_, &out_);
  if (options_.verbosity > 0 && counts_.recycled > 0)
    out_.Line(fmt::format("{} worker{} recycled (--worker-memory-limit)", counts_.recycled,
                          counts_.recycled == 1 ? "" : "s"));
  if (options_.verbosity >= 0) WriteAgents(event.agents, &out_);
  if (options_.verbosity > 0 && event.copies > 0)
    out_.Line(fmt::format("{} started at a second agent, too, which had the first result of {} (--duplicate-tail)",
                          CountText(static_cast<int>(event.copies), "test"), event.copies_that_won));
  const bool failures = tally_.Count("failed") + tally_.Count("error") > 0;
  const bool for_person = (options_.verbosity > 0 && ManyWorkers()) || (screen_.is_tty && options_.verbosity == 0);
  if (failures && for_person) out_.Line("rerun the failures: fastest --lf");
}

void TerminalReporter::Session::Tick(double now) {
  block_.SetTime(now);
  if (screen_.live) return live_.Show(block_.Lines(tally_, out_, screen_.columns));
  if (!ManyWorkers() || options_.verbosity < 0) return;  // One worker's run reads as pytest's.
  for (const std::string& line : block_.TakeSlow()) {
    BreakLine();
    out_.Line(line);
  }
}

void TerminalReporter::Session::Resize(int columns) {
  screen_.columns = columns;
  live_.Resize(columns);
  out_.set_width(WriterWidth(columns));
}

TerminalReporter::TerminalReporter(const Screen& screen, TextSink sink)
    : session_(std::make_unique<Session>(screen, std::move(sink))) {}
TerminalReporter::~TerminalReporter() = default;

void TerminalReporter::OnEvent(const Event& event) {
  std::visit([this](const auto& happened) { session_->On(happened); }, event);
}

void TerminalReporter::OnTick(double seconds_since_start) { session_->Tick(seconds_since_start); }
void TerminalReporter::Resize(int columns) { session_->Resize(columns); }
void TerminalReporter::Suspend() { session_->Suspend(); }

}  // namespace fastest
