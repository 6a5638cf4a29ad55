// Socket: a ZeroMQ socket on an event loop. One thread.
//
// ZeroMQ's descriptor signals by edges, so that the socket is asked once a turn (EventLoop::AddPump) and after its
// descriptor woke the loop. A frame is a whole message; for a ROUTER its origin stands beside it.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/result.h"
#include "protocol/curve_keys.h"
#include "protocol/gatekeeper.h"
#include "protocol/socket_monitor.h"

namespace fastest {

// The ZeroMQ context of a process: inproc endpoints are known within one.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

class Socket {
 public:
  enum class Kind { kRouter, kDealer };
  // Where a ROUTER's frame comes from: the connection's routing id, and the public key (hex) that its peer has proved
  // to have; "" on a link without keys.
  struct Origin {
    std::string route;
    std::string key;
  };
  using OnFrame = std::function<void(const Origin& origin, std::string_view frame)>;

  Socket(ZmqContext& context, EventLoop& loop, Kind kind, OnFrame on_frame);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Demands CURVE of every connection from other machines, both ways. Before Bind or Connect. `on_denied` hears the
  // address of who has a key that is not allowed.
  void Secure(const CoordinatorKeys& keys, Gatekeeper::OnDenied on_denied);
  void Secure(const AgentKeys& keys);
  // Tells of connections made, broken and refused. Before Bind or Connect.
  void WatchConnections(SocketMonitor::OnEvent on_event);

  // Returns the endpoint as bound (the port in place of a wildcard).
  Result<std::string> Bind(const std::string& endpoint);
  Status Connect(const std::string& endpoint);
  // Gives the connection up and begins a new one; what was on its way is lost. `look_up`: as Connect, which may wait
  // for the system to look a name up.
  void Renew(const std::string& endpoint, bool look_up);

  // Sends one frame; a ROUTER's to `route`. False: the peer is gone or its queue is full (the channel keeps the
  // message).
  bool Send(const std::string& route, std::string_view frame);

  // Whether a frame waits.
  bool HasMore();
  // Takes up to a fixed number of frames; true if there may be more.
  bool Pump();

 private:
  bool Receive();
  Status Attach(const std::string& endpoint);

  void* context_;
  void* socket_;
  EventLoop& loop_;
  Kind kind_;
  OnFrame on_frame_;
  int fd_ = -1;
  std::unique_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<SocketMonitor> monitor_;
};

}  // namespace fastest
