#include "coordinator/journal.h"

#include <fmt/format.h>

namespace fastest {
namespace {

// The disk is waited for one part in so many of the time.
constexpr int kSyncShare = 20;

}  // namespace

Journal::Journal(RunFolder folder, std::uint64_t keep, const JournalOpened& opened, Complain complain)
    : folder_(std::move(folder)), complain_(std::move(complain)), planned_(keep > 0) {
  if (auto file = AppendFile::Open(folder_.journal(), keep); file.ok()) {
    file_ = *std::move(file);
  } else {
    Fail(file.error());
  }
  if (keep == 0) pending_ = kJournalHead;
  Add(opened);
  Write();
}

void Journal::On(const TestReported& event) {
  if (!event.restored) Add(event);
}

void Journal::On(const TestFinished& event) {
  if (event.restored) {
    Add(JournalRestored{event.item});
  } else {
    Add(event);
  }
}

void Journal::On(const WarningRaised& event) {
  if (!event.restored) Add(event);
}

void Journal::OnEvent(const Event& event) {
  planned_ = planned_ || std::holds_alternative<RunStarted>(event);
  if (const auto* end = std::get_if<RunFinished>(&event)) {
    const bool broke_off = end->exit_code == static_cast<int>(ExitCode::kInternalError) && !end->not_run.empty();
    if (!broke_off) exit_code_ = end->exit_code;
  }
  std::visit([this](const auto& one) { On(one); }, event);
}

void Journal::Commit(Time now) {
  Write();
  if (!file_ || !unsynced_ || now < next_sync_) return;
  unsynced_ = false;
  next_sync_ = now + kSyncShare * file_->Sync();
}

void Journal::Write() {
  if (!file_ || pending_.empty()) return;
  const Status written = file_->Write(pending_);
  pending_.clear();
  unsynced_ = true;
  if (!written.ok()) Fail(written.error());
}

void Journal::Fail(const Error& error) {
  complain_(fmt::format("no journal is kept, so that this run can't be resumed: {}", error.message));
  file_.reset();
  pending_.clear();
}

bool Journal::Close(bool finished) {
  if (!file_) return false;
  if (!planned_) {
    folder_.Remove();
    return false;
  }
  const bool ends = finished && exit_code_;
  if (ends) Add(JournalClosed{*exit_code_});
  Write();
  if (!file_) return false;  // It could not be written.
  file_->Sync();
  file_.reset();
  return !ends;
}

}  // namespace fastest
