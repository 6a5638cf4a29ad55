#include "coordinator/journal_record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/catch.h"

using namespace fastest;

namespace {

std::vector<JournalRecord> ReadAll(std::string_view file, JournalReader* reader) {
  *reader = JournalReader(file);
  std::vector<JournalRecord> records;
  while (auto record = reader->Next()) records.push_back(std::move(*record));
  return records;
}

// One record of each kind, with something in each field.
std::vector<std::string> OneOfEach() {
  std::vector<std::string> framed;
  const auto add = [&](const auto& record) { AppendRecord(record, &framed.emplace_back()); };
  add(JournalOpened{kJournalFormat, 2, "r", "1.0", 12.5, true, "/w", {"-k", "a b"}, "d", "00 a.py\n", {"a.py"}});
  add(JournalListening{"tcp://127.0.0.1:5555"});
  add(RunStarted{"r", 12.5, "{}", CollectMode::kFile, "why", 4, 10, 3, "{\"index\":1}"});
  add(UnitCollected{{ItemId{0}, ItemId{1}},
                    {"a::x", "a::y"},
                    {{"a", Outcome::kPassed, "{}"}},
                    {"a::z"},
                    UnitId{3},
                    true,
                    "a",
                    {"x", "y"},
                    {"z"},
                    {1},
                    {"a", "b"}});
  add(CollectionFinished{2, 1, 0});
  add(TestReported{ItemId{1}, "a::y", WorkerId{2}, {Phase::kCall, Outcome::kFailed, 1, 2, 0.5, "{}"}, false, 3});
  add(TestFinished{ItemId{1}, "a::y", WorkerId{2}, true});
  add(JournalRestored{ItemId{0}});
  add(WarningRaised{{"{\"message\":\"m\"}"}});
  add(WorkerChanged{WorkerId{2}, WorkerChanged::What::kLost, "gw2 died", "{}"});
  add(Notice{"n", true});
  RunFinished end;
  end.exit_code = 1;
  end.not_run = {"a::x"};
  end.times.worker_busy = {0.1, 0.2};
  end.flaky = {{"a::y", 2}};
  add(end);
  add(JournalClosed{1});
  return framed;
}

std::string Whole(const std::vector<std::string>& framed) {
  std::string file(kJournalHead);
  for (const std::string& record : framed) file += record;
  return file;
}

// A record's bytes, to compare records by.
std::string Bytes(const JournalRecord& record) {
  std::string bytes;
  std::visit([&](const auto& one) { AppendRecord(one, &bytes); }, record);
  return bytes;
}

}  // namespace

TEST_CASE("every kind of record is read as it was written") {
  const auto framed = OneOfEach();
  const std::string file = Whole(framed);
  JournalReader reader("");
  const auto records = ReadAll(file, &reader);
  REQUIRE(records.size() == std::variant_size_v<JournalRecord>);
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(records[i].index() == i);
    std::string again = Bytes(records[i]);
    CHECK(again == framed[i]);
  }
  CHECK(reader.problem().empty());
  CHECK(reader.readable() == file.size());
}

TEST_CASE("a record from before its last field was added is read without it") {
  // A report as fastest 0.1 wrote it: no number of a rerun at its end.
  std::string record;
  AppendRecord(TestReported{ItemId{1}, "", WorkerId{2}, {Phase::kCall, Outcome::kFailed, 1, 2, 0.5, "{}"}}, &record);
  const std::string body = record.substr(8, record.size() - 8 - 4);
  std::string file(kJournalHead);
  const std::uint32_t head[] = {
      static_cast<std::uint32_t>(body.size()),
      static_cast<std::uint32_t>(XXH3_64bits_withSeed(body.data(), body.size(), body.size()))};
  file.append(reinterpret_cast<const char*>(head), sizeof head).append(body);
  JournalReader reader(file);
  const auto read = reader.Next();
  REQUIRE(read);
  CHECK(std::get<TestReported>(*read).report.envelope == "{}");
  CHECK(std::get<TestReported>(*read).rerun == 0);
}

TEST_CASE("a journal that is cut anywhere is read up to its last whole record") {
  const auto framed = OneOfEach();
  const std::string file = Whole(framed);
  std::size_t whole = 0, end = kJournalHead.size();
  for (std::size_t size = kJournalHead.size(); size <= file.size(); ++size) {
    if (whole < framed.size() && size == end + framed[whole].size()) end += framed[whole++].size();
    JournalReader reader("");
    const auto records = ReadAll(std::string_view(file).substr(0, size), &reader);
    REQUIRE(records.size() == whole);
    REQUIRE(reader.readable() == end);
    REQUIRE(reader.problem().empty() == (size == end));
    REQUIRE(reader.torn() == (size != end));
  }
}

TEST_CASE("a flipped bit ends the readable part in front of its record, wherever it is") {
  const auto framed = OneOfEach();
  const std::string file = Whole(framed);
  std::size_t record = 0, begin = kJournalHead.size();
  for (std::size_t at = kJournalHead.size(); at < file.size(); ++at) {
    if (at == begin + framed[record].size()) begin += framed[record++].size();
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      JournalReader reader("");
      const auto records = ReadAll(damaged, &reader);
      REQUIRE(records.size() == record);
      REQUIRE(reader.readable() == begin);
      REQUIRE_FALSE(reader.problem().empty());
    }
  }
}

TEST_CASE("space that a power cut left empty is a torn end") {
  const std::string file = Whole(OneOfEach());
  JournalReader reader("");
  CHECK(ReadAll(file + std::string(4096, '\0'), &reader).size() == std::variant_size_v<JournalRecord>);
  CHECK(reader.torn());
  CHECK(reader.readable() == file.size());
}

TEST_CASE("a file that is no journal is told so") {
  JournalReader reader("");
  CHECK(ReadAll("something else entirely, and longer", &reader).empty());
  CHECK(reader.problem() == "it is no journal of fastest");
}

TEST_CASE("the end of a file tells whether the run is finished, and how") {
  std::string file = Whole(OneOfEach());
  CHECK(ClosedExitCode(file) == 1);
  CHECK(ClosedExitCode(std::string_view(file).substr(file.size() - kJournalTail)) == 1);
  CHECK_FALSE(ClosedExitCode(std::string_view(file).substr(0, file.size() - 1)));
  AppendRecord(JournalListening{"tcp://127.0.0.1:1"}, &file);
  CHECK_FALSE(ClosedExitCode(file));
  CHECK_FALSE(ClosedExitCode(""));
}

TEST_CASE("the worked example of docs/protocol.md is what is written") {
  std::string record;
  AppendRecord(TestFinished{ItemId{7}, "a.py::x", WorkerId{1}, false}, &record);
  std::string hex;
  for (const char byte : record) {
    constexpr const char* kDigits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    hex += {kDigits[value >> 4U], kDigits[value & 15U], ' '};
  }
  CHECK(hex == "0a 00 00 00 b1 76 14 68 07 07 00 00 00 01 00 00 00 00 ");
}
