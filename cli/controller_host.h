// ControllerHost: the extra Python process that plays xdist's controller (docs/protocol.md 1.7), for plugins and
// conftests that report in the main process or configure workers.
//
// It runs only where READY names a reason, or is the pytest process that handed its run to us (`pytest -p fastest`),
// which then is the other end of `handover`. It answers before any worker begins, hears every event of the run, and has
// the last word before the run's end is told: what it wrote and its exit status go into RunFinished. A controller that
// breaks makes the run red, never green. All on the loop's thread.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "agent/python_process.h"
#include "coordinator/run_input.h"
#include "protocol/event.h"
#include "protocol/message.h"

namespace fastest {

class ControllerHost : public Reporter {
 public:
  // WORKERINPUT's JSON ("" where no controller is needed), or why there is none.
  using Opening = std::variant<std::string, RunInput::NoPlan>;

  // `setup`: the agents' SETUP. A single worker is the main process itself and has no controller.
  // `handover`: a connected socket where a pytest process waits to be the controller; else invalid. `gone`: it went
  // away.
  ControllerHost(EventLoop& loop, PythonOptions process, std::string setup, bool single, UniqueFd handover,
                 std::function<void()> gone);
  ~ControllerHost() override;

  // Starts the process if READY's JSON says that one is needed.
  void Start(const std::string& ready);
  // Calls `opened` once the controller has configured itself; at once if there is none.
  void AwaitOpening(std::function<void(const Opening& opening)> opened);
  void OnEvent(const Event& event) override;
  // Ends the controller's session and calls `closed` with what it adds to the run's end.
  void Close(RunFinished end, std::function<void(RunFinished end)> closed);
  // Does not wait for it any longer.
  void Abort();

 private:
  void On(const RunStarted&) {}
  void On(const UnitCollected& event);
  void On(const CollectionFinished& event);
  void On(const TestStarted&) {}
  void On(const TestReported& event);
  void On(const TestFinished& event);
  void On(const WarningRaised& event);
  void On(const OutputWritten& event);
  void On(const WorkerChanged& event);
  void On(const Notice& event);
  void On(const RunFinished&) {}

  Status Connect();
  void Tell(std::uint8_t kind, const std::string& body);
  void OnFrame(const Frame& frame);
  void OnExit();
  void Fail(const std::string& text);
  void TellOpening();
  void Conclude();

  EventLoop& loop_;
  PythonOptions options_;
  std::string setup_;
  bool single_;
  UniqueFd life_read_;
  UniqueFd life_write_;  // Closes when we are gone or lose patience: the process dies of it.
  std::unique_ptr<PythonProcess> process_;
  UniqueFd handover_;
  std::function<void()> gone_;
  std::unique_ptr<FrameChannel> channel_;  // To the pytest that handed its run to us, instead of a process of ours.
  bool running_ = false;
  bool aborted_ = false;
  std::string text_;         // What it wrote.
  std::optional<int> exit_;  // Its session's exit status.
  std::optional<Opening> opening_;
  std::function<void(const Opening&)> opened_;
  std::optional<RunFinished> end_;
  std::function<void(RunFinished)> closed_;
};

// The plan with what the controller's answer (WORKERINPUT) asks for: each worker's input, full reports, header lines.
Plan ApplyOpening(Plan plan, const std::string& answer);

}  // namespace fastest
