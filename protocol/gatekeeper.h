// Gatekeeper: answers ZeroMQ's question whether a key may connect (ZAP, RFC 27) from a list. One thread.
//
// CURVE without it admits whoever knows the server's public key. It must be there before the socket that it guards
// binds, and live as long; a message of a connection that it let in carries the hex public key as "User-Id".

#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/event_loop.h"

namespace fastest {

class Gatekeeper {
 public:
  using OnDenied = std::function<void(const std::string& address)>;

  // The one gatekeeper of `context`.
  Gatekeeper(void* context, EventLoop& loop, std::set<Digest> allowed, OnDenied on_denied);
  ~Gatekeeper();
  Gatekeeper(const Gatekeeper&) = delete;
  Gatekeeper& operator=(const Gatekeeper&) = delete;

  bool Pump();

 private:
  bool Answer();
  void Reply(const std::vector<std::string>& request, bool admitted, const std::string& user);

  void* socket_;
  EventLoop& loop_;
  std::set<Digest> allowed_;
  OnDenied on_denied_;
  int fd_ = -1;
};

// The ZAP domain of our sockets.
constexpr std::string_view kGateDomain = "fastest";

}  // namespace fastest
