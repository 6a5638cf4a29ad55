#include "agent/warm_wire.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace fastest::wire {
namespace {

using WarmJson = nlohmann::json;

WarmJson Parse(std::string_view body) {
  WarmJson json = WarmJson::parse(body, nullptr, false);
  return json.is_object() ? json : WarmJson::object();
}

template <typename Number>
Number NumberAt(const WarmJson& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number() ? found->get<Number>() : Number{};
}

std::string TextAt(const WarmJson& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Error Bad(const char* what, std::string_view body) {
  return Error{fmt::format("{} of the warm process makes no sense: {}", what, body.substr(0, 200))};
}

WarmStatus StatusIn(const WarmJson& json) {
  WarmStatus status;
  status.pid = NumberAt<pid_t>(json, "pid");
  status.project = TextAt(json, "project");
  status.loaded = TextAt(json, "loaded");
  status.age = NumberAt<double>(json, "age");
  status.idle = NumberAt<double>(json, "idle");
  status.runs = NumberAt<std::uint32_t>(json, "runs");
  status.active = NumberAt<std::uint32_t>(json, "active");
  status.memory = NumberAt<std::uint64_t>(json, "memory");
  return status;
}

}  // namespace

std::string EncodeLaunch(const Launch& launch) {
  WarmJson environment = WarmJson::object();
  for (const auto& [name, value] : launch.environment) environment[name] = value ? WarmJson(*value) : WarmJson(nullptr);
  const WarmJson json = {{"environment", environment},
                         {"plugin_words", launch.plugin_words},
                         {"project", launch.project},
                         {"setup", WarmJson::parse(launch.setup, nullptr, false)},
                         {"exact", launch.exact},
                         {"idle_timeout", Seconds(launch.idle_timeout).count()},
                         {"memory_limit", launch.memory_limit},
                         {"fds", launch.fds}};
  return json.dump(-1, ' ', false, WarmJson::error_handler_t::replace);
}

Result<WarmStatus> DecodeStatus(std::string_view body) {
  WarmStatus status = StatusIn(Parse(body));
  if (status.pid <= 0) return Bad("STATUS", body);
  return status;
}

Result<Begun> DecodeBegun(std::string_view body) {
  const WarmJson json = Parse(body);
  Begun begun{NumberAt<pid_t>(json, "pid"), NumberAt<pid_t>(json, "reaper"), {}};
  if (const auto warm = json.find("warm"); warm != json.end() && warm->is_object()) begun.warm = StatusIn(*warm);
  if (begun.pid <= 0 || begun.reaper <= 0) return Bad("BEGUN", body);
  return begun;
}

Result<Ended> DecodeEnded(std::string_view body) {
  const WarmJson json = Parse(body);
  const Ended ended{NumberAt<pid_t>(json, "pid"), NumberAt<int>(json, "status")};
  if (ended.pid <= 0) return Bad("ENDED", body);
  return ended;
}

std::string DecodeDeclined(std::string_view body) { return TextAt(Parse(body), "why"); }

}  // namespace fastest::wire
