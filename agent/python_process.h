// PythonProcess: an interpreter that the agent itself started with the package `fastest` (docs/protocol.md 1.1): the
// zygote, or a fresh process that will become a worker.
//
// Owns its control socket and its output. The handlers are called by the loop; they must not destroy the process. One
// that a warm process forks for us is no child of ours: it is known by its pid once it has begun.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/frame_channel.h"
#include "agent/output_lines.h"
#include "base/event_loop.h"
#include "base/process.h"

namespace fastest {

// How much a process may write outside any capture before the rest is dropped.
constexpr std::size_t kOutputCap = 16u << 20;

struct PythonOptions {
  std::string python;                                            // The interpreter; looked for in PATH.
  std::string worker_dir;                                        // The folder that holds the package `fastest`.
  std::string directory;                                         // To start in; empty: ours.
  std::vector<std::pair<std::string, std::string>> environment;  // In addition to ours.
  bool attached = false;       // It has our terminal, instead of /dev/null and a pipe.
  bool bytecode_cache = true;  // It keeps bytecode in the user's cache folder.
};

class WarmProcess;

class PythonProcess {
 public:
  struct Handlers {
    FrameChannel::OnFrame frame;
    FrameChannel::OnGarbage garbage;
    std::function<void(int status)> exit;  // All that it sent and wrote has been handed on. It is reaped.
    OutputLines::OnText output;
    std::function<void(pid_t pid)> started{};  // Of StartWarm's: it has a pid.
  };

  // `life`: the read end of the agent's life pipe.
  static Result<std::unique_ptr<PythonProcess>> Start(EventLoop& loop, const PythonOptions& options, int life,
                                                      Handlers handlers);
  // One that `warm`, which outlives it, has forked; a cold one if it does not. What is sent meanwhile is kept for it.
  static Result<std::unique_ptr<PythonProcess>> StartWarm(EventLoop& loop, const PythonOptions& options, int life,
                                                          Handlers handlers, WarmProcess& warm);
  // How such a process is started, without descriptors.
  static SpawnOptions HowToStart(const PythonOptions& options);
  PythonProcess(const PythonProcess&) = delete;
  PythonProcess& operator=(const PythonProcess&) = delete;
  ~PythonProcess();

  pid_t pid() const { return pid_; }  // 0: it has not begun yet.
  void Send(std::uint8_t kind, std::string_view body, std::vector<UniqueFd> fds = {}) {
    control_.Send(kind, body, std::move(fds));
  }
  // Takes all frames and output that have arrived.
  void ReadAll();
  void FlushOutput();

 private:
  // What it is given at its start, and our ends of that.
  struct Ends {
    SpawnOptions spawn;
    std::vector<UniqueFd> theirs;
    UniqueFd control;
    UniqueFd output;
  };
  static Result<Ends> MakeEnds(const PythonOptions& options, int life);
  PythonProcess(EventLoop& loop, UniqueFd control, UniqueFd output, Handlers handlers);
  void BeChild(pid_t pid);
  void StartCold(const Ends& ends);
  void Reaped();
  void Ended(int status);

  EventLoop& loop_;
  pid_t pid_ = 0;
  UniqueFd pid_fd_;  // Of a child of ours.
  WarmProcess* warm_ = nullptr;
  Handlers handlers_;
  FrameChannel control_;
  std::optional<OutputLines> output_;  // None where it is attached.
};

}  // namespace fastest
