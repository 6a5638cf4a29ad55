#include "protocol/socket.h"

#include <fmt/format.h>
#include <zmq.h>

#include <cerrno>

#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/endpoint.h"

namespace fastest {
namespace {

constexpr int kFramesPerTurn = 64;
// What the network may bring before it costs more memory: a larger message ends the connection, and so many are taken
// from one connection before TCP holds its sender back. (Our own frames: kPartBytes.)
constexpr std::int64_t kMostMessageBytes = std::int64_t{2} << 20;
constexpr int kMostWaiting = 64;
// A connection that brings nothing for so long is closed and made anew; the peer's silence is judged above.
constexpr int kPingMilliseconds = 3000;
constexpr int kPongMilliseconds = 10'000;

class Frame {
 public:
  Frame() { zmq_msg_init(&message_); }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  bool Receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  std::string_view bytes() { return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)}; }
  std::string Property(const char* name) {
    const char* value = zmq_msg_gets(&message_, name);
    return value == nullptr ? "" : value;
  }
  bool more() { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

void SetInt(void* socket, int option, int value) {
  const int set = zmq_setsockopt(socket, option, &value, sizeof value);
  CHECK(set == 0, option, zmq_strerror(zmq_errno()));
}

void SetKey(void* socket, int option, const Digest& key) {
  const int set = zmq_setsockopt(socket, option, key.data(), key.size());
  CHECK(set == 0, option, zmq_strerror(zmq_errno()));
}

}  // namespace

ZmqContext::ZmqContext() : context_(zmq_ctx_new()) { CHECK(context_ != nullptr); }
ZmqContext::~ZmqContext() { zmq_ctx_term(context_); }

Socket::Socket(ZmqContext& context, EventLoop& loop, Kind kind, OnFrame on_frame)
    : context_(context.get()),
      socket_(zmq_socket(context.get(), kind == Kind::kRouter ? ZMQ_ROUTER : ZMQ_DEALER)),
      loop_(loop),
      kind_(kind),
      on_frame_(std::move(on_frame)) {
  CHECK(socket_ != nullptr, zmq_strerror(zmq_errno()));
  SetInt(socket_, ZMQ_LINGER, 1000);
  SetInt(socket_, ZMQ_SNDHWM, 0);
  SetInt(socket_, ZMQ_RCVHWM, kMostWaiting);
  SetInt(socket_, ZMQ_RECONNECT_IVL, 100);
  SetInt(socket_, ZMQ_RECONNECT_IVL_MAX, 1000);
  SetInt(socket_, ZMQ_CONNECT_TIMEOUT, 3000);
  SetInt(socket_, ZMQ_HANDSHAKE_IVL, 3000);
  zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &kMostMessageBytes, sizeof kMostMessageBytes);
  if (kind == Kind::kRouter) {
    SetInt(socket_, ZMQ_ROUTER_MANDATORY, 1);
    SetInt(socket_, ZMQ_BACKLOG, 4096);  // A thousand agents may come at once; with 100 most would wait for seconds.
  } else {
    SetInt(socket_, ZMQ_HEARTBEAT_IVL, kPingMilliseconds);
    SetInt(socket_, ZMQ_HEARTBEAT_TIMEOUT, kPongMilliseconds);
  }
  std::size_t size = sizeof fd_;
  CHECK(zmq_getsockopt(socket_, ZMQ_FD, &fd_, &size) == 0);
  loop_.WatchRead(fd_, [] {});  // Wakes the loop; the link's pump does the work.
}

Socket::~Socket() {
  loop_.UnwatchRead(fd_);
  monitor_.reset();
  zmq_close(socket_);
}

void Socket::Secure(const CoordinatorKeys& keys, Gatekeeper::OnDenied on_denied) {
  gatekeeper_ = std::make_unique<Gatekeeper>(context_, loop_, keys.allowed, std::move(on_denied));
  SetInt(socket_, ZMQ_CURVE_SERVER, 1);
  SetKey(socket_, ZMQ_CURVE_SECRETKEY, keys.own.secret);
  zmq_setsockopt(socket_, ZMQ_ZAP_DOMAIN, kGateDomain.data(), kGateDomain.size());
}

void Socket::Secure(const AgentKeys& keys) {
  SetKey(socket_, ZMQ_CURVE_SERVERKEY, keys.coordinator);
  SetKey(socket_, ZMQ_CURVE_PUBLICKEY, keys.own.open);
  SetKey(socket_, ZMQ_CURVE_SECRETKEY, keys.own.secret);
}

void Socket::WatchConnections(SocketMonitor::OnEvent on_event) {
  monitor_ = std::make_unique<SocketMonitor>(context_, socket_, loop_, std::move(on_event));
}

// With "*", ZeroMQ itself does without IPv6 where the system has none. A name it takes for that of an interface.
Result<std::string> Socket::Bind(const std::string& endpoint) {
  std::string place = endpoint;
  if (auto read = ReadEndpoint(endpoint, true); read.ok()) {
    SetInt(socket_, ZMQ_IPV6, read->is_ipv6() || read->host == "*" ? 1 : 0);
    if (read->host == "localhost") read->host = "127.0.0.1";
    place = read->Text();
  }
  if (zmq_bind(socket_, place.c_str()) != 0)
    return Error{fmt::format("cannot listen on {}: {}", endpoint,
                             zmq_errno() == ENODEV ? "no address of this machine" : zmq_strerror(zmq_errno()))};
  char bound[256];
  std::size_t size = sizeof bound;
  CHECK(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size) == 0);
  return std::string(bound);
}

// A name with both kinds of address is IPv4's: so is a coordinator that listens on 0.0.0.0.
Status Socket::Connect(const std::string& endpoint) {
  if (const auto read = ReadEndpoint(endpoint, false); read.ok())
    SetInt(socket_, ZMQ_IPV6, read->is_ipv6() || HasOnlyIpv6(read->host) ? 1 : 0);
  return Attach(endpoint);
}

Status Socket::Attach(const std::string& endpoint) {
  if (zmq_connect(socket_, endpoint.c_str()) != 0)
    return Error{"cannot connect to " + endpoint + ": " + zmq_strerror(zmq_errno())};
  return Ok();
}

void Socket::Renew(const std::string& endpoint, bool look_up) {
  zmq_disconnect(socket_, endpoint.c_str());  // It may have ended by itself.
  const Status connected = look_up ? Connect(endpoint) : Attach(endpoint);
  (void)connected;  // It could be made once: what fails now is tried again later.
}

bool Socket::Send(const std::string& route, std::string_view frame) {
  if (kind_ == Kind::kRouter && zmq_send(socket_, route.data(), route.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
    return false;
  return zmq_send(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
}

bool Socket::Receive() {
  Origin origin;
  Frame frame;
  if (!frame.Receive(socket_)) return false;
  if (kind_ == Kind::kRouter) {
    origin.route = frame.bytes();
    if (!frame.more()) return true;
    if (!frame.Receive(socket_)) return true;
    if (gatekeeper_) origin.key = frame.Property("User-Id");
  }
  // Exactly one frame a message: the rest of a longer one is taken and dropped, and with it the message.
  bool single = true;
  for (Frame rest; (single ? frame : rest).more();) {
    single = false;
    if (!rest.Receive(socket_)) break;
  }
  on_frame_(origin, single ? frame.bytes() : std::string_view());
  return true;
}

bool Socket::HasMore() {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

bool Socket::Pump() {
  bool more = gatekeeper_ && gatekeeper_->Pump();
  more = (monitor_ && monitor_->Pump()) || more;
  for (int i = 0; i < kFramesPerTurn; ++i)
    if (!Receive()) return more;
  return true;
}

}  // namespace fastest
