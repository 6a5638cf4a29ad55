#include "protocol/socket_monitor.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <zmq.h>

#include <cstring>
#include <utility>

#include "base/check.h"

namespace fastest {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr int kWatched = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                         ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                         ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

// "" if the connection is gone already.
std::string AddressOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

}  // namespace

SocketMonitor::SocketMonitor(void* context, void* socket, EventLoop& loop, OnEvent on_event)
    : watched_(socket), socket_(zmq_socket(context, ZMQ_PAIR)), loop_(loop), on_event_(std::move(on_event)) {
  CHECK(socket_ != nullptr, zmq_strerror(zmq_errno()));
  char name[64];
  std::snprintf(name, sizeof name, "inproc://monitor-%p", socket);
  CHECK(zmq_socket_monitor(socket, name, kWatched) == 0, zmq_strerror(zmq_errno()));
  const int linger = 0;
  zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  CHECK(zmq_connect(socket_, name) == 0, zmq_strerror(zmq_errno()));
  std::size_t size = sizeof fd_;
  CHECK(zmq_getsockopt(socket_, ZMQ_FD, &fd_, &size) == 0);
  loop_.WatchRead(fd_, [] {});  // Wakes the loop; Pump does the work.
}

SocketMonitor::~SocketMonitor() {
  loop_.UnwatchRead(fd_);
  zmq_socket_monitor(watched_, nullptr, 0);
  zmq_close(socket_);
}

bool SocketMonitor::Pump() {
  for (int i = 0; i < kEventsPerTurn; ++i)
    if (!Receive()) return false;
  return true;
}

// Two frames: the event's number (16 bits) with its value (32 bits), then the endpoint.
bool SocketMonitor::Receive() {
  unsigned char head[6];
  const int size = zmq_recv(socket_, head, sizeof head, ZMQ_DONTWAIT);
  if (size < 0) return false;
  char endpoint[256];
  zmq_recv(socket_, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
  if (size != sizeof head) return true;
  std::uint16_t event = 0;
  std::int32_t value = 0;
  std::memcpy(&event, head, sizeof event);
  std::memcpy(&value, head + sizeof event, sizeof value);
  OnRaw(event, value);
  return true;
}

void SocketMonitor::OnRaw(int event, int value) {
  using What = ConnectionEvent::What;
  switch (event) {
    case ZMQ_EVENT_ACCEPTED:
      peers_[value] = AddressOf(value);
      return;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return on_event_({What::kReady, ""});
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return on_event_({What::kUnauthorised, ""});
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      breaking_ = What::kBadHandshake;  // Its end, with the descriptor, follows.
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      breaking_ = What::kMismatch;
      return;
    case ZMQ_EVENT_DISCONNECTED: {
      const auto peer = peers_.extract(value);
      return on_event_({std::exchange(breaking_, What::kBroken), peer.empty() ? "" : peer.mapped()});
    }
    default:
      return;
  }
}

}  // namespace fastest
