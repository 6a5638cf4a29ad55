#include "coordinator/loss_report.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "protocol/node_id.h"

namespace fastest {
namespace {

using nlohmann::json;

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string SignalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

std::string DescribeEnd(int status) {
  if (WIFSIGNALED(status)) return fmt::format("died of {}", SignalName(WTERMSIG(status)));
  return fmt::format("exited with code {}", WEXITSTATUS(status));
}

std::string DescribeLoss(const WorkerLost& lost) {
  constexpr const char* kDoing[] = {
      "starting", "idle", "collecting", "in setup", "in call", "in teardown", "in the session's teardown", "ending"};
  const char* doing = kDoing[static_cast<int>(lost.state)];
  std::string text =
      lost.hung ? fmt::format("worker gw{} hung ({}) and was killed: --hang-timeout", Number(lost.worker), doing)
                : fmt::format("worker gw{} crashed ({}): the process {}", Number(lost.worker), doing,
                              DescribeEnd(lost.status));
  if (!lost.hung && WIFEXITED(lost.status)) text += " without ending its session (os._exit?)";
  if (!lost.traceback.empty()) text += "\n\n" + lost.traceback;
  return text;
}

TestReport MakeFailure(const std::string& node_id, Phase phase, const std::string& text, double wall) {
  const json report = {{"$report_type", "TestReport"},
                       {"nodeid", node_id},
                       {"location", {std::string(FileOf(node_id)), nullptr, node_id}},
                       {"keywords", json::object()},
                       {"outcome", "failed"},
                       {"longrepr", text},
                       {"when", PhaseName(phase)},
                       {"user_properties", json::array()},
                       {"sections", json::array()},
                       {"duration", 0.0},
                       {"start", wall},
                       {"stop", wall}};
  json envelope = {{"report", report}, {"text", text}, {"short", text.substr(0, text.find('\n'))}};
  return {phase, Outcome::kFailed, wall, wall, 0, Dump(envelope)};
}

CollectReport MakeCollectFailure(const std::string& node_id, const std::string& text) {
  const json report = {{"$report_type", "CollectReport"},
                       {"nodeid", node_id},
                       {"outcome", "failed"},
                       {"longrepr", text},
                       {"result", nullptr},
                       {"sections", json::array()}};
  return {node_id, Outcome::kFailed,
          Dump({{"report", report}, {"text", text}, {"short", text.substr(0, text.find('\n'))}})};
}

}  // namespace fastest
