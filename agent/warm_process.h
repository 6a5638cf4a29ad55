// WarmProcess: this run's part in a Python process that outlives runs and forks their zygotes (--persistent-workers).
//
// It finds the warm process at its place, or starts one, and asks for a zygote (docs/protocol.md 1.8). That is a child
// of a reaper of its own, not of ours: its end, and that of the orphans of its workers, is told by the reaper. Whether
// a zygote is begun is decided by who takes the one byte of the claim pipe, so that a run never has two. Nothing here
// waits: handlers are called by the loop, at most one of `started` and `failed`. One Launch an object.

#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/frame_channel.h"
#include "agent/warm_wire.h"
#include "base/event_loop.h"
#include "base/process.h"
#include "base/unique_fd.h"

namespace fastest {

struct WarmOptions {
  std::string place;    // Its socket is PLACE.sock, in a private folder; launch.exact is the better one.
  wire::Launch launch;  // `fds` is filled in here.
  // What became of it, for a person.
  std::function<void(const std::string& text)> tell = [](const std::string&) {};
};

class WarmProcess {
 public:
  struct Handlers {
    std::function<void(pid_t pid)> started;
    std::function<void(int status)> ended;
    std::function<void()> failed;  // No zygote was begun, and none will be.
  };

  // `start`: how a warm process is started; argv, environment and directory of a cold one.
  WarmProcess(EventLoop& loop, WarmOptions options, SpawnOptions start);
  WarmProcess(const WarmProcess&) = delete;
  WarmProcess& operator=(const WarmProcess&) = delete;
  ~WarmProcess();

  // The descriptors are copied.
  void Launch(const std::vector<SpawnOptions::PlacedFd>& fds, Handlers handlers);
  // Calls no handler any more; what was not begun will not be.
  void Forget();

  // Who reaps the zygote and what it leaves behind; 0 while there is none.
  pid_t reaper() const { return reaper_; }
  // The status of an ended process that the reaper had, once.
  std::optional<int> TakeStatus(pid_t pid);

 private:
  // Asks the next of those that are there; false: there is none.
  bool FindOne();
  void StartOne();
  void Ask(UniqueFd socket, bool found);
  void OnFrame(const Frame& frame);
  void OnBegun(std::string_view body);
  void OnEnded(std::string_view body);
  void OnDeclined(const std::string& why);
  void OnClosed();
  void LosePatience();
  // Takes the byte: from now on nobody begins a zygote. False: somebody has begun one.
  bool Claim();
  void Fail(const std::string& why);
  void End(int status);

  EventLoop& loop_;
  WarmOptions options_;
  SpawnOptions start_;
  std::vector<SpawnOptions::PlacedFd> fds_;
  std::vector<UniqueFd> copies_;  // Until it has begun.
  Handlers handlers_;
  UniqueFd claim_;
  std::vector<std::string> places_;                      // Not looked at yet, the best last.
  std::vector<std::unique_ptr<FrameChannel>> channels_;  // The last is in use; the one before has declined.
  bool found_ = false;                                   // It was there, and not started by us.
  EventLoop::TimerId patience_{};
  pid_t pid_ = 0;
  pid_t reaper_ = 0;
  bool failed_ = false;
  bool ended_ = false;
  std::map<pid_t, int> statuses_;
};

}  // namespace fastest
