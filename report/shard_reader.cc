#include "report/shard_reader.h"

#include <fmt/format.h>

#include <optional>

#include "report/json_fields.h"

namespace fastest {
namespace {

constexpr int kVersion = 1;

std::uint32_t Whole(const Json& value, std::uint32_t otherwise = 0) {
  const double number = NumberOf(value, otherwise);
  return number >= 0 && number <= 4294967295.0 ? static_cast<std::uint32_t>(number) : otherwise;
}

// As the worker's JSON had it: "" for null.
std::string TextOfRaw(const Json& value) { return value.is_null() ? "" : DumpJson(value, -1, false); }

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  texts.reserve(list.size());
  for (const Json& one : list) texts.push_back(TextOf(one));
  return texts;
}

Outcome OutcomeOf(const Json& value) { return static_cast<Outcome>(std::min(Whole(value), 3U)); }

RunStarted Started(const Json& line) {
  RunStarted event;
  event.run_id = TextOf(Field(line, "run"));
  event.wall_start = NumberOf(Field(line, "wall_start"));
  event.ready = TextOfRaw(Field(line, "ready"));
  event.mode = TextOf(Field(line, "mode")) == "file" ? CollectMode::kFile : CollectMode::kWhole;
  event.workers = Whole(Field(line, "workers"));
  event.shard = DumpJson({{"index", std::max(Whole(Field(line, "shard")), 1U) - 1},
                          {"total", Whole(Field(line, "of"))},
                          {"digest", TextOf(Field(line, "cut"))},
                          {"files", Field(line, "files")}},
                         -1, false);
  return event;
}

UnitCollected CollectedOf(const Json& line) {
  UnitCollected event;
  event.unit = UnitId{Whole(Field(line, "unit"))};
  event.node_ids = Texts(Field(line, "ids"));
  event.deselected = Texts(Field(line, "deselected"));
  event.walked = Texts(Field(line, "walked"));
  for (std::size_t i = 0; i < event.node_ids.size(); ++i)
    event.items.push_back(ItemId{Whole(Element(Field(line, "items"), i), kNoItem)});
  const Json& reports = Field(line, "reports");
  if (!reports.is_array()) return event;
  for (const Json& report : reports)
    event.reports.push_back(
        {TextOf(Field(report, "id")), OutcomeOf(Field(report, "outcome")), TextOfRaw(Field(report, "envelope"))});
  return event;
}

TestReported Reported(const Json& line) {
  const Json& times = Field(line, "times");
  TestReported event;
  event.item = ItemId{Whole(Field(line, "item"), kNoItem)};
  event.node_id = TextOf(Field(line, "id"));
  event.worker = WorkerId{Whole(Field(line, "worker"))};
  event.report = {static_cast<Phase>(std::min(Whole(Field(line, "phase")), 2U)),
                  OutcomeOf(Field(line, "outcome")),
                  NumberOf(Element(times, 0)),
                  NumberOf(Element(times, 1)),
                  NumberOf(Element(times, 2)),
                  TextOfRaw(Field(line, "envelope"))};
  return event;
}

RunFinished Finished(const Json& line) {
  RunFinished event;
  event.exit_code = static_cast<int>(Whole(Field(line, "exit"), 3));
  event.stop_reason = TextOf(Field(line, "reason"));
  event.stop_place = TextOf(Field(line, "place"));
  event.not_run = Texts(Field(line, "not_run"));
  event.collected = Whole(Field(line, "collected"));
  event.times.wall = NumberOf(Field(line, "wall"));
  event.times.tests = NumberOf(Field(line, "tests"));
  const Json& flaky = Field(line, "flaky");
  if (!flaky.is_array()) return event;
  for (const Json& test : flaky) event.flaky.push_back({TextOf(Field(test, "id")), Whole(Field(test, "attempts"))});
  return event;
}

std::optional<Event> EventOf(const Json& line) {
  const std::string kind = TextOf(Field(line, "event"));
  if (kind == "started") return Started(line);
  if (kind == "collected") return CollectedOf(line);
  if (kind == "counted") return CollectionFinished{0, Whole(Field(line, "deselected")), Whole(Field(line, "errors"))};
  if (kind == "report") return Reported(line);
  if (kind == "finish") return TestFinished{ItemId{Whole(Field(line, "item"), kNoItem)}, "", {}};
  if (kind == "warning") return WarningRaised{{TextOfRaw(Field(line, "envelope"))}};
  if (kind == "notice") return Notice{TextOf(Field(line, "text")), true};
  if (kind == "worker")
    return WorkerChanged{WorkerId{Whole(Field(line, "worker"))}, WorkerChanged::What::kDone, "",
                         TextOfRaw(Field(line, "answer"))};
  if (kind == "finished") return Finished(line);
  return std::nullopt;
}

}  // namespace

Result<bool> ReadShardLog(std::istream& lines, const std::function<void(Event)>& on_event) {
  bool first = true, finished = false;
  for (std::string text; std::getline(lines, text);) {
    const Json line = ParseJson(text);
    if (first && !line.is_object() && lines.eof()) break;  // Cut in its first line.
    if (first && (TextOf(Field(line, "format")) != "fastest-shard" || !Field(line, "files").is_object()))
      return Error{"no shard's report (allowed: what fastest --shard-report wrote)"};
    if (first && Whole(Field(line, "version")) != kVersion)
      return Error{fmt::format("a shard's report of another version than {}", kVersion)};
    first = false;
    if (!line.is_object()) break;  // Cut in the middle of a line.
    if (auto event = EventOf(line)) {
      finished = std::holds_alternative<RunFinished>(*event);
      on_event(*std::move(event));
    }
  }
  return finished;
}

}  // namespace fastest
