// The records of a journal and their bytes (docs/protocol.md 3): a run's events, and what it takes to resume it.
//
// File: a line of text, then records `u32 length, u32 checksum, u8 kind, body`, little-endian. Reading trusts nothing:
// what is cut, damaged or too large ends the readable part. A kind that is not known is passed over, and a body may be
// longer than what is known of it: both come from a later version. Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/event.h"

namespace fastest {

constexpr std::string_view kJournalHead = "fastest journal\n";
constexpr std::uint32_t kJournalFormat = 1;

// A coordinator begins a part of the run: the first, or one that resumes it.
struct JournalOpened {
  std::uint32_t format = kJournalFormat;
  std::uint32_t part = 0;
  std::string run_id;
  std::string version;  // Of fastest.
  double wall_start = 0;
  bool coordinator = false;            // `fastest coordinator`, else a local run.
  std::string directory;               // Where it was started.
  std::vector<std::string> words;      // Its command line.
  std::string options_digest;          // Of the options that come from elsewhere: configuration and environment.
  std::string code;                    // The code's files (CodeManifest::Text); "": not looked at.
  std::vector<std::string> forgotten;  // Files whose tests run anew: their code has changed since the part before.

  bool operator==(const JournalOpened&) const = default;
};
// The endpoint as it was bound.
struct JournalListening {
  std::string endpoint;
};
// An item has the result that an earlier part of the journal holds.
struct JournalRestored {
  ItemId item{};
};
// The last record of a finished run. It is of fixed size, so that the end of the file tells.
struct JournalClosed {
  std::int32_t exit_code = 0;
};

using JournalRecord =
    std::variant<JournalOpened, JournalListening, RunStarted, UnitCollected, CollectionFinished, TestReported,
                 TestFinished, JournalRestored, WarningRaised, WorkerChanged, Notice, RunFinished, JournalClosed>;

// Adds the record, framed, to `out`.
void AppendRecord(const JournalOpened& record, std::string* out);
void AppendRecord(const JournalListening& record, std::string* out);
void AppendRecord(const RunStarted& record, std::string* out);
void AppendRecord(const UnitCollected& record, std::string* out);
void AppendRecord(const CollectionFinished& record, std::string* out);
void AppendRecord(const TestReported& record, std::string* out);
void AppendRecord(const TestFinished& record, std::string* out);
void AppendRecord(const JournalRestored& record, std::string* out);
void AppendRecord(const WarningRaised& record, std::string* out);
void AppendRecord(const WorkerChanged& record, std::string* out);
void AppendRecord(const Notice& record, std::string* out);
void AppendRecord(const RunFinished& record, std::string* out);
void AppendRecord(const JournalClosed& record, std::string* out);

class JournalReader {
 public:
  // `file` outlives the reader.
  explicit JournalReader(std::string_view file);

  // The next record that is known; nothing at the end of the readable part.
  std::optional<JournalRecord> Next();
  // Bytes up to the end of the last whole record.
  std::uint64_t readable() const { return at_; }
  // After the end: whether what follows was only cut off in the midst of a record (a write that was torn), and why
  // reading ended; "" at the file's own end.
  bool torn() const { return torn_; }
  const std::string& problem() const { return problem_; }

 private:
  std::optional<JournalRecord> Stop(bool torn, std::string why);

  std::string_view file_;
  std::uint64_t at_ = 0;
  bool torn_ = false;
  std::string problem_;
};

// The exit code of a run whose journal ends so; nothing if it is not finished. `tail`: at least the last
// kJournalTail bytes of the file, or all of it.
constexpr std::size_t kJournalTail = 64;
std::optional<int> ClosedExitCode(std::string_view tail);

// A digest of words, as text: equal words, equal digest.
std::string DigestWords(const std::vector<std::string>& words);

}  // namespace fastest
