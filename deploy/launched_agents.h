// LaunchedAgents: the local processes (ssh, srun) by which a run's agents are brought up elsewhere, from the moment
// when the coordinator listens to the moment when none of them is left.
//
// Each process has the agents' lifeline as standard input (deploy/launch.h) and a process group of its own, so that
// the terminal's Ctrl-C ends the run in order and not the links to the hosts. Its output comes out line by line, with
// its label in front and without control characters. One thread: the loop's. Does not outlive the loop.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "deploy/launch.h"

namespace fastest {

class LaunchedAgents {
 public:
  struct Handlers {
    std::function<void(const std::string& line)> say;  // A line for a person, without its end.
    // So many agents can be there or still come, fewer than before; `why_none`: says that none is left, and why.
    std::function<void(std::uint32_t possible, const std::string& why_none)> on_fewer;
  };
  // `secret` is the run's join secret.
  LaunchedAgents(EventLoop& loop, LaunchPlan plan, std::string secret, Handlers handlers);
  ~LaunchedAgents();
  LaunchedAgents(const LaunchedAgents&) = delete;
  LaunchedAgents& operator=(const LaunchedAgents&) = delete;

  // Starts all of them. An Error: one can't be started at all (there is no such program).
  Status Start(const std::string& endpoint);
  // Cuts the lifelines and calls `ended` when every process has ended: after kPatience they are terminated, after
  // twice as long killed.
  void End(std::function<void()> ended);

  static constexpr std::chrono::seconds kPatience{5};

 private:
  struct Running {
    const Launch* launch = nullptr;
    int attempt = 0;
    pid_t pid = 0;
    UniqueFd pid_fd, output, lifeline;
    std::string text;  // What was read and is no whole line yet.
    std::string last_line;
    Verdict verdict = Verdict::kGoOn;
    std::uint32_t lost = 0;  // Of its agents.
    bool gone = false;       // Its agents are.
    bool ended = false;      // The launch's `tidy` command, too.
  };

  Status Start(Running& running);
  Status StartTidying(Running& running);
  void Spawned(Running& running, pid_t pid);
  void OnOutput(Running& running);
  void OnLine(Running& running, std::string line);
  void OnExit(Running& running);
  std::uint32_t Possible() const;
  void TellFewer();
  void Signal(int signal);
  void CheckEnded();

  EventLoop& loop_;
  const LaunchPlan plan_;
  const std::string secret_;
  const Handlers handlers_;
  std::string endpoint_;
  std::vector<std::unique_ptr<Running>> all_;
  std::function<void()> on_ended_;  // End was called.
};

}  // namespace fastest
