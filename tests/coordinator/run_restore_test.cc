// A run that is cut off after each of its steps in turn and resumed from its journal ends as an undisturbed one.

#include <unistd.h>

#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "base/file_system.h"
#include "coordinator/journal.h"
#include "coordinator/journal_replay.h"
#include "coordinator/run.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

constexpr AgentId kAgent{0};
using Files = std::map<std::string, std::vector<std::string>>;

const Files kFiles = {{"a.py", {"a.py::one", "a.py::one", "a.py::fails", "a.py::two"}},
                      {"b.py", {"b.py::one"}},
                      {"c.py", {"c.py::alone", "c.py::one", "c.py::two", "c.py::three"}},
                      {"d.py", {}}};

struct Folder {
  Folder()
      : path((std::filesystem::temp_directory_path() / ("fastest-resume-" + std::to_string(::getpid()))).string()) {
    std::filesystem::remove_all(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// One part of a run: a coordinator, and an agent with two workers that does what it is told.
class Part {
 public:
  Part(const std::string& state, CollectMode mode, bool collect_first, Files files = kFiles)
      : files_(std::move(files)), run(MakeOptions()) {
    plan_.mode = mode;
    plan_.collect_first = collect_first;
    if (mode == CollectMode::kFile)
      for (const auto& [path, ids] : files_)
        if (path != "c.py") plan_.units.push_back({path, 1, {}, {}, 0.1, 1});  // The walk finds this one.
    RunFolder folder(state, "r");
    bool busy = false;
    REQUIRE(folder.Lock(&busy).ok());
    JournalOpened opened;
    std::uint64_t keep = 0;
    if (folder.Exists()) {
      auto known = ReadJournal(ReadFile(folder.journal())->text);
      REQUIRE(known.ok());
      opened.part = known->restored.part;
      keep = known->readable;
      for (const RestoredUnit& unit : known->restored.units)
        for (const RestoredItem& item : unit.items)
          if (item.complete()) had_result.insert(item.key);
      restored_ = std::move(known->restored);
    }
    journal_.emplace(std::move(folder), keep, opened, [](const std::string& why) { FAIL(why); });
    if (restored_) Apply(*std::move(restored_));
    Hello hello;
    hello.workers = 2;
    Apply(Run::Joined{kAgent, hello});
    Say(Ready{true, "{}", 0});
    Say(Credit{4});
  }

  // Up to `steps` messages of the agent; false: the run ended before.
  bool Go(std::size_t steps) {
    for (; steps > 0 && !said_.empty() && !run.finished(); --steps) {
      AgentMessage message = std::move(said_.front());
      said_.pop_front();
      Apply(Run::Said{kAgent, std::move(message)});
    }
    REQUIRE((run.finished() || !said_.empty()));  // Else it would hang.
    return !run.finished();
  }
  void Finish() {
    Go(100000);
    REQUIRE(run.finished());
    journal_->Close(true);
  }
  std::multiset<std::string> Reports() const {
    std::multiset<std::string> reports;
    for (const Event& event : events)
      if (const auto* one = std::get_if<TestReported>(&event))
        reports.insert(one->node_id + " " + PhaseName(one->report.phase) + " " + OutcomeName(one->report.outcome));
    return reports;
  }

 private:
  static RunOptions MakeOptions() {
    RunOptions options;
    options.workers = 2;
    return options;
  }
  void Say(AgentMessage message) { said_.push_back(std::move(message)); }

  void Apply(Run::Input input) {
    auto effects = run.Apply(Time{} + std::chrono::seconds(++turns_), std::move(input));
    for (const Event& event : effects.events) journal_->OnEvent(event);
    journal_->Commit(Time{});
    for (Event& event : effects.events) events.push_back(std::move(event));
    if (effects.wants_plan) Apply(Plan(plan_));
    for (auto& [agent, message] : effects.messages) std::visit([this](const auto& one) { Obey(one); }, message);
  }

  void Obey(const Begin&) {
    if (plan_.mode == CollectMode::kFile) return;
    Collected all;
    for (const auto& [path, ids] : files_) all.node_ids.insert(all.node_ids.end(), ids.begin(), ids.end());
    MarkSerial(&all);
    Say(std::move(all));
  }
  void Obey(const Walk&) {
    Walked walked;
    for (const auto& [path, ids] : files_) walked.paths.push_back(path);
    Say(std::move(walked));
  }
  void Obey(const Assign& assign) {
    std::vector<std::pair<UnitId, ItemKey>>& queue = queued_[assign.lease];
    leases.insert(Number(assign.lease));
    for (const Assignment& unit : assign.units) {
      Collected collected;
      collected.lease = assign.lease;
      collected.unit = unit.unit;
      if (plan_.mode == CollectMode::kFile) {
        collected.node_ids = files_.at(unit.path);
        MarkSerial(&collected);
        Say(collected);
      }
      const std::set<std::uint32_t> serial(collected.serial.begin(), collected.serial.end());
      std::map<std::string, std::uint32_t> seen;
      for (std::uint32_t i = 0; unit.items.empty() && i < collected.node_ids.size(); ++i) {
        const ItemKey key{collected.node_ids[i], seen[collected.node_ids[i]]++};
        if (!serial.contains(i)) queue.emplace_back(unit.unit, key);
      }
      for (const ItemKey& key : unit.items) queue.emplace_back(unit.unit, key);
    }
    if (assign.run) RunLease(assign.lease);
  }
  void Obey(const Release& release) { RunLease(release.lease); }
  void Obey(const Revoke& revoke) { Say(Revoked{revoke.lease, {}}); }
  void Obey(const Stop&) { Say(Goodbye{}); }
  template <typename Other>
  void Obey(const Other&) {}

  static void MarkSerial(Collected* collected) {
    for (std::uint32_t i = 0; i < collected->node_ids.size(); ++i)
      if (collected->node_ids[i] == "c.py::alone") collected->serial.push_back(i);
  }

  // Each lease's last item has its teardown held until the lease is done.
  void RunLease(LeaseId lease) {
    const auto items = queued_.extract(lease).mapped();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto& [unit, key] = items[i];
      ran.insert(key);
      const auto report = [&](Phase phase, Outcome outcome) {
        Say(ItemReport{WorkerId{1}, lease, unit, key, {phase, outcome, 0, 0, 0.01, ""}});
      };
      report(Phase::kSetup, Outcome::kPassed);
      report(Phase::kCall, key.node_id.ends_with("fails") ? Outcome::kFailed : Outcome::kPassed);
      const bool held = i + 1 == items.size();
      if (!held) report(Phase::kTeardown, Outcome::kPassed);
      Say(ItemFinished{WorkerId{1}, lease, unit, key});
      if (held) report(Phase::kTeardown, Outcome::kPassed);
    }
    Say(LeaseDone{lease, WorkerId{1}});
    Say(Credit{1});
  }

  Files files_;
  Plan plan_;
  std::optional<Restored> restored_;
  std::optional<Journal> journal_;
  std::deque<AgentMessage> said_;
  std::map<LeaseId, std::vector<std::pair<UnitId, ItemKey>>> queued_;
  int turns_ = 0;

 public:
  Run run;
  std::vector<Event> events;
  std::set<ItemKey> had_result, ran;
  std::set<std::uint64_t> leases;
};

struct Way {
  CollectMode mode;
  bool collect_first;
};
const Way kWays[] = {{CollectMode::kFile, true}, {CollectMode::kFile, false}, {CollectMode::kWhole, true}};

std::multiset<std::string> Undisturbed(const Way& way) {
  const Folder folder;
  Part part(folder.path, way.mode, way.collect_first);
  part.Finish();
  CHECK(part.run.exit_code() == 1);
  return part.Reports();
}

void CheckEndsAs(Part& part, const std::multiset<std::string>& expected) {
  part.Finish();
  REQUIRE(part.run.exit_code() == 1);
  REQUIRE(part.Reports() == expected);
  for (const ItemKey& key : part.had_result) REQUIRE_FALSE(part.ran.contains(key));
}

}  // namespace

TEST_CASE("cut off after any step and resumed, a run reports each item once and reruns none with a result") {
  for (const Way& way : kWays) {
    const auto expected = Undisturbed(way);
    REQUIRE(expected.size() == 27);
    bool cut = true;
    std::size_t most = 0;
    for (std::size_t step = 0; cut; ++step) {
      const Folder folder;
      {
        Part first(folder.path, way.mode, way.collect_first);
        cut = first.Go(step);
      }
      if (!cut) break;
      Part second(folder.path, way.mode, way.collect_first);
      most = std::max(most, second.had_result.size());
      CheckEndsAs(second, expected);
    }
    CHECK(most == 9);  // In the last step all had their results.
  }
}

TEST_CASE("a run that is cut off and resumed several times ends as well, and no lease's id is used twice") {
  std::mt19937 random(7);
  for (const Way& way : kWays) {
    const auto expected = Undisturbed(way);
    for (int round = 0; round < 40; ++round) {
      const Folder folder;
      std::set<std::uint64_t> leases;
      for (int part = 0; part < 3; ++part) {
        Part one(folder.path, way.mode, way.collect_first);
        if (!one.Go(random() % 25)) break;
        for (const std::uint64_t lease : one.leases) REQUIRE(leases.insert(lease).second);
      }
      Part last(folder.path, way.mode, way.collect_first);
      CheckEndsAs(last, expected);
      for (const std::uint64_t lease : last.leases) REQUIRE_FALSE(leases.contains(lease));
    }
  }
}

TEST_CASE("what is not collected any more is told: with a result it keeps it, without one it fails") {
  const Folder folder;
  Files files = kFiles;
  {
    Part first(folder.path, CollectMode::kWhole, true);
    REQUIRE(first.Go(12));
    CHECK(first.run.finished() == false);
  }
  files["a.py"] = {"a.py::new"};
  files["c.py"] = {};
  Part second(folder.path, CollectMode::kWhole, true, files);
  REQUIRE_FALSE(second.had_result.empty());
  second.Finish();
  CHECK(second.run.exit_code() == 1);
  std::set<std::string> ids;
  for (const std::string& report : second.Reports()) ids.insert(report.substr(0, report.find(' ')));
  CHECK(ids == std::set<std::string>{"a.py::new", "a.py::one", "a.py::fails", "a.py::two", "b.py::one", "c.py::alone",
                                     "c.py::one", "c.py::two", "c.py::three"});
  CHECK(second.Reports().contains("c.py::alone setup failed"));
  int notices = 0;
  for (const Event& event : second.events)
    if (const auto* notice = std::get_if<Notice>(&event)) notices += notice->error ? 1 : 0;
  CHECK(notices == 2);
}

TEST_CASE("what a file that is imported again has besides is run too") {
  const Folder folder;
  Files files = {{"a.py", {"a.py::one", "a.py::two"}}};
  {
    Part first(folder.path, CollectMode::kFile, false, files);
    REQUIRE(first.Go(4));
  }
  files["a.py"].push_back("a.py::new");
  Part second(folder.path, CollectMode::kFile, false, files);
  second.Finish();
  CHECK(second.Reports().size() == 9);
  CHECK(second.ran.contains({"a.py::new", 0}));
}

TEST_CASE("a part of a file that was not collected before the cut is what the collected parts leave") {
  Restored restored;
  restored.part = 1;
  restored.units.push_back({"a.py", {"f", "g"}, {}, {}, {}, {}, {}});
  restored.units.push_back({"b.py", {}, {"h", "i"}, {}, {}, {}, {}});
  restored.units.push_back({"b.py", {"h"}, {}, {}, {}, {}, {}});
  RunOptions options;
  options.workers = 2;
  Run run(options);
  const auto apply = [&](Run::Input input) { return run.Apply(Time{} + std::chrono::seconds(1), std::move(input)); };
  apply(std::move(restored));
  Hello hello;
  hello.workers = 2;
  apply(Run::Joined{kAgent, hello});
  apply(Run::Said{kAgent, Ready{true, "{}", 0}});
  apply(Run::Said{kAgent, Credit{4}});
  Plan plan;
  plan.mode = CollectMode::kFile;
  plan.units = {{"a.py", 1, {}, {}, 0.1, 1}, {"b.py", 1, {}, {}, 0.1, 1}};
  const auto effects = apply(std::move(plan));
  std::vector<std::string> given;
  for (const auto& [agent, message] : effects.messages) {
    const auto* assign = std::get_if<Assign>(&message);
    if (assign == nullptr) continue;
    for (const Assignment& unit : assign->units) {
      std::string text = unit.path + " +";
      for (const std::string& name : unit.include) text += name;
      text += " -";
      for (const std::string& name : unit.exclude) text += name;
      given.push_back(text);
    }
  }
  CHECK(given == std::vector<std::string>{"a.py + -fg", "b.py +i -"});
}
