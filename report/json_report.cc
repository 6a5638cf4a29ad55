#include "report/json_report.h"

#include <fmt/format.h>

#include <map>

#include "report/agents_json.h"
#include "report/json_fields.h"
#include "report/report_record.h"
#include "report/surrogates.h"
#include "report/tally.h"

namespace fastest {
namespace {

constexpr int kFormatVersion = 1;

Json PhaseJson(const ReportRecord& record, const TestReport& report) {
  Json phase = {{"when", record.when},       {"outcome", OutcomeName(record.outcome)},
                {"status", record.category}, {"start", report.start},
                {"stop", report.stop},       {"duration", record.duration}};
  if (record.message) phase["message"] = *record.message;
  if (record.skip)
    phase["skip"] = {{"path", record.skip->path}, {"line", record.skip->line}, {"reason", record.skip->reason}};
  if (record.xfail) phase["xfail"] = *record.xfail;
  if (!record.text.empty()) phase["text"] = record.text;
  for (const auto& [name, content] : record.sections) phase["sections"].push_back({{"name", name}, {"text", content}});
  return phase;
}

Json FlakyJson(const RunFinished& event) {
  Json flaky = Json::array();
  for (const FlakyTest& test : event.flaky) flaky.push_back({{"nodeid", test.node_id}, {"attempts", test.attempts}});
  return flaky;
}

// What a report says of its test: that a subtest passed or was skipped says nothing.
std::string WordFor(const ReportRecord& record) {
  if (!record.is_subtest) return record.category;
  return record.outcome == Outcome::kFailed ? "failed" : "";
}

// The worst of a test's phases speaks for it; of equals the earlier.
int Rank(const std::string& category) {
  if (category == "error") return 5;
  if (category == "failed") return 4;
  if (category == "xpassed" || category == "xfailed" || category == "skipped") return 2;
  if (category == "passed") return 1;
  if (category == "rerun") return 0;  // Another attempt speaks for the test.
  return category.empty() ? 0 : 3;
}

}  // namespace

class JsonReport::Document {
 public:
  void Start(const RunStarted& event);
  void Collect(const UnitCollected& event);
  void Report(const TestReported& event);
  void Warn(const WarningRaised& event);
  void FinishCollection(const CollectionFinished& event);
  std::string Finish(const RunFinished& event);

 private:
  struct Test {
    std::string node_id;
    std::string outcome;
    double duration = 0;
    WorkerId worker{};
    Json phases = Json::array();
  };

  Json TestJson(const Test& test) const;
  Json Times(const RunTimes& times) const;

  Json run_ = Json::object();
  std::map<ItemId, Test> tests_;
  std::map<std::string, Test> strangers_;  // Reports of no known item.
  Json collectors_ = Json::array();
  Json deselected_ = Json::array();
  Json warnings_ = Json::array();
  Tally tally_;
  std::uint32_t workers_ = 0;
};

void JsonReport::Document::Start(const RunStarted& event) {
  const Json ready = ParseJson(event.ready);
  workers_ = event.workers;
  run_ = {{"id", event.run_id},
          {"started", event.wall_start},
          {"rootdir", Field(ready, "rootdir")},
          {"python", Field(ready, "python")},
          {"pytest", Field(ready, "pytest")},
          {"workers", event.workers},
          {"collection", event.mode == CollectMode::kFile ? "file" : "whole"},
          {"why", event.why_mode}};
}

void JsonReport::Document::Collect(const UnitCollected& event) {
  for (std::size_t i = 0; i < event.items.size(); ++i) tests_[event.items[i]].node_id = event.node_ids[i];
  for (const std::string& id : event.deselected) deselected_.push_back(id);
  for (const CollectReport& report : event.reports) {
    if (report.outcome == Outcome::kPassed) continue;
    const ReportRecord record = MakeRecord(report);
    tally_.Add(record.category);
    Json collector = {{"nodeid", record.node_id}, {"outcome", record.category}};
    if (record.message) collector["message"] = *record.message;
    if (record.skip) collector["message"] = record.skip->reason;
    if (!record.text.empty()) collector["text"] = record.text;
    collectors_.push_back(std::move(collector));
  }
}

void JsonReport::Document::FinishCollection(const CollectionFinished& event) {
  tally_.Add("deselected", static_cast<int>(event.deselected));
}

void JsonReport::Document::Report(const TestReported& event) {
  const ReportRecord record = MakeRecord(event);
  tally_.Add(record.category);
  Test& test = event.item == ItemId{kNoItem} ? strangers_[event.node_id] : tests_[event.item];
  test.node_id = event.node_id;
  test.worker = event.worker;
  test.duration += record.duration;
  const std::string word = WordFor(record);
  if (Rank(word) > Rank(test.outcome)) test.outcome = word;
  test.phases.push_back(PhaseJson(record, event.report));
}

void JsonReport::Document::Warn(const WarningRaised& event) {
  tally_.Add("warnings");
  warnings_.push_back(ParseJson(event.warning.envelope));
}

Json JsonReport::Document::TestJson(const Test& test) const {
  Json json = {{"nodeid", test.node_id},
               {"outcome", test.outcome.empty() ? "not run" : test.outcome},
               {"duration", test.duration}};
  if (!test.phases.empty() && workers_ > 1) json["worker"] = fmt::format("gw{}", Number(test.worker));
  json["phases"] = test.phases;
  return json;
}

Json JsonReport::Document::Times(const RunTimes& times) const {
  return {{"wall", times.wall},          {"start", times.start},        {"discovery", times.discovery},
          {"collection", times.collect}, {"tests", times.tests},        {"busy", times.worker_busy},
          {"floor", times.floor},        {"floor_is", times.floor_what}};
}

std::string JsonReport::Document::Finish(const RunFinished& event) {
  Json counts = Json::object();
  for (const auto& [category, count] : tally_.Counts()) counts[category] = count;
  Json tests = Json::array();
  for (const auto& [item, test] : tests_) tests.push_back(TestJson(test));
  for (const auto& [id, test] : strangers_) tests.push_back(TestJson(test));
  Json document = {{"format", "fastest"},
                   {"version", kFormatVersion},
                   {"run", run_},
                   {"exit_code", event.exit_code},
                   {"stopped", event.stop_reason},
                   {"collected", event.collected},
                   {"counts", counts},
                   {"times", Times(event.times)},
                   {"tests", tests},
                   {"collectors", collectors_},
                   {"deselected", deselected_},
                   {"warnings", warnings_},
                   {"not_run", event.not_run},
                   {"flaky", FlakyJson(event)}};
  if (!event.agents.empty()) document["agents"] = AgentsJson(event.agents);
  return WithEscapedSurrogates(DumpJson(document, 1, false)) + "\n";
}

JsonReport::JsonReport(FileSink sink, std::function<void(const std::string&)> complain)
    : document_(std::make_unique<Document>()), sink_(std::move(sink)), complain_(std::move(complain)) {}
JsonReport::~JsonReport() = default;

void JsonReport::OnEvent(const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    document_->Start(*started);
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    document_->Collect(*collected);
  } else if (const auto* counted = std::get_if<CollectionFinished>(&event)) {
    document_->FinishCollection(*counted);
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    document_->Report(*reported);
  } else if (const auto* warning = std::get_if<WarningRaised>(&event)) {
    document_->Warn(*warning);
  } else if (const auto* finished = std::get_if<RunFinished>(&event)) {
    const Status written = sink_(document_->Finish(*finished));
    if (!written.ok()) complain_("the JSON report is incomplete: " + written.error().message);
  }
}

}  // namespace fastest
