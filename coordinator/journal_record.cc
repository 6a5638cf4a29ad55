#include "coordinator/journal_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace fastest {
namespace {

enum class Kind : std::uint8_t {
  kOpened = 1,
  kListening = 2,
  kRunStarted = 3,
  kCollected = 4,
  kCollectionFinished = 5,
  kReported = 6,
  kFinished = 7,
  kRestored = 8,
  kWarning = 9,
  kWorker = 10,
  kNotice = 11,
  kRunFinished = 12,
  kClosed = 13,
};

constexpr std::size_t kHead = 2 * sizeof(std::uint32_t);
// No record is as long as this: a longer length is damage.
constexpr std::uint32_t kMaxRecord = 1U << 30;

std::uint32_t Checksum(std::string_view body) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(body.data(), body.size(), body.size()));
}

// Writes a body. Numbers are little-endian, texts and lists begin with their length.
class Body {
 public:
  Body(Kind kind, std::string* out) : out_(out), begin_(out->size()) {
    out_->append(kHead, '\0');
    Put(kind);
  }
  // Closes the frame.
  ~Body() {
    const std::string_view body = std::string_view(*out_).substr(begin_ + kHead);
    const std::uint32_t head[] = {static_cast<std::uint32_t>(body.size()), Checksum(body)};
    std::memcpy(out_->data() + begin_, head, sizeof head);
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) Body& Put(T number) {
    out_->append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Body& Put(const std::string& text) {
    Put(static_cast<std::uint32_t>(text.size()));
    out_->append(text);
    return *this;
  }
  Body& Put(const FlakyTest& test) { return Put(test.node_id).Put(test.attempts); }
  Body& Put(const CollectReport& report) { return Put(report.node_id).Put(report.outcome).Put(report.envelope); }
  template <typename T>
  Body& Put(const std::vector<T>& list) {
    Put(static_cast<std::uint32_t>(list.size()));
    for (const T& one : list) Put(one);
    return *this;
  }

 private:
  std::string* out_;
  std::size_t begin_;
};

// Reads a body. After something that is not there, everything reads as empty and ok() is false.
class Fields {
 public:
  explicit Fields(std::string_view body) : rest_(body) {}
  bool ok() const { return ok_; }

  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void Get(T* number) {
    if (rest_.size() < sizeof *number) return Fail();
    std::memcpy(number, rest_.data(), sizeof *number);
    rest_.remove_prefix(sizeof *number);
  }
  void Get(bool* flag) {
    std::uint8_t byte = 0;
    Get(&byte);
    *flag = byte != 0;
  }
  void Get(std::string* text) {
    std::uint32_t size = 0;
    Get(&size);
    if (rest_.size() < size) return Fail();
    text->assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void Get(FlakyTest* test) {
    Get(&test->node_id);
    Get(&test->attempts);
  }
  void Get(CollectReport* report) {
    Get(&report->node_id);
    GetWord(&report->outcome, Outcome::kOther);
    Get(&report->envelope);
  }
  template <typename T>
  void Get(std::vector<T>* list) {
    std::uint32_t size = 0;
    Get(&size);
    if (size > rest_.size()) return Fail();  // An element takes a byte at least: never more memory than the file.
    for (std::uint32_t i = 0; i < size && ok_; ++i) {
      list->emplace_back();
      Get(&list->back());
    }
  }
  // A field that a later version has added: it keeps its value where the body ends before it.
  template <typename T>
  void GetAdded(T* field) {
    if (!rest_.empty()) Get(field);
  }
  // An enumeration whose values end with `last`.
  template <typename T>
  void GetWord(T* word, T last) {
    Get(word);
    if (Number(*word) > Number(last)) Fail();
  }

 private:
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

// Fields of each kind, in the order of AppendRecord.
void Read(Fields& in, JournalOpened* r) {
  in.Get(&r->format);
  in.Get(&r->part);
  in.Get(&r->run_id);
  in.Get(&r->version);
  in.Get(&r->wall_start);
  in.Get(&r->coordinator);
  in.Get(&r->directory);
  in.Get(&r->words);
  in.Get(&r->options_digest);
  in.Get(&r->code);
  in.Get(&r->forgotten);
}
void Read(Fields& in, JournalListening* r) { in.Get(&r->endpoint); }
void Read(Fields& in, RunStarted* r) {
  in.Get(&r->run_id);
  in.Get(&r->wall_start);
  in.Get(&r->ready);
  in.GetWord(&r->mode, CollectMode::kWholeEach);
  in.Get(&r->why_mode);
  in.Get(&r->workers);
  in.Get(&r->planned_items);
  in.Get(&r->planned_files);
  in.GetAdded(&r->shard);
}
void Read(Fields& in, UnitCollected* r) {
  in.Get(&r->items);
  in.Get(&r->node_ids);
  in.Get(&r->reports);
  in.Get(&r->deselected);
  in.Get(&r->unit);
  in.Get(&r->first);
  in.Get(&r->path);
  in.Get(&r->include);
  in.Get(&r->exclude);
  in.Get(&r->serial);
  in.GetAdded(&r->walked);
}
void Read(Fields& in, CollectionFinished* r) {
  in.Get(&r->items);
  in.Get(&r->deselected);
  in.Get(&r->errors);
}
void Read(Fields& in, TestReported* r) {
  in.Get(&r->item);
  in.Get(&r->node_id);
  in.Get(&r->worker);
  in.GetWord(&r->report.phase, Phase::kTeardown);
  in.GetWord(&r->report.outcome, Outcome::kOther);
  in.Get(&r->report.start);
  in.Get(&r->report.stop);
  in.Get(&r->report.duration);
  in.Get(&r->report.envelope);
  in.GetAdded(&r->rerun);
}
void Read(Fields& in, TestFinished* r) {
  in.Get(&r->item);
  in.Get(&r->worker);
  in.Get(&r->held);
}
void Read(Fields& in, JournalRestored* r) { in.Get(&r->item); }
void Read(Fields& in, WarningRaised* r) { in.Get(&r->warning.envelope); }
void Read(Fields& in, WorkerChanged* r) {
  in.Get(&r->worker);
  in.GetWord(&r->what, WorkerChanged::What::kDone);
  in.Get(&r->text);
  in.Get(&r->answer);
}
void Read(Fields& in, Notice* r) {
  in.Get(&r->text);
  in.Get(&r->error);
}
void Read(Fields& in, RunFinished* r) {
  in.Get(&r->exit_code);
  in.Get(&r->stop_reason);
  in.Get(&r->not_run);
  in.Get(&r->collected);
  in.Get(&r->plugin_text);
  RunTimes& times = r->times;
  for (double* one : {&times.wall, &times.start, &times.discovery, &times.collect, &times.tests}) in.Get(one);
  in.Get(&times.worker_busy);
  in.Get(&times.floor);
  in.Get(&times.floor_what);
  in.GetAdded(&r->flaky);
  in.GetAdded(&r->stop_place);
}
void Read(Fields& in, JournalClosed* r) { in.Get(&r->exit_code); }

template <typename Record>
std::optional<JournalRecord> ReadAs(std::string_view body) {
  Fields in(body);
  Record record;
  Read(in, &record);
  if (!in.ok()) return std::nullopt;
  return record;
}

bool IsKnown(Kind kind) { return kind >= Kind::kOpened && kind <= Kind::kClosed; }

std::optional<JournalRecord> ReadBody(Kind kind, std::string_view body) {
  switch (kind) {
    case Kind::kOpened:
      return ReadAs<JournalOpened>(body);
    case Kind::kListening:
      return ReadAs<JournalListening>(body);
    case Kind::kRunStarted:
      return ReadAs<RunStarted>(body);
    case Kind::kCollected:
      return ReadAs<UnitCollected>(body);
    case Kind::kCollectionFinished:
      return ReadAs<CollectionFinished>(body);
    case Kind::kReported:
      return ReadAs<TestReported>(body);
    case Kind::kFinished:
      return ReadAs<TestFinished>(body);
    case Kind::kRestored:
      return ReadAs<JournalRestored>(body);
    case Kind::kWarning:
      return ReadAs<WarningRaised>(body);
    case Kind::kWorker:
      return ReadAs<WorkerChanged>(body);
    case Kind::kNotice:
      return ReadAs<Notice>(body);
    case Kind::kRunFinished:
      return ReadAs<RunFinished>(body);
    case Kind::kClosed:
      return ReadAs<JournalClosed>(body);
  }
  return std::nullopt;
}

}  // namespace

void AppendRecord(const JournalOpened& r, std::string* out) {
  Body body(Kind::kOpened, out);
  body.Put(r.format).Put(r.part).Put(r.run_id).Put(r.version).Put(r.wall_start).Put(r.coordinator);
  body.Put(r.directory).Put(r.words).Put(r.options_digest).Put(r.code).Put(r.forgotten);
}

void AppendRecord(const JournalListening& r, std::string* out) { Body(Kind::kListening, out).Put(r.endpoint); }

void AppendRecord(const RunStarted& r, std::string* out) {
  Body body(Kind::kRunStarted, out);
  body.Put(r.run_id).Put(r.wall_start).Put(r.ready).Put(r.mode).Put(r.why_mode);
  body.Put(r.workers).Put(r.planned_items).Put(r.planned_files).Put(r.shard);
}

void AppendRecord(const UnitCollected& r, std::string* out) {
  Body body(Kind::kCollected, out);
  body.Put(r.items).Put(r.node_ids).Put(r.reports).Put(r.deselected).Put(r.unit).Put(r.first);
  body.Put(r.path).Put(r.include).Put(r.exclude).Put(r.serial).Put(r.walked);
}

void AppendRecord(const CollectionFinished& r, std::string* out) {
  Body(Kind::kCollectionFinished, out).Put(r.items).Put(r.deselected).Put(r.errors);
}

void AppendRecord(const TestReported& r, std::string* out) {
  Body body(Kind::kReported, out);
  // A known item's node id stands in the record that collected it.
  body.Put(r.item).Put(Number(r.item) == kNoItem ? r.node_id : std::string()).Put(r.worker);
  body.Put(r.report.phase).Put(r.report.outcome).Put(r.report.start).Put(r.report.stop).Put(r.report.duration);
  body.Put(r.report.envelope).Put(r.rerun);
}

void AppendRecord(const TestFinished& r, std::string* out) {
  Body(Kind::kFinished, out).Put(r.item).Put(r.worker).Put(r.held);
}

void AppendRecord(const JournalRestored& r, std::string* out) { Body(Kind::kRestored, out).Put(r.item); }
void AppendRecord(const WarningRaised& r, std::string* out) { Body(Kind::kWarning, out).Put(r.warning.envelope); }

void AppendRecord(const WorkerChanged& r, std::string* out) {
  Body(Kind::kWorker, out).Put(r.worker).Put(r.what).Put(r.text).Put(r.answer);
}

void AppendRecord(const Notice& r, std::string* out) { Body(Kind::kNotice, out).Put(r.text).Put(r.error); }

void AppendRecord(const RunFinished& r, std::string* out) {
  Body body(Kind::kRunFinished, out);
  body.Put(r.exit_code).Put(r.stop_reason).Put(r.not_run).Put(r.collected).Put(r.plugin_text);
  const RunTimes& times = r.times;
  body.Put(times.wall).Put(times.start).Put(times.discovery).Put(times.collect).Put(times.tests);
  body.Put(times.worker_busy).Put(times.floor).Put(times.floor_what).Put(r.flaky).Put(r.stop_place);
}

void AppendRecord(const JournalClosed& r, std::string* out) { Body(Kind::kClosed, out).Put(r.exit_code); }

JournalReader::JournalReader(std::string_view file) : file_(file) {
  if (file_.starts_with(kJournalHead)) {
    at_ = kJournalHead.size();
  } else {
    Stop(kJournalHead.starts_with(file_), file_.empty() ? "" : "it is no journal of fastest");
    file_ = {};
  }
}

std::optional<JournalRecord> JournalReader::Stop(bool torn, std::string why) {
  torn_ = torn;
  problem_ = std::move(why);
  return std::nullopt;
}

std::optional<JournalRecord> JournalReader::Next() {
  while (at_ < file_.size()) {
    const std::string_view rest = file_.substr(at_);
    std::uint32_t head[2] = {0, 0};
    if (rest.size() >= kHead) std::memcpy(head, rest.data(), kHead);
    const auto [length, checksum] = head;
    const bool zeros = rest.find_first_not_of('\0') == std::string_view::npos;  // Space that a power cut left empty.
    const bool cut = rest.size() < kHead || rest.size() - kHead < length;
    if (cut || zeros)
      return Stop(true, fmt::format("its last {} bytes are cut off in the midst of a record", rest.size()));
    const std::string_view body = rest.substr(kHead, length);
    if (length == 0 || length > kMaxRecord || Checksum(body) != checksum) {
      const bool last = rest.size() == kHead + length;
      return Stop(last, fmt::format("it is damaged at byte {}: what follows is not used", at_));
    }
    const auto kind = static_cast<Kind>(body[0]);
    auto record = ReadBody(kind, body.substr(1));
    if (!record && IsKnown(kind))
      return Stop(false,
                  fmt::format("it has a record of kind {} that makes no sense at byte {}: what follows is not used",
                              Number(kind), at_));
    at_ += kHead + length;
    if (record) return record;
  }
  return std::nullopt;
}

std::optional<int> ClosedExitCode(std::string_view tail) {
  std::string expected;
  AppendRecord(JournalClosed{}, &expected);
  if (tail.size() < expected.size()) return std::nullopt;
  const std::string last = std::string(kJournalHead).append(tail.substr(tail.size() - expected.size()));
  const auto record = JournalReader(last).Next();
  if (!record || !std::holds_alternative<JournalClosed>(*record)) return std::nullopt;
  return std::get<JournalClosed>(*record).exit_code;
}

std::string DigestWords(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all.append(word).push_back('\0');
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace fastest
