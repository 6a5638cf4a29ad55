#include "report/shard_log.h"

#include <fmt/format.h>

#include "report/json_fields.h"

namespace fastest {
namespace {

// JSON that is put in as it is: what a worker sent.
std::string Raw(const std::string& json) { return json.empty() ? "null" : json; }

// `json` with one more member, whose value is JSON already.
std::string With(const Json& json, const char* name, const std::string& value) {
  std::string text = DumpJson(json, -1, false);
  text.pop_back();
  return text + fmt::format(R"(,"{}":{}}})", name, Raw(value));
}

std::string Line(const RunStarted& event) {
  const Json shard = ParseJson(event.shard);
  const Json line = {{"event", "started"},
                     {"format", "fastest-shard"},
                     {"version", 1},
                     {"shard", NumberOf(Field(shard, "index")) + 1},
                     {"of", Field(shard, "total")},
                     {"cut", Field(shard, "digest")},
                     {"files", Field(shard, "files")},
                     {"run", event.run_id},
                     {"wall_start", event.wall_start},
                     {"mode", event.mode == CollectMode::kFile ? "file" : "whole"},
                     {"workers", event.workers}};
  return With(line, "ready", event.ready);
}

std::string Line(const UnitCollected& event) {
  Json items = Json::array();
  for (const ItemId item : event.items) items.push_back(Number(item));
  Json line = {{"event", "collected"}, {"items", items}, {"ids", event.node_ids}, {"unit", Number(event.unit)}};
  if (!event.deselected.empty()) line["deselected"] = event.deselected;
  if (!event.walked.empty()) line["walked"] = event.walked;
  std::string reports;
  for (const CollectReport& report : event.reports) {
    const Json head = {{"id", report.node_id}, {"outcome", static_cast<int>(report.outcome)}};
    reports += (reports.empty() ? "" : ",") + With(head, "envelope", report.envelope);
  }
  return With(line, "reports", "[" + reports + "]");
}

std::string Line(const CollectionFinished& event) {
  return DumpJson({{"event", "counted"}, {"deselected", event.deselected}, {"errors", event.errors}});
}

std::string Line(const TestReported& event) {
  const TestReport& report = event.report;
  const Json line = {{"event", "report"},
                     {"item", Number(event.item)},
                     {"id", event.node_id},
                     {"worker", Number(event.worker)},
                     {"phase", static_cast<int>(report.phase)},
                     {"outcome", static_cast<int>(report.outcome)},
                     {"times", {report.start, report.stop, report.duration}}};
  return With(line, "envelope", report.envelope);
}

std::string Line(const TestFinished& event) { return DumpJson({{"event", "finish"}, {"item", Number(event.item)}}); }

std::string Line(const WarningRaised& event) {
  return With(Json{{"event", "warning"}}, "envelope", event.warning.envelope);
}

std::string Line(const Notice& event) {
  if (!event.error) return "";
  return DumpJson({{"event", "notice"}, {"text", event.text}}, -1, false);
}

std::string Line(const WorkerChanged& event) {
  if (event.what != WorkerChanged::What::kDone) return "";
  return With(Json{{"event", "worker"}, {"worker", Number(event.worker)}}, "answer", event.answer);
}

std::string Line(const RunFinished& event) {
  Json flaky = Json::array();
  for (const FlakyTest& test : event.flaky) flaky.push_back({{"id", test.node_id}, {"attempts", test.attempts}});
  const Json line = {{"event", "finished"},          {"exit", event.exit_code},
                     {"reason", event.stop_reason},  {"not_run", event.not_run},
                     {"collected", event.collected}, {"wall", event.times.wall},
                     {"tests", event.times.tests},   {"flaky", flaky},
                     {"place", event.stop_place}};
  return DumpJson(line, -1, false);
}

// Of no use once the run is over.
std::string Line(const TestStarted&) { return ""; }
std::string Line(const OutputWritten&) { return ""; }

}  // namespace

std::string ShardLogName(std::uint32_t index, std::uint32_t total) {
  return fmt::format("shard-{}-of-{}.jsonl", index + 1, total);
}

void ShardLog::OnEvent(const Event& event) {
  std::string line = std::visit([](const auto& happened) { return Line(happened); }, event);
  if (!line.empty()) lines_.Write(std::move(line));
}

}  // namespace fastest
