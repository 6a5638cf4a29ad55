#include "agent/worker_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace fastest::wire {
namespace {

// Ordered, so that an envelope comes out with its members in pytest's order.
using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ParseAny(std::string_view text) { return Json::parse(text, nullptr, false); }

Result<Json> ParseObject(std::string_view body, const char* what) {
  Json json = ParseAny(body);
  if (!json.is_object()) return Error{fmt::format("{} is not a JSON object: {}", what, body.substr(0, 200))};
  return json;
}

// Members of the wanted type; a default where there is none. The library's own accessors throw.
const Json& Member(const Json& json, const char* name) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(name);
  return found == json.end() ? kNone : *found;
}

std::string AsText(const Json& json) { return json.is_string() ? json.get<std::string>() : std::string(); }
std::string Text(const Json& json, const char* name) { return AsText(Member(json, name)); }

template <typename Number>
Number NumberOf(const Json& json, Number fallback) {
  return json.is_number() ? json.get<Number>() : fallback;
}
template <typename Number>
Number NumberIn(const Json& json, const char* name, Number fallback) {
  return NumberOf(Member(json, name), fallback);
}

std::vector<std::string> Texts(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const Json& list = Member(json, name);
  if (!list.is_array()) return texts;
  for (const Json& one : list) texts.push_back(AsText(one));
  return texts;
}

Outcome OutcomeOf(const std::string& word) {
  if (word == "passed") return Outcome::kPassed;
  if (word == "failed") return Outcome::kFailed;
  return word == "skipped" ? Outcome::kSkipped : Outcome::kOther;
}

std::vector<CollectReport> Reports(const Json& json) {
  std::vector<CollectReport> reports;
  const Json& list = Member(json, "reports");
  if (!list.is_array()) return reports;
  for (const Json& envelope : list) {
    const Json& report = Member(envelope, "report");
    reports.push_back({Text(report, "nodeid"), OutcomeOf(Text(report, "outcome")), Dump(envelope)});
  }
  return reports;
}

// [["id", 0], …]
std::vector<ItemKey> Items(const Json& json) {
  std::vector<ItemKey> items;
  const Json& list = Member(json, "items");
  if (!list.is_array()) return items;
  for (const Json& pair : list) {
    if (pair.is_array() && pair.size() == 2) items.push_back({AsText(pair[0]), NumberOf<std::uint32_t>(pair[1], 0)});
  }
  return items;
}

Json ItemList(const std::vector<ItemKey>& items) {
  Json list = Json::array();
  for (const ItemKey& item : items) list.push_back(Json::array({item.node_id, item.occurrence}));
  return list;
}

const char* ModeWord(CollectMode mode) {
  switch (mode) {
    case CollectMode::kFile:
      return "file";
    case CollectMode::kWhole:
      return "whole";
    case CollectMode::kWholeEach:
      return "each";
  }
  return "whole";
}

// `start` is JSON already: it is put in as it is.
std::string StartMember(const std::string& start) { return "\"start\":" + (start.empty() ? "{}" : start) + '}'; }

template <typename Number>
Number At(std::string_view bytes, std::size_t offset) {
  Number number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

}  // namespace

std::string EncodeFork(const ForkOrder& order) {
  Json json{{"worker", order.worker}, {"id", nullptr}, {"count", order.count}, {"mode", ModeWord(order.mode)}};
  if (!order.id.empty()) json["id"] = order.id;
  std::string text = Dump(json);
  text.back() = ',';
  return text + StartMember(order.start);
}

std::string EncodeCollect(const std::string& start) { return '{' + StartMember(start); }

std::string SetupAgain(const std::string& setup) {
  const std::string rest = setup.substr(1);
  return "{\"again\":true" + (rest == "}" ? rest : ',' + rest);
}

Result<ReadyAnswer> DecodeReady(std::string_view body) {
  const auto json = ParseObject(body, "READY or FRESH");
  if (!json.ok()) return json.error();
  return ReadyAnswer{Texts(*json, "fresh")};
}

Result<FailedAnswer> DecodeFailed(std::string_view body) {
  const auto json = ParseObject(body, "FAILED");
  if (!json.ok()) return json.error();
  return FailedAnswer{Text(*json, "text"), NumberIn<std::uint32_t>(*json, "exit", 3)};
}

Result<ProcessAnswer> DecodeProcess(std::string_view body) {
  const auto json = ParseObject(body, "FORKED or EXITED");
  if (!json.ok()) return json.error();
  return ProcessAnswer{NumberIn<std::uint32_t>(*json, "worker", 0), NumberIn<std::int32_t>(*json, "pid", 0),
                       NumberIn<std::int32_t>(*json, "status", 0)};
}

std::string EncodeAssign(const Assign& assign) {
  Json units = Json::array();
  for (const Assignment& unit : assign.units) {
    units.push_back({{"unit", Number(unit.unit)},
                     {"path", unit.path},
                     {"roots", unit.roots},
                     {"include", unit.include},
                     {"exclude", unit.exclude},
                     {"items", ItemList(unit.items)}});
  }
  Json order{{"lease", Number(assign.lease)}, {"run", assign.run}, {"units", std::move(units)}};
  if (assign.together) order["together"] = true;
  return Dump(order);
}

std::string EncodeRelease(const Release& release) {
  const auto list = [](const std::vector<Release::Part>& parts) {
    Json all = Json::array();
    for (const Release::Part& part : parts)
      all.push_back({{"unit", Number(part.unit)}, {"items", ItemList(part.items)}});
    return all;
  };
  return Dump({{"lease", Number(release.lease)},
               {"next", list(release.next)},
               {"gone", list(release.gone)},
               {"rest", release.rest}});
}

std::string EncodeLease(LeaseId lease) { return fmt::format("{{\"lease\":{}}}", Number(lease)); }

std::string EncodeRevokeFiles(LeaseId lease) { return fmt::format(R"({{"lease":{},"files":true}})", Number(lease)); }

std::string EncodeStop(Stop::How how) { return how == Stop::How::kDone ? R"({"how":"done"})" : R"({"how":"finish"})"; }

Result<PlacedReport> DecodeReport(std::string_view body) {
  constexpr std::size_t kHead = 40;
  if (body.size() < kHead) return Error{fmt::format("a REPORT has {} bytes", body.size())};
  const auto phase = At<std::uint8_t>(body, 8);
  const auto outcome = At<std::uint8_t>(body, 9);
  if (phase > 2 || outcome > 3) return Error{fmt::format("a REPORT has phase {} and outcome {}", phase, outcome)};
  PlacedReport placed;
  placed.place = {At<std::uint32_t>(body, 0), At<std::uint32_t>(body, 4)};
  placed.report = {static_cast<Phase>(phase), static_cast<Outcome>(outcome), At<double>(body, 16),
                   At<double>(body, 24),      At<double>(body, 32),          std::string(body.substr(kHead))};
  return placed;
}

Result<Place> DecodePlace(std::string_view body) {
  if (body.size() < 8) return Error{fmt::format("a DONE has {} bytes", body.size())};
  return Place{At<std::uint32_t>(body, 0), At<std::uint32_t>(body, 4)};
}

Result<Collected> DecodeCollected(std::string_view body) {
  const auto json = ParseObject(body, "COLLECTED");
  if (!json.ok()) return json.error();
  Collected collected;
  collected.lease = LeaseId(NumberIn<std::uint64_t>(*json, "lease", 0));
  collected.unit = UnitId(NumberIn<std::uint32_t>(*json, "unit", 0));
  collected.node_ids = Texts(*json, "ids");
  collected.reports = Reports(*json);
  collected.deselected = Texts(*json, "deselected");
  collected.groups = Texts(*json, "groups");
  collected.divisible = Texts(*json, "divisible");
  collected.seconds = NumberIn<double>(*json, "seconds", 0);
  collected.problem = Text(*json, "problem");
  collected.header = Texts(*json, "header");
  collected.finish = Texts(*json, "finish");
  const Json& serial = Member(*json, "serial");
  for (const Json& index : serial) collected.serial.push_back(NumberOf<std::uint32_t>(index, kNoItem));
  return collected;
}

Result<Walked> DecodeWalked(std::string_view body) {
  const auto json = ParseObject(body, "WALKED");
  if (!json.ok()) return json.error();
  return Walked{{}, Texts(*json, "paths"), Reports(*json)};
}

Result<ItemsUnknown> DecodeUnknown(std::string_view body) {
  const auto json = ParseObject(body, "UNKNOWN");
  if (!json.ok()) return json.error();
  return ItemsUnknown{{},
                      LeaseId(NumberIn<std::uint64_t>(*json, "lease", 0)),
                      UnitId(NumberIn<std::uint32_t>(*json, "unit", 0)),
                      Items(*json)};
}

Result<LeaseId> DecodeLease(std::string_view body) {
  const auto json = ParseObject(body, "LEASE_DONE");
  if (!json.ok()) return json.error();
  return LeaseId(NumberIn<std::uint64_t>(*json, "lease", 0));
}

Result<Revoked> DecodeRevoked(std::string_view body) {
  const auto json = ParseObject(body, "REVOKED");
  if (!json.ok()) return json.error();
  Revoked revoked{LeaseId(NumberIn<std::uint64_t>(*json, "lease", 0)), {}};
  for (const Json& unit : Member(*json, "units")) {
    const Json& whole = Member(unit, "whole");
    revoked.parts.push_back(
        {UnitId(NumberIn<std::uint32_t>(unit, "unit", 0)), whole.is_boolean() && whole.get<bool>(), Items(unit)});
  }
  return revoked;
}

Result<WorkerStopping> DecodeStopping(std::string_view body) {
  const auto json = ParseObject(body, "STOPPING");
  if (!json.ok()) return json.error();
  const auto exit_code = NumberIn<std::int32_t>(*json, "exit", -1);
  return WorkerStopping{{}, Text(*json, "kind"), Text(*json, "reason"), exit_code, Text(*json, "place")};
}

Result<InternalError> DecodeInternalError(std::string_view body) {
  const auto json = ParseObject(body, "INTERNAL_ERROR");
  if (!json.ok()) return json.error();
  return InternalError{{}, Text(*json, "text")};
}

Result<std::string> DecodeImporting(std::string_view body) {
  const auto json = ParseObject(body, "IMPORTING");
  if (!json.ok()) return json.error();
  return Text(*json, "path");
}

Result<SharedSaid> DecodeShared(std::string_view body) {
  constexpr std::string_view kWords[] = {"acquire", "ready", "failed", "release", "retire", "retired"};
  const auto json = ParseObject(body, "SHARED");
  if (!json.ok()) return json.error();
  const std::string what = Text(*json, "what");
  const auto* word = std::find(std::begin(kWords), std::end(kWords), what);
  if (word == std::end(kWords)) return Error{fmt::format("no SHARED says '{}'", what.substr(0, 20))};
  return SharedSaid{
      {}, static_cast<SharedSaid::What>(word - kWords), Text(*json, "key"), Text(*json, "ticket"), Text(*json, "text")};
}

std::string EncodeSharedAnswer(const SharedAnswer& answer) {
  constexpr const char* kWords[] = {"set-up", "value", "failed", "gave-up", "tear-down"};
  return Dump({{"what", kWords[static_cast<std::size_t>(answer.what)]},
               {"key", answer.key},
               {"ticket", answer.ticket},
               {"text", answer.text}});
}

std::string NodeIdOf(std::string_view envelope) { return Text(Member(ParseAny(envelope), "report"), "nodeid"); }

std::vector<ItemKey> Keys(const std::vector<std::string>& node_ids) {
  std::unordered_map<std::string_view, std::uint32_t> seen;
  std::vector<ItemKey> keys;
  keys.reserve(node_ids.size());
  for (const std::string& id : node_ids) keys.push_back({id, seen[id]++});
  return keys;
}

std::string TestRunUid(const std::string& start) { return Text(Member(ParseAny(start), "workerinput"), "testrunuid"); }

}  // namespace fastest::wire
