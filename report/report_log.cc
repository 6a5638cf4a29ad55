#include "report/report_log.h"

#include "report/agents_json.h"
#include "report/json_fields.h"
#include "report/surrogates.h"

namespace fastest {
namespace {

// Logs captured by a passed test go, where the user asked for it.
void DropLogs(Json* report) {
  Json kept = Json::array();
  for (const Json& section : Field(*report, "sections")) {
    const std::string name = TextOf(Element(section, 0));
    const bool is_log = name == "Captured log setup" || name == "Captured log call" || name == "Captured log teardown";
    if (!is_log) kept.push_back(section);
  }
  (*report)["sections"] = kept;
}

Json PlainReport(const TestReported& event) {
  const TestReport& report = event.report;
  return {{"nodeid", event.node_id},
          {"location", nullptr},
          {"keywords", Json::object()},
          {"outcome", OutcomeName(report.outcome)},
          {"longrepr", nullptr},
          {"when", PhaseName(report.phase)},
          {"user_properties", Json::array()},
          {"sections", Json::array()},
          {"duration", report.duration},
          {"start", report.start},
          {"stop", report.stop},
          {"$report_type", "TestReport"}};
}

Json PlainReport(const CollectReport& report) {
  return {{"nodeid", report.node_id},  {"outcome", OutcomeName(report.outcome)},
          {"longrepr", nullptr},       {"result", nullptr},
          {"sections", Json::array()}, {"$report_type", "CollectReport"}};
}

template <typename Report>
Json ReportOf(const std::string& envelope, const Report& report) {
  Json json = Field(ParseJson(envelope), "report");
  return json.is_object() ? json : PlainReport(report);
}

// As pytest-reportlog: ASCII, and what is no character as the test wrote it.
std::string LineOf(const Json& json) { return WithSurrogateEscapes(DumpJson(json)); }

Json WarningOf(const WarningReport& warning) {
  const Json envelope = ParseJson(warning.envelope);
  return {{"category", Field(envelope, "category")}, {"filename", Field(envelope, "filename")},
          {"lineno", Field(envelope, "lineno")},     {"message", Field(envelope, "message")},
          {"$report_type", "WarningMessage"},        {"when", Field(envelope, "when")},
          {"location", Field(envelope, "location")}};
}

}  // namespace

void ReportLog::OnEvent(const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    const Json ready = ParseJson(started->ready);
    drop_logs_ = FlagOf(Field(Field(ready, "options"), "report_log_exclude_logs_on_passed_tests"));
    lines_.Write(LineOf({{"pytest_version", Field(ready, "pytest")}, {"$report_type", "SessionStart"}}));
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    for (const CollectReport& report : collected->reports) lines_.Write(LineOf(ReportOf(report.envelope, report)));
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    Json report = ReportOf(reported->report.envelope, *reported);
    if (drop_logs_ && reported->report.outcome == Outcome::kPassed) DropLogs(&report);
    lines_.Write(LineOf(report));
  } else if (const auto* warning = std::get_if<WarningRaised>(&event)) {
    lines_.Write(LineOf(WarningOf(warning->warning)));
  } else if (const auto* finished = std::get_if<RunFinished>(&event)) {
    Json line = {{"exitstatus", finished->exit_code}, {"$report_type", "SessionFinish"}};
    if (!finished->agents.empty()) line["agents"] = AgentsJson(finished->agents);
    lines_.Write(LineOf(line));
  }
}

}  // namespace fastest
