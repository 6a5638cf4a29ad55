#include "cli/k8s_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace fastest {
namespace {

using nlohmann::json;

// What stands at a path of keys, or null.
const json& At(const json& from, std::initializer_list<const char*> keys) {
  static const json kNothing;
  const json* here = &from;
  for (const char* key : keys) {
    if (!here->is_object() || !here->contains(key)) return kNothing;
    here = &(*here)[key];
  }
  return *here;
}

std::string Text(const json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::string Reason(const json& of) {
  const std::string reason = Text(At(of, {"reason"})), message = Text(At(of, {"message"}));
  return message.empty() ? reason : fmt::format("{}: {}", reason, message);
}

const json& Condition(const json& object, const char* type) {
  static const json kNothing;
  for (const json& one : At(object, {"status", "conditions"}))
    if (Text(At(one, {"type"})) == type && Text(At(one, {"status"})) != "Unknown") return one;
  return kNothing;
}

CoordinatorPod ReadPod(const json& item) {
  CoordinatorPod pod;
  pod.name = Text(At(item, {"metadata", "name"}));
  pod.created = Text(At(item, {"metadata", "creationTimestamp"}));
  const json& scheduled = Condition(item, "PodScheduled");
  if (Text(At(scheduled, {"status"})) == "False") pod.waits = Reason(scheduled);
  for (const json& container : At(item, {"status", "containerStatuses"})) {
    const json& state = At(container, {"state"});
    pod.started = !At(state, {"running"}).is_null() || !At(state, {"terminated"}).is_null();
    if (!At(state, {"waiting"}).is_null()) pod.waits = Reason(At(state, {"waiting"}));
    const json& code = At(state, {"terminated", "exitCode"});
    if (code.is_number_integer()) pod.exit_code = code.get<int>();
  }
  // It was gone before it could run: its node, say.
  const std::string phase = Text(At(item, {"status", "phase"}));
  if (!pod.exit_code && (phase == "Failed" || phase == "Succeeded")) pod.exit_code = -1;
  return pod;
}

void ReadJob(const json& item, RunStatus* status) {
  status->job = true;
  const auto is_true = [&](const char* type) { return Text(At(Condition(item, type), {"status"})) == "True"; };
  status->complete = is_true("Complete") || is_true("SuccessCriteriaMet");
  for (const char* type : {"FailureTarget", "Failed"})
    if (is_true(type)) status->failed = Reason(Condition(item, type));
  status->gave_up = IsInIndexes(Text(At(item, {"status", "failedIndexes"})), 0);
}

}  // namespace

bool IsInIndexes(const std::string& list, int index) {
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string part = list.substr(at, end - at);
    const auto dash = part.find('-');
    const int first = std::atoi(part.c_str());
    const int last = dash == std::string::npos ? first : std::atoi(part.c_str() + dash + 1);
    if (first <= index && index <= last) return true;
    at = end + 1;
  }
  return false;
}

Result<RunStatus> ReadRunStatus(const std::string& text) {
  const json list = json::parse(text, nullptr, false);
  if (!At(list, {"items"}).is_array()) return Error{"kubectl get: this is no list of objects"};
  RunStatus status;
  for (const json& item : At(list, {"items"})) {
    const std::string kind = Text(At(item, {"kind"}));
    if (kind == "Job") ReadJob(item, &status);
    const json& index = At(item, {"metadata", "annotations", "batch.kubernetes.io/job-completion-index"});
    if (kind == "Pod" && Text(index) == "0") status.coordinators.push_back(ReadPod(item));
  }
  std::sort(status.coordinators.begin(), status.coordinators.end(),
            [](const CoordinatorPod& a, const CoordinatorPod& b) { return a.created < b.created; });
  return status;
}

}  // namespace fastest
