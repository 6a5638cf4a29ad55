// How a run ends: the part of Run that notices it, and makes the exit code and the figures of RunFinished.

#include <algorithm>
#include <map>

#include "coordinator/run.h"

namespace fastest {

bool Run::AllUnitsCollected() const {
  while (first_uncollected_ < units_.size() && units_[first_uncollected_].collected) ++first_uncollected_;
  return first_uncollected_ == units_.size() && (plan_.mode != CollectMode::kFile || walked_);
}

bool Run::waits_for_time() const {
  const bool left_behind = stage_ == Stage::kStopping && !copies_.empty();
  return !finished_ && (!retries_.empty() || stage_ == Stage::kRunning || left_behind);
}

// Everything that was collected has its result: the agents may go.
void Run::CheckAllDone() {
  if (stage_ != Stage::kRunning || !queue_.empty()) return;
  if (!AllUnitsCollected() || ledger_.finished() < ledger_.size()) return;
  RequestStop(Stop::How::kDone, "");
}

void Run::Finish() {
  EndRetries();
  // The run ended in the midst of these items: no other attempt will speak for them.
  for (const auto& [item, reports] : std::map(unpublished_.begin(), unpublished_.end()))
    for (const TestReport& report : reports)
      if (!ledger_[ItemId{item}].again || report.phase == Phase::kTeardown)
        Publish(ItemId{item}, ledger_[ItemId{item}].worker, report);
  unpublished_.clear();
  stage_ = Stage::kFinished;
  finished_ = true;
  PublishRestored();
  exit_code_ = ComputeExitCode();
  if (!planned_) return;  // Nothing was begun: the cli prints failure_text().
  RunFinished event;
  event.exit_code = exit_code_;
  event.stop_reason = stop_reason_;
  event.not_run = ledger_.Unfinished();
  event.collected = static_cast<std::uint32_t>(ledger_.size());
  event.plugin_text = plugin_text_;
  event.times = ComputeTimes();
  if (options_.remote)
    for (const auto& [agent, state] : agents_) event.agents.push_back(state.figures);
  event.flaky = Flaky();
  event.stop_place = stop_place_;
  event.copies = static_cast<std::uint32_t>(copies_.size());
  event.copies_that_won = copies_that_won_;
  effects_.events.push_back(std::move(event));
}

int Run::ComputeExitCode() const {
  const auto code = [](ExitCode exit) { return static_cast<int>(exit); };
  if (failure_code_) return *failure_code_;
  if (internal_error_) return code(ExitCode::kInternalError);
  if (stop_exit_code_) {
    // pytest.exit(..., 0) after a failure is no green run.
    return *stop_exit_code_ == 0 && counts_.failures > 0 ? code(ExitCode::kTestsFailed) : *stop_exit_code_;
  }
  const bool incomplete = ledger_.finished() < ledger_.size() || !AllUnitsCollected();
  if (incomplete && !incomplete_ok_) return code(ExitCode::kInternalError);
  int own = code(ExitCode::kOk);
  if (counts_.failures > 0) {
    own = code(ExitCode::kTestsFailed);
  } else if (ledger_.size() == 0) {
    own = code(plan_.cut ? ExitCode::kOk : ExitCode::kNoTests);  // A shard may well be empty.
  } else if (options_.fail_on_flaky && !Flaky().empty()) {
    own = code(ExitCode::kTestsFailed);
  } else if (options_.max_warnings >= 0 && counts_.warnings > options_.max_warnings) {
    own = code(ExitCode::kMaxWarnings);
  }
  // A plugin's own exit status of a single worker counts, unless it is green where tests failed: that no tests are an
  // error (5) it may deny. It has not heard that a failed attempt is to be followed by another, nor that a shard may be
  // empty.
  const bool retried = hosted_exit_code_ == code(ExitCode::kTestsFailed) && !attempts_.empty();
  const bool empty = hosted_exit_code_ == code(ExitCode::kNoTests) && plan_.cut;
  const bool excused = own == code(ExitCode::kNoTests);
  if (hosted_exit_code_ && (*hosted_exit_code_ != 0 || excused) && !retried && !empty) return *hosted_exit_code_;
  return own;
}

RunTimes Run::ComputeTimes() const {
  RunTimes times;
  times.wall = Seconds(now_ - started_).count();
  times.start = ready_at_ == Time{} ? 0 : Seconds(ready_at_ - started_).count();
  times.collect = collect_seconds_;
  times.tests = test_seconds_;
  times.worker_busy = worker_busy_;
  SetFloor(&times);
  return times;
}

void Run::SetFloor(RunTimes* times) const {
  for (std::uint32_t i = 0; i < ledger_.size(); ++i) {
    const Ledger::Item& item = ledger_[ItemId{i}];
    if (item.seconds <= times->floor) continue;
    times->floor = item.seconds;
    times->floor_what = item.key.node_id;
  }
}

std::vector<std::pair<std::string, double>> Run::Durations() const {
  std::vector<std::pair<std::string, double>> durations;
  for (std::uint32_t i = 0; i < ledger_.size(); ++i) {
    const Ledger::Item& item = ledger_[ItemId{i}];
    if (item.state == Ledger::State::kFinished) durations.emplace_back(item.key.node_id, item.seconds);
  }
  return durations;
}

}  // namespace fastest
