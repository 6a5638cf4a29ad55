#include "protocol/socket.h"

#include <zmq.h>

#include "base/check.h"
#include "protocol/codec.h"

namespace fastest {
namespace {

constexpr int kFramesPerTurn = 64;

class Frame {
 public:
  Frame() { zmq_msg_init(&message_); }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  bool Receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  std::string_view bytes() { return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)}; }
  bool more() { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

void SetInt(void* socket, int option, int value) {
  const int set = zmq_setsockopt(socket, option, &value, sizeof value);
  CHECK(set == 0, option, zmq_strerror(zmq_errno()));
}

}  // namespace

ZmqContext::ZmqContext() : context_(zmq_ctx_new()) { CHECK(context_ != nullptr); }
ZmqContext::~ZmqContext() { zmq_ctx_term(context_); }

Socket::Socket(ZmqContext& context, EventLoop& loop, Kind kind, OnFrame on_frame)
    : socket_(zmq_socket(context.get(), kind == Kind::kRouter ? ZMQ_ROUTER : ZMQ_DEALER)),
      loop_(loop),
      kind_(kind),
      on_frame_(std::move(on_frame)) {
  CHECK(socket_ != nullptr, zmq_strerror(zmq_errno()));
  SetInt(socket_, ZMQ_LINGER, 1000);
  SetInt(socket_, ZMQ_SNDHWM, 0);
  SetInt(socket_, ZMQ_RCVHWM, 0);
  SetInt(socket_, ZMQ_RECONNECT_IVL, 100);
  SetInt(socket_, ZMQ_RECONNECT_IVL_MAX, 5000);
  SetInt(socket_, ZMQ_HANDSHAKE_IVL, 3000);
  const std::int64_t largest = static_cast<std::int64_t>(kMaxFrame);
  zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
  if (kind == Kind::kRouter) {
    SetInt(socket_, ZMQ_ROUTER_MANDATORY, 1);
    SetInt(socket_, ZMQ_BACKLOG, 4096);  // A thousand agents may come at once; with 100 most would wait for seconds.
  }
  std::size_t size = sizeof fd_;
  CHECK(zmq_getsockopt(socket_, ZMQ_FD, &fd_, &size) == 0);
  loop_.WatchRead(fd_, [] {});  // Wakes the loop; the link's pump does the work.
}

Socket::~Socket() {
  loop_.UnwatchRead(fd_);
  zmq_close(socket_);
}

Result<std::string> Socket::Bind(const std::string& endpoint) {
  if (zmq_bind(socket_, endpoint.c_str()) != 0)
    return Error{"cannot listen on " + endpoint + ": " + zmq_strerror(zmq_errno())};
  char bound[256];
  std::size_t size = sizeof bound;
  CHECK(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size) == 0);
  return std::string(bound);
}

Status Socket::Connect(const std::string& endpoint) {
  if (zmq_connect(socket_, endpoint.c_str()) != 0)
    return Error{"cannot connect to " + endpoint + ": " + zmq_strerror(zmq_errno())};
  return Ok();
}

bool Socket::Send(const std::string& route, std::string_view frame) {
  if (kind_ == Kind::kRouter && zmq_send(socket_, route.data(), route.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
    return false;
  return zmq_send(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
}

bool Socket::Receive() {
  std::string route;
  Frame frame;
  if (!frame.Receive(socket_)) return false;
  if (kind_ == Kind::kRouter) {
    route = frame.bytes();
    if (!frame.more()) return true;
    if (!frame.Receive(socket_)) return true;
  }
  // Exactly one frame a message: the rest of a longer one is taken and dropped, and with it the message.
  bool single = true;
  for (Frame rest; (single ? frame : rest).more();) {
    single = false;
    if (!rest.Receive(socket_)) break;
  }
  if (single) on_frame_(route, frame.bytes());
  return true;
}

bool Socket::Pump() {
  for (int i = 0; i < kFramesPerTurn; ++i)
    if (!Receive()) return false;
  return true;
}

}  // namespace fastest
