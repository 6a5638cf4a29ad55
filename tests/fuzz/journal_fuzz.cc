// A journal may hold anything, even under right checksums: it is read up to where it makes sense, and a run that is
// resumed from it begins.

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"
#include "coordinator/journal_replay.h"
#include "coordinator/run.h"
#include "tests/fuzz/fuzz.h"

using namespace fastest;

namespace {

constexpr std::size_t kHead = 2 * sizeof(std::uint32_t);

// Makes the checksums of whole frames right, so that what stands in them is looked at.
std::string Repaired(std::string file) {
  for (std::size_t at = kJournalHead.size(); at + kHead < file.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, file.data() + at, sizeof length);
    if (length == 0 || length > file.size() - at - kHead) break;
    const auto checksum = static_cast<std::uint32_t>(XXH3_64bits_withSeed(file.data() + at + kHead, length, length));
    std::memcpy(file.data() + at + sizeof length, &checksum, sizeof checksum);
    at += kHead + length;
  }
  return file;
}

void ResumeFrom(Restored restored, CollectMode mode) {
  RunOptions options;
  options.workers = 2;
  Run run(options);
  const Time now = Time{} + std::chrono::seconds(1);
  run.Apply(now, std::move(restored));
  Hello hello;
  hello.workers = 2;
  run.Apply(now, Run::Joined{AgentId{0}, hello});
  run.Apply(now, Run::Said{AgentId{0}, Ready{true, "{}", 0}});
  run.Apply(now, Run::Said{AgentId{0}, Credit{4}});
  Plan plan;
  plan.mode = mode;
  if (mode == CollectMode::kFile) plan.units = {{"a.py", 1, {}, {}, 0.1, 1}};
  run.Apply(now, std::move(plan));
  if (mode == CollectMode::kFile) {
    run.Apply(now, Run::Said{AgentId{0}, Walked{WorkerId{0}, {"a.py", "b.py"}, {}}});
  } else {
    Collected all;
    all.node_ids = {"a.py::x", "b.py::y"};
    run.Apply(now, Run::Said{AgentId{0}, all});
  }
  run.Apply(now, Run::Said{AgentId{0}, Goodbye{}});
  CHECK(run.finished());
}

void Check(const std::string& file) {
  const auto contents = ReadJournal(file);
  ReplayJournal(file, [](const Event&) {});
  if (!contents.ok()) return;
  CHECK(contents->readable <= file.size());
  const auto again = ReadJournal(std::string_view(file).substr(0, contents->readable));
  CHECK(again.ok() && again->problem.empty(), again.ok() ? again->problem : "");
  CHECK(again->restored.complete() == contents->restored.complete());
  ResumeFrom(contents->restored, CollectMode::kFile);
  ResumeFrom(again->restored, CollectMode::kWhole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string file(FuzzText(bytes, size));
  Check(file);
  Check(Repaired(file));
  return 0;
}

std::vector<std::string> FuzzSeeds() {
  std::string file(kJournalHead);
  for (std::uint32_t part = 0; part < 2; ++part) {
    JournalOpened opened;
    opened.part = part;
    opened.words = {"-k", "x"};
    AppendRecord(opened, &file);
    AppendRecord(RunStarted{"r", 1, "{}", CollectMode::kFile, "", 2, 2, 1}, &file);
    AppendRecord(UnitCollected{{ItemId{0}, ItemId{1}},
                               {"a.py::x", "a.py::y"},
                               {{"a.py", Outcome::kPassed, ""}},
                               {"a.py::z"},
                               UnitId{0},
                               true,
                               "a.py",
                               {"x", "y"},
                               {},
                               {1}},
                 &file);
    AppendRecord(WarningRaised{{"{\"when\":\"runtest\",\"nodeid\":\"a.py::x\"}"}}, &file);
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown})
      AppendRecord(TestReported{ItemId{part}, "", WorkerId{0}, {phase, Outcome::kPassed, 1, 2, 0.5, ""}}, &file);
    AppendRecord(TestFinished{ItemId{part}, "", WorkerId{0}, false}, &file);
    if (part == 1) AppendRecord(JournalRestored{ItemId{0}}, &file);
    AppendRecord(WorkerChanged{}, &file);
  }
  std::string finished = file;
  AppendRecord(RunFinished{}, &finished);
  AppendRecord(JournalClosed{0}, &finished);
  return {file, finished};
}
