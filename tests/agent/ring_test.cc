#include "agent/ring.h"

#include <sys/mman.h>

#include <cstring>

#include "tests/catch.h"

using namespace fastest;

namespace {

// The worker's end: writes as docs/protocol.md 1.3 says.
class Writer {
 public:
  Writer(const Ring& ring, std::size_t data_size) : data_size_(data_size) {
    void* mapped = ::mmap(nullptr, 128 + data_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd(), 0);
    REQUIRE(mapped != MAP_FAILED);
    bytes_ = static_cast<unsigned char*>(mapped);
  }
  ~Writer() { ::munmap(bytes_, 128 + data_size_); }

  void SetWord(std::size_t offset, std::uint64_t value) { std::memcpy(bytes_ + offset, &value, 8); }
  std::uint64_t Word(std::size_t offset) const {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_ + offset, 8);
    return value;
  }

  void Write(std::uint32_t number, std::uint8_t kind, const std::string& body) {
    std::string record(12, '\0');
    const auto length = static_cast<std::uint32_t>(8 + body.size());
    std::memcpy(record.data(), &length, 4);
    std::memcpy(record.data() + 4, &number, 4);
    record[8] = static_cast<char>(kind);
    record += body;
    record.resize((record.size() + 7) & ~std::size_t{7});
    for (const char byte : record)
      bytes_[128 + (Word(8) % data_size_)] = static_cast<unsigned char>(byte), SetWord(8, Word(8) + 1);
  }

 private:
  unsigned char* bytes_ = nullptr;
  const std::size_t data_size_;
};

}  // namespace

TEST_CASE("a ring gives records as they were written, also where they wrap") {
  auto ring = *Ring::Create("test", 64);
  Writer writer(ring, 64);
  for (std::uint32_t round = 0; round < 20; ++round) {
    const std::string body(round % 30, static_cast<char>('a' + round));
    writer.Write(round, 66, body);
    const auto records = ring.Take();
    REQUIRE(records.ok());
    REQUIRE(records->size() == 1);
    CHECK((*records)[0].number == round);
    CHECK((*records)[0].kind == 66);
    CHECK((*records)[0].body == body);
  }
}

TEST_CASE("what was taken from a ring is room again for the worker") {
  auto ring = *Ring::Create("test", 64);
  Writer writer(ring, 64);
  writer.Write(0, 66, "12345678901234567890");
  writer.Write(1, 67, "12345678901234567890");
  REQUIRE(ring.Take()->size() == 2);
  CHECK(writer.Word(16) == writer.Word(8));
}

TEST_CASE("a ring that was written over is an error") {
  struct Case {
    const char* what;
    std::uint64_t written;
    std::uint32_t length;
  };
  const auto c = GENERATE(values<Case>({{"more written than fits", 72, 8},
                                        {"a record longer than what was written", 16, 60},
                                        {"a record without a head", 16, 3},
                                        {"a length that wraps", 16, 0xffffffff}}));
  INFO(c.what);
  auto ring = *Ring::Create("test", 64);
  Writer writer(ring, 64);
  writer.Write(0, 66, "");
  writer.SetWord(128, c.length);
  writer.SetWord(8, c.written);
  CHECK_FALSE(ring.Take().ok());
}

TEST_CASE("a ring's header says what the worker is doing") {
  auto ring = *Ring::Create("test", 64);
  Writer writer(ring, 64);
  CHECK(ring.doing().state == WorkerState::kStarting);
  CHECK(ring.doing().index == kNoItem);
  writer.SetWord(24, 4);
  writer.SetWord(32, 7);
  writer.SetWord(40, 3);
  writer.SetWord(48, 5'000'000'000);
  writer.SetWord(72, 9);
  const Doing doing = ring.doing();
  CHECK(doing.state == WorkerState::kCall);
  CHECK(doing.unit == UnitId{7});
  CHECK(doing.index == 3);
  CHECK(doing.since == Time(std::chrono::seconds(5)));
  CHECK(doing.lease == LeaseId{9});
}

TEST_CASE("a ring begins with its magic word and counts frames") {
  auto ring = *Ring::Create("test", 64);
  const Writer writer(ring, 64);
  ring.CountFrame();
  ring.CountFrame();
  CHECK(writer.Word(0) == 0x3174736574736166);
  CHECK(writer.Word(56) == 2);
}
