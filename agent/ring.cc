#include "agent/ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace fastest {
namespace {

constexpr std::uint64_t kMagic = 0x3174736574736166;
// Offsets of the header's words, and of the data.
constexpr std::size_t kMagicAt = 0, kWritten = 8, kRead = 16, kState = 24, kUnit = 32, kIndex = 40, kStart = 48,
                      kInbox = 56, kLease = 72, kData = 128;
// A record: u32 length (of all that follows), u32 number, u8 kind, u8 0, u16 0, body; padded to 8 bytes.
constexpr std::size_t kLengthSize = 4, kRecordHead = 8;

std::uint64_t Padded(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

}  // namespace

Result<Ring> Ring::Create(const std::string& name, std::size_t data_size) {
  CHECK(data_size >= 16 && (data_size & (data_size - 1)) == 0, data_size);
  auto memory = SharedMemory::Create(name, kData + data_size);
  if (!memory.ok()) return memory.error();
  Ring ring(*std::move(memory));
  ring.memory_.StoreWord(kIndex, ~std::uint64_t{0});
  ring.memory_.StoreWord(kMagicAt, kMagic);
  return ring;
}

std::size_t Ring::data_size() const { return memory_.size() - kData; }

Result<std::vector<Record>> Ring::Take() {
  const std::uint64_t written = memory_.LoadWord(kWritten);
  std::uint64_t read = memory_.LoadWord(kRead);
  std::vector<Record> records;
  if (written == read) return records;
  if (written < read || written - read > data_size()) {
    return Error{fmt::format("the ring says {} bytes written and {} read, but holds {}", written, read, data_size())};
  }
  while (read < written) {
    auto record = ReadRecord(read, written);
    if (!record.ok()) return record.error();
    read += Padded(kLengthSize + kRecordHead + record->body.size());
    records.push_back(*std::move(record));
  }
  memory_.StoreWord(kRead, read);
  return records;
}

Result<Record> Ring::ReadRecord(std::uint64_t at, std::uint64_t end) const {
  std::uint32_t length = 0;
  Copy(at, &length, kLengthSize);
  if (length < kRecordHead || Padded(kLengthSize + std::uint64_t{length}) > end - at) {
    return Error{fmt::format("the ring holds a record of {} bytes where {} are left", length, end - at)};
  }
  Record record;
  Copy(at + kLengthSize, &record.number, sizeof record.number);
  Copy(at + 2 * kLengthSize, &record.kind, 1);
  record.body.resize(length - kRecordHead);
  Copy(at + kLengthSize + kRecordHead, record.body.data(), record.body.size());
  return record;
}

void Ring::Copy(std::uint64_t at, void* to, std::size_t size) const {
  const std::size_t place = at & (data_size() - 1);
  const std::size_t before_wrap = std::min(size, data_size() - place);
  std::memcpy(to, memory_.bytes() + kData + place, before_wrap);
  std::memcpy(static_cast<std::byte*>(to) + before_wrap, memory_.bytes() + kData, size - before_wrap);
}

Doing Ring::doing() const {
  const std::uint64_t state = memory_.LoadWord(kState);
  Doing doing;
  doing.state = state <= Number(WorkerState::kEnded) ? static_cast<WorkerState>(state) : WorkerState::kStarting;
  doing.unit = UnitId(static_cast<std::uint32_t>(memory_.LoadWord(kUnit)));
  doing.index = static_cast<std::uint32_t>(memory_.LoadWord(kIndex));
  doing.lease = LeaseId(memory_.LoadWord(kLease));
  doing.since = Time(std::chrono::nanoseconds(static_cast<std::int64_t>(memory_.LoadWord(kStart))));
  return doing;
}

void Ring::CountFrame() { memory_.StoreWord(kInbox, ++frames_); }

}  // namespace fastest
