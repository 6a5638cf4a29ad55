#include "coordinator/journal_replay.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

// A journal as the tests write it.
class Written {
 public:
  Written() { file = kJournalHead; }

  template <typename Record>
  Written& Add(const Record& record) {
    AppendRecord(record, &file);
    return *this;
  }
  Written& Open(std::uint32_t part) {
    JournalOpened opened;
    opened.part = part;
    opened.run_id = "r";
    return Add(opened).Add(RunStarted{"r", 0, "{}", CollectMode::kFile, "", 2, 0, 0});
  }
  Written& Forget(std::uint32_t part, std::vector<std::string> files) {
    JournalOpened opened;
    opened.part = part;
    opened.forgotten = std::move(files);
    return Add(opened).Add(RunStarted{"r", 0, "{}", CollectMode::kFile, "", 2, 0, 0});
  }
  Written& Collect(const std::string& path, const std::vector<std::string>& ids, std::uint32_t first_item = 0) {
    UnitCollected collected;
    collected.first = true;
    collected.path = path;
    collected.node_ids = ids;
    for (std::uint32_t i = 0; i < ids.size(); ++i) collected.items.push_back(ItemId{first_item + i});
    return Add(collected);
  }
  Written& Report(std::uint32_t item, Phase phase, Outcome outcome = Outcome::kPassed) {
    return Add(TestReported{ItemId{item}, "", WorkerId{1}, {phase, outcome, 1, 2, 0.5, ""}});
  }
  Written& Pass(std::uint32_t item) {
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) Report(item, phase);
    return Add(TestFinished{ItemId{item}, "", WorkerId{1}, false});
  }
  Written& Rerun(std::uint32_t item, std::uint32_t attempt) {
    return Add(
        TestReported{ItemId{item}, "", WorkerId{1}, {Phase::kCall, Outcome::kOther, 1, 2, 0.5, ""}, false, attempt});
  }
  Restored Read() const {
    auto contents = ReadJournal(file);
    REQUIRE(contents.ok());
    return std::move(contents->restored);
  }

  std::string file;
};

// "a::x 3" for each complete item with the number of its reports, "a::y -" for the others.
std::vector<std::string> Items(const Restored& restored) {
  std::vector<std::string> items;
  for (const RestoredUnit& unit : restored.units)
    for (const RestoredItem& item : unit.items)
      items.push_back(item.key.node_id + " " + (item.complete() ? std::to_string(item.reports.size()) : "-"));
  return items;
}

WarningRaised WarningOf(const std::string& node_id) {
  return WarningRaised{{"{\"when\":\"runtest\",\"nodeid\":\"" + node_id + "\",\"message\":\"m\"}"}};
}

}  // namespace

TEST_CASE("of files that a part has forgotten only what is told since counts") {
  Written journal;
  journal.Open(0).Collect("a.py", {"a.py::x", "a.py::gone"}).Collect("b.py", {"b.py::x"}, 2);
  for (const std::uint32_t item : {0, 1, 2}) journal.Pass(item);
  journal.Forget(1, {"a.py"});
  CHECK(Items(journal.Read()) == std::vector<std::string>{"b.py::x 3"});
  journal.Collect("a.py", {"a.py::x", "a.py::new"}).Pass(1);
  CHECK(Items(journal.Read()) == std::vector<std::string>{"a.py::x -", "a.py::new 3", "b.py::x 3"});
}

TEST_CASE("an item with all its reports is complete, one in the middle of them is not") {
  const Written journal = Written().Open(0).Collect("a", {"a::x", "a::y"}).Pass(0).Report(1, Phase::kSetup);
  CHECK(Items(journal.Read()) == std::vector<std::string>{"a::x 3", "a::y -"});
  CHECK(journal.Read().part == 1);
}

TEST_CASE("an item whose teardown report is held back is complete when that has come") {
  Written journal = Written().Open(0).Collect("a", {"a::x"});
  journal.Report(0, Phase::kSetup).Report(0, Phase::kCall).Add(TestFinished{ItemId{0}, "", WorkerId{1}, true});
  CHECK(Items(journal.Read()) == std::vector<std::string>{"a::x -"});
  journal.Report(0, Phase::kTeardown);
  CHECK(Items(journal.Read()) == std::vector<std::string>{"a::x 3"});
}

TEST_CASE("attempts that failed are known of items with and without a result, and count on in later parts") {
  Written journal = Written().Open(0).Collect("a", {"a::x", "a::y"}).Rerun(0, 1).Pass(0).Rerun(1, 1);
  journal.Report(1, Phase::kSetup);
  journal.Open(1).Collect("a", {"a::x", "a::y"}).Add(JournalRestored{ItemId{0}}).Rerun(1, 2);
  const Restored restored = journal.Read();
  CHECK(Items(restored) == std::vector<std::string>{"a::x 3", "a::y -"});
  CHECK(restored.units.at(0).items.at(0).reruns.size() == 1);
  CHECK(restored.units.at(0).items.at(1).reruns.size() == 2);
  CHECK(restored.units.at(0).items.at(1).reruns.back().attempt == 2);
}

TEST_CASE("a finished run tells the attempts of all its parts before the result") {
  Written journal = Written().Open(0).Collect("a", {"a::x"}).Rerun(0, 1);
  journal.Open(1).Collect("a", {"a::x"}).Rerun(0, 2).Pass(0).Add(RunFinished{}).Add(JournalClosed{0});
  std::vector<std::uint32_t> told;
  ReplayJournal(journal.file, [&](const Event& event) {
    if (const auto* report = std::get_if<TestReported>(&event)) told.push_back(report->rerun);
  });
  CHECK(told == std::vector<std::uint32_t>{1, 2, 0, 0, 0});
}

TEST_CASE("the shard that a run was is known") {
  Written journal;
  journal.Add(JournalOpened{}).Add(RunStarted{"r", 0, "{}", CollectMode::kFile, "", 2, 0, 0, "{\"index\":2}"});
  CHECK(ReadJournal(journal.file)->shard == "{\"index\":2}");
}

TEST_CASE("equal node ids are told apart by their order") {
  const Written journal = Written().Open(0).Collect("a", {"a::x", "a::x"}).Pass(1);
  const Restored restored = journal.Read();
  CHECK_FALSE(restored.units.at(0).items.at(0).complete());
  CHECK(restored.units.at(0).items.at(1).complete());
  CHECK(restored.units.at(0).items.at(1).key.occurrence == 1);
}

TEST_CASE("a later part adds to what an earlier one has, though it numbers items otherwise") {
  Written journal = Written().Open(0).Collect("a", {"a::x"}).Collect("b", {"b::x"}, 1).Pass(0);
  journal.Open(1).Collect("b", {"b::x"}).Collect("a", {"a::x"}, 1).Add(JournalRestored{ItemId{1}}).Pass(0);
  CHECK(Items(journal.Read()) == std::vector<std::string>{"a::x 3", "b::x 3"});
  CHECK(journal.Read().part == 2);
}

TEST_CASE("a test's warning stays only if the test does not run again") {
  Written journal = Written().Open(0).Collect("a", {"a::x", "a::y"}).Pass(0);
  journal.Add(WarningOf("a::x")).Add(WarningOf("a::y")).Add(WarningRaised{{"{\"when\":\"collect\"}"}});
  CHECK(journal.Read().warnings.size() == 2);
}

TEST_CASE("a journal that ends with its run says so, until it is resumed") {
  Written journal = Written().Open(0).Add(JournalClosed{5});
  CHECK(ReadJournal(journal.file)->finished == 5);
  journal.Open(1);
  CHECK_FALSE(ReadJournal(journal.file)->finished);
}

TEST_CASE("a cut anywhere never makes a result that was not there") {
  Written journal = Written().Open(0).Collect("a", {"a::x", "a::y"}).Pass(0).Pass(1).Add(JournalClosed{0});
  std::size_t most = 0;
  for (std::size_t size = 0; size <= journal.file.size(); ++size) {
    const auto contents = ReadJournal(std::string_view(journal.file).substr(0, size));
    if (!contents.ok()) continue;
    REQUIRE(contents->restored.complete() >= most);
    most = contents->restored.complete();
    for (const RestoredUnit& unit : contents->restored.units)
      for (const RestoredItem& item : unit.items) REQUIRE(item.reports.size() == (item.complete() ? 3 : 0));
  }
  CHECK(most == 2);
}

TEST_CASE("another format and an empty file are errors") {
  JournalOpened opened;
  opened.format = 9;
  opened.version = "7.1";
  CHECK(ReadJournal(Written().Add(opened).file).error().message ==
        "it was written by fastest 7.1, in format 9; this one reads 1");
  CHECK(ReadJournal("").error().message == "it is empty");
}

TEST_CASE("a finished run's events are told with the results of its earlier parts") {
  Written journal = Written().Open(0).Collect("a", {"a::x", "a::y"}).Pass(0);
  journal.Open(1).Collect("a", {"a::x", "a::y"}).Add(JournalRestored{ItemId{0}}).Pass(1);
  journal.Add(RunFinished{}).Add(JournalClosed{0});
  std::vector<std::string> told;
  ReplayJournal(journal.file, [&](const Event& event) {
    if (const auto* report = std::get_if<TestReported>(&event))
      told.push_back(report->node_id + " " + PhaseName(report->report.phase));
    if (std::holds_alternative<RunStarted>(event)) told.push_back("started");
    if (std::holds_alternative<RunFinished>(event)) told.push_back("finished");
  });
  CHECK(told == std::vector<std::string>{"started", "a::x setup", "a::x call", "a::x teardown", "a::y setup",
                                         "a::y call", "a::y teardown", "finished"});
}
