#include "report/junit_xml.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <map>
#include <unordered_map>

#include "report/junit_case.h"
#include "report/pytest_version.h"

namespace fastest {
namespace {

JUnitOptions ReadOptions(const Json& ready, int columns) {
  const Json& ini = Field(ready, "ini");
  const std::string version = TextOf(Field(ready, "pytest"));
  JUnitOptions options;
  options.family = TextOf(Field(ini, "junit_family"), options.family);
  options.suite_name = TextOf(Field(ini, "junit_suite_name"), options.suite_name);
  options.logging = TextOf(Field(ini, "junit_logging"), options.logging);
  options.duration_report = TextOf(Field(ini, "junit_duration_report"), options.duration_report);
  options.log_passing_tests = FlagOf(Field(ini, "junit_log_passing_tests"), true);
  options.prefix = TextOf(Field(Field(ready, "options"), "junitprefix"));
  options.astral = options.counts_elements = IsAtLeast(version, 9, 1);
  options.names_the_whole = IsAtLeast(version, 8, 4);
  options.shortens_messages = IsAtLeast(version, 9, 2);
  options.columns = columns;
  return options;
}

// A report that came without its JSON: a plain pass.
Json PlainPass(const TestReported& event) {
  return {{"nodeid", event.node_id},
          {"outcome", OutcomeName(event.report.outcome)},
          {"when", PhaseName(event.report.phase)},
          {"duration", event.report.duration}};
}

// "2026-03-01T12:00:00.123456+00:00"
std::string Timestamp(double epoch_seconds) {
  const double whole = std::floor(epoch_seconds);
  const auto microseconds = static_cast<int>((epoch_seconds - whole) * 1e6);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}+00:00", fmt::gmtime(static_cast<std::time_t>(whole)), microseconds);
}

}  // namespace

class JUnitXml::Suite {
 public:
  explicit Suite(std::string hostname, int columns) : hostname_(std::move(hostname)), columns_(columns) {}

  void Start(const RunStarted& event) {
    options_ = ReadOptions(ParseJson(event.ready), columns_);
    timestamp_ = Timestamp(event.wall_start);
  }

  void Collect(const UnitCollected& event) {
    for (const ItemId item : event.items) units_[item] = event.unit;
    for (const CollectReport& report : event.reports) Collect(report);
  }

  void Collect(const CollectReport& report) {
    if (report.outcome == Outcome::kPassed) return;
    Json json = Field(ParseJson(report.envelope), "report");
    if (!json.is_object()) json = {{"nodeid", report.node_id}, {"outcome", OutcomeName(report.outcome)}};
    collectors_[report.node_id].AddCollector(json, options_, &counts_);
    if (collectors_.size() > order_.size()) order_.push_back(report.node_id);
  }

  void Report(const TestReported& event) {
    const Json envelope = ParseJson(event.report.envelope);
    const Json& json = Field(envelope, "report");
    const bool is_item = event.item != ItemId{kNoItem};
    if (is_item) keys_[event.node_id] = {units_[event.item], event.item};
    JUnitCases& cases = is_item ? tests_[{units_[event.item], event.item}] : collectors_[event.node_id];
    if (FlagOf(Field(envelope, "retried"))) {
      cases.AddRetried(json, options_);
    } else {
      cases.AddTest(json.is_object() ? json : PlainPass(event), options_, &counts_);
    }
    if (collectors_.size() > order_.size()) order_.push_back(event.node_id);
  }

  // What a worker's tests said by record_testsuite_property and record_xml_attribute. What a fixture of session scope
  // says is said by each worker, and stands there once.
  void Finish(const WorkerChanged& event) {
    const Json answer = ParseJson(event.answer);
    std::map<std::pair<std::string, std::string>, int> said;
    for (const Json& property : Field(answer, "suite_properties")) {
      const std::pair<std::string, std::string> words(TextOf(Element(property, 0)), TextOf(Element(property, 1)));
      if (++said[words] <= properties_said_[words]) continue;
      ++properties_said_[words];
      properties_.children.push_back({"property", {{"name", words.first}, {"value", words.second}}, "", {}});
    }
    for (const auto& [id, attributes] : Field(answer, "case_attributes").items()) {
      const auto key = keys_.find(id);
      if (key == keys_.end() || !attributes.is_object()) continue;
      for (const auto& [name, value] : attributes.items())
        tests_[key->second].SetAttribute(name, TextOf(value), options_);
    }
  }

  // Of a run over several machines alone: a local run's file is pytest's own.
  void Add(const std::vector<AgentFigures>& agents) {
    for (const AgentFigures& agent : agents) {
      const std::string value = fmt::format("workers {}, tests {}, busy {:.3f} s{}{}", agent.workers, agent.tests,
                                            agent.busy, agent.end.empty() ? "" : ", ", agent.end);
      properties_.children.push_back({"property", {{"name", "agent " + agent.name}, {"value", value}}, "", {}});
    }
  }

  std::string Text(double seconds) const {
    const int tests = counts_.passed + counts_.failures + counts_.skipped + counts_.errors - counts_.doubled;
    XmlElement suite{"testsuite",
                     {{"name", options_.suite_name},
                      {"errors", std::to_string(counts_.errors)},
                      {"failures", std::to_string(counts_.failures)},
                      {"skipped", std::to_string(counts_.skipped)},
                      {"tests", std::to_string(tests)},
                      {"time", fmt::format("{:.3f}", seconds)},
                      {"timestamp", timestamp_},
                      {"hostname", hostname_}},
                     "",
                     {}};
    if (!properties_.children.empty()) suite.children.push_back(properties_);
    const auto add = [&](const JUnitCases& cases) {
      for (XmlElement& element : cases.Elements()) suite.children.push_back(std::move(element));
    };
    for (const std::string& id : order_) add(collectors_.at(id));
    for (const auto& [item, cases] : tests_) add(cases);
    std::vector<std::pair<std::string, std::string>> named;
    if (options_.names_the_whole) named.emplace_back("name", "pytest tests");
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>" +
           XmlText({"testsuites", std::move(named), "", {std::move(suite)}});
  }

 private:
  std::string hostname_;
  int columns_;
  JUnitOptions options_;
  std::string timestamp_;
  JUnitCounts counts_;
  XmlElement properties_{"properties", {}, "", {}};
  std::map<std::pair<std::string, std::string>, int> properties_said_;
  std::map<ItemId, UnitId> units_;
  std::unordered_map<std::string, std::pair<UnitId, ItemId>> keys_;  // By node id.
  std::map<std::pair<UnitId, ItemId>, JUnitCases> tests_;            // In collection order.
  std::map<std::string, JUnitCases> collectors_;                     // And reports of no known item.
  std::vector<std::string> order_;                                   // Of the collectors.
};

JUnitXml::JUnitXml(std::string hostname, FileSink sink, std::function<void(const std::string&)> complain, int columns)
    : suite_(std::make_unique<Suite>(std::move(hostname), columns)),
      sink_(std::move(sink)),
      complain_(std::move(complain)) {}
JUnitXml::~JUnitXml() = default;

void JUnitXml::OnEvent(const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    suite_->Start(*started);
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    suite_->Collect(*collected);
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    suite_->Report(*reported);
  } else if (const auto* changed = std::get_if<WorkerChanged>(&event)) {
    suite_->Finish(*changed);
  } else if (const auto* finished = std::get_if<RunFinished>(&event)) {
    suite_->Add(finished->agents);
    const Status written = sink_(suite_->Text(finished->times.wall));
    if (!written.ok()) complain_("the JUnit file is incomplete: " + written.error().message);
  }
}

}  // namespace fastest
