// FrameChannel: one end of a Unix stream socket that carries frames, on an event loop.
//
// Sending never waits: what does not fit is kept and sent when the other end has read. A closed or broken connection
// is quiet (unless somebody asks): a process's end is learnt from its pid, since its children may keep the socket open.
// The handler must not destroy the channel.

#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/frame.h"
#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace fastest {

class FrameChannel {
 public:
  using OnFrame = std::function<void(const Frame& frame)>;
  // Bytes came that are no frames; the channel is closed for reading.
  using OnGarbage = std::function<void(const std::string& why)>;

  // The other end has closed the connection; everything that it sent was handed on.
  using OnClosed = std::function<void()>;

  FrameChannel(EventLoop& loop, UniqueFd socket, OnFrame on_frame, OnGarbage on_garbage, OnClosed on_closed = {});
  FrameChannel(const FrameChannel&) = delete;
  FrameChannel& operator=(const FrameChannel&) = delete;
  ~FrameChannel();

  // `fds` go along and are closed here once they are sent.
  void Send(std::uint8_t kind, std::string_view body, std::vector<UniqueFd> fds = {});

  // Takes all frames that have arrived. Called by the loop; also before a process's death is reported.
  void ReadAll();

 private:
  struct Outgoing {
    std::string bytes;
    std::vector<UniqueFd> fds;
  };

  void TakeFrames();
  void SendQueued();
  void StopReading();

  EventLoop& loop_;
  UniqueFd socket_;
  OnFrame on_frame_;
  OnGarbage on_garbage_;
  OnClosed on_closed_;
  FrameReader reader_;
  std::deque<Outgoing> outgoing_;
  bool reading_ = true;
};

}  // namespace fastest
