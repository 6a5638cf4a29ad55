// PythonProcess: an interpreter that the agent itself started with the package `fastest` (docs/protocol.md 1.1): the
// zygote, or a fresh process that will become a worker.
//
// Owns its control socket and its output. The handlers are called by the loop; they must not destroy the process.

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

class PythonProcess {
 public:
  struct Handlers {
    FrameChannel::OnFrame frame;
    FrameChannel::OnGarbage garbage;
    std::function<void(int status)> exit;  // All that it sent and wrote has been handed on. It is reaped.
    OutputLines::OnText output;
  };

  // `life`: the read end of the agent's life pipe.
  static Result<std::unique_ptr<PythonProcess>> Start(EventLoop& loop, const PythonOptions& options, int life,
                                                      Handlers handlers);
  PythonProcess(const PythonProcess&) = delete;
  PythonProcess& operator=(const PythonProcess&) = delete;
  ~PythonProcess();

  pid_t pid() const { return pid_; }
  void Send(std::uint8_t kind, std::string_view body, std::vector<UniqueFd> fds = {}) {
    control_.Send(kind, body, std::move(fds));
  }
  // Takes all frames and output that have arrived.
  void ReadAll();
  void FlushOutput();

 private:
  PythonProcess(EventLoop& loop, pid_t pid, UniqueFd control, UniqueFd output, Handlers handlers);
  void Ended();

  EventLoop& loop_;
  const pid_t pid_;
  UniqueFd pid_fd_;
  Handlers handlers_;
  FrameChannel control_;
  std::optional<OutputLines> output_;  // None where it is attached.
};

}  // namespace fastest
