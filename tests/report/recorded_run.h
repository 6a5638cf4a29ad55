// Runs that pytest itself made (tests/golden/report/record.py), as the events that reporters see.
//
// A test that cannot read its files fails: they are part of the repository.

#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "report/json_fields.h"
#include "tests/catch.h"

namespace fastest {

inline std::string ReadText(const std::string& path) {
  std::ifstream file(std::string(FASTEST_SOURCE_DIR) + "/" + path);
  INFO(path);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct RecordedRun {
  std::vector<Event> events;
  int columns = 80;
  bool color = false;
};

class RunReader {
 public:
  explicit RunReader(std::uint32_t workers) : workers_(workers) {}

  RecordedRun Read(const std::string& name) {
    std::istringstream lines(ReadText("tests/vectors/report/" + name + ".jsonl"));
    for (std::string line; std::getline(lines, line);) Add(ParseJson(line));
    return std::move(run_);
  }

 private:
  static Outcome OutcomeOf(const std::string& word) {
    return word == "passed" ? Outcome::kPassed : word == "failed" ? Outcome::kFailed : Outcome::kSkipped;
  }
  static std::string EnvelopeOf(const Json& envelope) { return envelope.is_object() ? DumpJson(envelope) : ""; }
  WorkerId WorkerOf(ItemId item) const { return WorkerId{Number(item) % workers_}; }

  ItemId ItemOf(const std::string& id) const {
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == id) return ItemId{static_cast<std::uint32_t>(i)};
    }
    return ItemId{kNoItem};
  }

  void Add(const Json& line) {
    const std::string kind = TextOf(Field(line, "event"));
    const std::string id = TextOf(Field(line, "id"));
    const ItemId item = ItemOf(id);
    if (kind == "started") {
      RunStarted event;
      event.ready = DumpJson(Field(line, "ready"));
      event.workers = workers_;
      event.wall_start = 1700000000;
      run_.columns = static_cast<int>(NumberOf(Field(line, "columns")));
      run_.color = FlagOf(Field(line, "color"));
      run_.events.push_back(event);
    } else if (kind == "collected") {
      AddCollected(line);
    } else if (kind == "start") {
      run_.events.push_back(TestStarted{item, id, WorkerOf(item)});
    } else if (kind == "finish") {
      run_.events.push_back(TestFinished{item, id, WorkerOf(item)});
    } else if (kind == "report") {
      AddReport(line, item, id);
    } else if (kind == "warning") {
      run_.events.push_back(WarningRaised{{DumpJson(Field(line, "envelope"))}});
    } else if (kind == "finished") {
      RunFinished event;
      event.exit_code = static_cast<int>(NumberOf(Field(line, "exit")));
      event.stop_reason = TextOf(Field(line, "reason"));
      event.times.wall = 0.12;
      run_.events.push_back(event);
    }
  }

  void AddCollected(const Json& line) {
    UnitCollected unit;
    for (const Json& id : Field(line, "ids")) {
      unit.items.push_back(ItemId{static_cast<std::uint32_t>(ids_.size())});
      unit.node_ids.push_back(TextOf(id));
      ids_.push_back(TextOf(id));
    }
    for (const Json& report : Field(line, "reports")) {
      unit.reports.push_back({TextOf(report[0]), OutcomeOf(TextOf(report[1])), EnvelopeOf(report[2])});
    }
    run_.events.push_back(unit);
    run_.events.push_back(CollectionFinished{static_cast<std::uint32_t>(ids_.size()),
                                             static_cast<std::uint32_t>(NumberOf(Field(line, "deselected"))),
                                             static_cast<std::uint32_t>(NumberOf(Field(line, "errors")))});
  }

  void AddReport(const Json& line, ItemId item, const std::string& id) {
    const std::string when = TextOf(Field(line, "when"));
    TestReported event{item, id, WorkerOf(item), {}};
    event.report.phase = when == "setup" ? Phase::kSetup : when == "call" ? Phase::kCall : Phase::kTeardown;
    event.report.outcome = OutcomeOf(TextOf(Field(line, "outcome")));
    event.report.duration = NumberOf(Field(line, "duration"));
    event.report.start = NumberOf(Field(line, "start"));
    event.report.stop = NumberOf(Field(line, "stop"));
    event.report.envelope = EnvelopeOf(Field(line, "envelope"));
    run_.events.push_back(event);
  }

  std::uint32_t workers_;
  std::vector<std::string> ids_;
  RecordedRun run_;
};

// What pytest did in the case `name`, as done by so many workers.
inline RecordedRun ReadRun(const std::string& name, std::uint32_t workers = 1) { return RunReader(workers).Read(name); }

}  // namespace fastest
