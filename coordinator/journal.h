// Journal: what a run has got so far, on disk, so that a coordinator that is killed can be followed by another one.
//
// It hears the run's events like any reporter. Commit() writes what has come since; agents' messages are acknowledged
// only after that, so that whatever was acknowledged survives a kill -9. The disk is waited for (fdatasync) only for a
// small part of the time: a power cut may take the last moment's results with it, which then run again. A journal that
// can't be written never fails the run: it is told once, and the run goes on without. One thread.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/append_file.h"
#include "coordinator/journal_record.h"
#include "coordinator/run_folder.h"
#include "protocol/event.h"

namespace fastest {

class Journal : public Reporter {
 public:
  using Complain = std::function<void(const std::string&)>;

  // Goes on after the first `keep` bytes (0: a new journal). `complain` hears, once, why it can't be written.
  // The folder is locked.
  Journal(RunFolder folder, std::uint64_t keep, const JournalOpened& opened, Complain complain);

  void Listen(const std::string& endpoint) { Add(JournalListening{endpoint}); }
  void OnEvent(const Event& event) override;

  // Writes what has come; waits for the disk if it is time to.
  void Commit(Time now);
  // The coordinator's end. `finished`: the run has ended, else it may be resumed (so too where it broke off: an
  // internal error with tests that did not run). A run that got nowhere leaves no journal. True: there is one, and a
  // run to go on with.
  bool Close(bool finished);

 private:
  template <typename Record>
  void Add(const Record& record) {
    if (file_) AppendRecord(record, &pending_);
  }
  void On(const TestStarted&) {}
  void On(const OutputWritten&) {}
  void On(const TestReported& event);
  void On(const TestFinished& event);
  void On(const WarningRaised& event);
  template <typename Other>
  void On(const Other& event) {
    Add(event);
  }
  void Write();
  void Fail(const Error& error);

  RunFolder folder_;
  std::optional<AppendFile> file_;
  Complain complain_;
  std::string pending_;
  bool unsynced_ = false;
  Time next_sync_{};
  bool planned_ = false;
  std::optional<int> exit_code_;
};

}  // namespace fastest
