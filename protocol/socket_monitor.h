// SocketMonitor: what ZeroMQ tells of a socket's connections: made, broken, refused in the handshake. One thread.
//
// ZeroMQ itself retries a refused handshake silently for ever; whoever wants to say so watches here.

#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/event_loop.h"

namespace fastest {

struct ConnectionEvent {
  enum class What : std::uint8_t {
    kReady,         // Connected, and the handshake is done.
    kBroken,        // A connection that was ready, or was not, has ended.
    kUnauthorised,  // The other side does not accept our key.
    kBadHandshake,  // The other side hung up in the handshake: other keys, or it is going.
    kMismatch,      // One side has keys and the other has not, or it is not our protocol. ZeroMQ does not try again.
  };
  What what = What::kReady;
  std::string peer;  // The other side's address without the port, where it is known.
};

class SocketMonitor {
 public:
  using OnEvent = std::function<void(const ConnectionEvent&)>;

  // Of `socket`, a socket of `context`, before it binds or connects. Must end before the socket does.
  SocketMonitor(void* context, void* socket, EventLoop& loop, OnEvent on_event);
  ~SocketMonitor();
  SocketMonitor(const SocketMonitor&) = delete;
  SocketMonitor& operator=(const SocketMonitor&) = delete;

  // Takes what there is; true if there may be more.
  bool Pump();

 private:
  bool Receive();
  void OnRaw(int event, int value);

  void* watched_;
  void* socket_;
  EventLoop& loop_;
  OnEvent on_event_;
  int fd_ = -1;
  std::map<int, std::string> peers_;  // By descriptor, of accepted connections.
  // How the connection that breaks next broke.
  ConnectionEvent::What breaking_ = ConnectionEvent::What::kBroken;
};

}  // namespace fastest
