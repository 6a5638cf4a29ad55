#include "cli/controller_host.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "agent/worker_wire.h"
#include "base/pipe.h"
#include "cli/exit_code.h"
#include "protocol/node_id.h"

namespace fastest {
namespace {

using nlohmann::json;

// Frames of docs/protocol.md 1.7.
constexpr std::uint8_t kEvent = 48;
constexpr std::uint8_t kFinish = 49;
constexpr std::uint8_t kWorkerInput = 80;
constexpr std::uint8_t kControllerDone = 81;

constexpr int kGreen = static_cast<int>(ExitCode::kOk);
constexpr int kFailed = static_cast<int>(ExitCode::kTestsFailed);
constexpr int kEmpty = static_cast<int>(ExitCode::kNoTests);

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json Parse(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  return value.is_object() ? value : json::object();
}

std::string Name(WorkerId worker) { return fmt::format("gw{}", Number(worker)); }

// The report in an envelope; one made of what else is known where it was too plain to have an envelope.
json ReportOf(const TestReported& event, const json& envelope) {
  if (envelope.contains("report")) return envelope["report"];
  return {{"$report_type", "TestReport"},
          {"nodeid", event.node_id},
          {"location", {std::string(FileOf(event.node_id)), nullptr, event.node_id}},
          {"keywords", json::object()},
          {"outcome", OutcomeName(event.report.outcome)},
          {"longrepr", nullptr},
          {"when", PhaseName(event.report.phase)},
          {"user_properties", json::array()},
          {"sections", json::array()},
          {"duration", event.report.duration},
          {"start", event.report.start},
          {"stop", event.report.stop}};
}

// pytest_sessionfinish may turn green into red and "no tests" into green, but a failure stays one.
int MergeExitCodes(int ours, int theirs) {
  if (ours == kGreen || ours == kEmpty) return theirs;
  return ours == kFailed && theirs != kGreen ? theirs : ours;
}

}  // namespace

ControllerHost::ControllerHost(EventLoop& loop, PythonOptions process, std::string setup, bool single,
                               UniqueFd handover, std::function<void()> gone)
    : loop_(loop),
      options_(std::move(process)),
      setup_(std::move(setup)),
      single_(single),
      handover_(std::move(handover)),
      gone_(std::move(gone)) {
  options_.attached = false;
}

ControllerHost::~ControllerHost() = default;

void ControllerHost::Start(const std::string& ready) {
  const json reasons = Parse(ready).value("controller", json::array());
  if (!handover_.valid() && (single_ || reasons.empty())) {
    opening_ = "";
    return;
  }
  if (const Status connected = Connect(); !connected.ok()) return Fail(connected.error().message);
  running_ = true;
  json setup = Parse(setup_);
  setup["role"] = "controller";
  Tell(wire::kSetup, Dump(setup));
}

Status ControllerHost::Connect() {
  const auto on_frame = [this](const Frame& frame) { OnFrame(frame); };
  const auto on_garbage = [this](const std::string& why) { text_ += why + "\n"; };
  if (handover_.valid()) {
    channel_ = std::make_unique<FrameChannel>(loop_, std::move(handover_), on_frame, on_garbage, [this] { OnExit(); });
    return Ok();
  }
  auto life = MakePipe();
  if (!life.ok()) return life.error();
  life_read_ = std::move(life->first);
  life_write_ = std::move(life->second);
  auto started = PythonProcess::Start(loop_, options_, life_read_.get(),
                                      {on_frame, on_garbage,
                                       [this](int status) {
                                         // os._exit in a hook at the session's end: its exit status is the session's.
                                         if (end_ && !exit_ && !aborted_ && WIFEXITED(status))
                                           exit_ = WEXITSTATUS(status);
                                         OnExit();
                                       },
                                       [this](const std::string& text) { text_ += text; }});
  if (!started.ok()) return started.error();
  process_ = *std::move(started);
  return Ok();
}

void ControllerHost::Tell(std::uint8_t kind, const std::string& body) {
  channel_ ? channel_->Send(kind, body) : process_->Send(kind, body);
}

void ControllerHost::AwaitOpening(std::function<void(const Opening&)> opened) {
  opened_ = std::move(opened);
  TellOpening();
}

void ControllerHost::TellOpening() {
  if (opening_ && opened_) std::exchange(opened_, nullptr)(*opening_);
}

void ControllerHost::Fail(const std::string& text) {
  opening_ = RunInput::NoPlan{text, exit_.value_or(kInternal)};
  TellOpening();
}

void ControllerHost::OnFrame(const Frame& frame) {
  if (frame.kind == kWorkerInput) {
    opening_ = frame.body;
    TellOpening();
  } else if (frame.kind == kControllerDone) {
    const json answer = Parse(frame.body);
    if (answer.contains("exit") && answer["exit"].is_number_integer()) exit_ = answer["exit"].get<int>();
    if (channel_) OnExit();
  }
}

// Everything that it wrote has come by now.
void ControllerHost::OnExit() {
  if (!running_) return;
  running_ = false;
  if (!opening_) {
    if (exit_ && *exit_ == kGreen) exit_.reset();  // It ended without having begun: that is no success.
    return Fail(text_.empty() ? "fastest: the controller process (for plugins that report) died while it started"
                              : text_);
  }
  if (end_) return Conclude();
  if (channel_) gone_();
}

void ControllerHost::OnEvent(const Event& event) {
  if (running_) std::visit([this](const auto& happened) { On(happened); }, event);
}

void ControllerHost::On(const UnitCollected& event) {
  if (!event.items.empty()) Tell(kEvent, Dump({{"event", "collected"}, {"items", event.node_ids}}));
  for (const CollectReport& report : event.reports) {
    const json envelope = Parse(report.envelope);
    if (report.outcome == Outcome::kPassed || !envelope.contains("report")) continue;
    Tell(kEvent, Dump({{"event", "collectreport"}, {"report", envelope["report"]}}));
  }
}

void ControllerHost::On(const TestReported& event) {
  const bool known = Number(event.item) != kNoItem;
  const json envelope = Parse(event.report.envelope);
  json told = {{"event", "report"},
               {"worker", Name(event.worker)},
               {"item", known ? json(Number(event.item)) : json()},
               {"nodeid", event.node_id},
               {"report", ReportOf(event, envelope)}};
  if (envelope.contains("exact")) told["exact"] = envelope["exact"];
  Tell(kEvent, Dump(told));
}

void ControllerHost::On(const TestFinished& event) {
  Tell(kEvent, Dump({{"event", "finished"}, {"worker", Name(event.worker)}, {"nodeid", event.node_id}}));
}

void ControllerHost::On(const CollectionFinished& event) {
  Tell(kEvent, Dump({{"event", "collection_finished"}, {"items", event.items}, {"deselected", event.deselected}}));
}

// The next two are for a terminal: ours says them where nobody else does.
void ControllerHost::On(const OutputWritten& event) {
  if (channel_) Tell(kEvent, Dump({{"event", "output"}, {"worker", Name(event.worker)}, {"text", event.text}}));
}

void ControllerHost::On(const Notice& event) {
  if (channel_) Tell(kEvent, Dump({{"event", "notice"}, {"text", event.text}}));
}

void ControllerHost::On(const WarningRaised& event) {
  Tell(kEvent, Dump({{"event", "warning"}, {"warning", Parse(event.warning.envelope)}}));
}

void ControllerHost::On(const WorkerChanged& event) {
  json told = {{"event", "down"}, {"worker", Name(event.worker)}};
  switch (event.what) {
    case WorkerChanged::What::kUp:
      told["event"] = "up";
      break;
    case WorkerChanged::What::kLost:
      told["error"] = event.text;
      break;
    case WorkerChanged::What::kDone:
      told["output"] = Parse(event.answer).value("workeroutput", json::object());
      told["suite_properties"] = Parse(event.answer).value("suite_properties", json::array());
      if (!event.text.empty()) told["recycled"] = true;
      break;
  }
  Tell(kEvent, Dump(told));
}

void ControllerHost::Close(RunFinished end, std::function<void(RunFinished)> closed) {
  closed_ = std::move(closed);
  end_ = std::move(end);
  if (!running_) return Conclude();
  Tell(kFinish, Dump({{"exit", end_->exit_code}, {"reason", end_->stop_reason}, {"collected", end_->collected}}));
}

void ControllerHost::Conclude() {
  RunFinished end = *std::move(end_);
  end_.reset();
  if (process_ || channel_) {
    end.plugin_text += text_;
    end.exit_code = MergeExitCodes(end.exit_code, exit_.value_or(kInternal));
    if (!exit_) {
      end.plugin_text += aborted_ ? "fastest: interrupted while plugins reported\n"
                                  : "fastest: the controller process (for plugins that report) died\n";
    }
  }
  std::exchange(closed_, nullptr)(std::move(end));
}

void ControllerHost::Abort() {
  aborted_ = true;
  life_write_.reset();
}

Plan ApplyOpening(Plan plan, const std::string& answer) {
  const json given = Parse(answer);
  if (given.empty()) return plan;
  json start = Parse(plan.start);
  start["workerinputs"] = given.value("worker", json::object());
  start["environment"] = given.value("environment", json::object());
  start["full_reports"] = true;
  plan.start = Dump(start);
  json ready = Parse(plan.ready);
  const json header = given.value("header", json::array());
  if (ready.contains("header") && ready["header"].is_array())
    ready["header"].insert(ready["header"].end(), header.begin(), header.end());
  plan.ready = Dump(ready);
  return plan;
}

}  // namespace fastest
