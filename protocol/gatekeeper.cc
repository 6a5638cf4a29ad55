#include "protocol/gatekeeper.h"

#include <zmq.h>

#include <algorithm>

#include "base/check.h"

namespace fastest {
namespace {

constexpr int kQuestionsPerTurn = 64;
// A request's frames: route, "", version, request id, domain, address, identity, mechanism, credentials.
constexpr std::size_t kRoute = 0, kVersion = 2, kRequest = 3, kDomain = 4, kAddress = 5, kMechanism = 7, kKey = 8;
constexpr std::size_t kFrames = 9;

// All frames of one message; empty: there is none.
std::vector<std::string> ReceiveAll(void* socket) {
  std::vector<std::string> frames;
  for (int more = 1; more != 0;) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&message);
      return {};
    }
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = zmq_msg_more(&message);
    zmq_msg_close(&message);
  }
  return frames;
}

}  // namespace

Gatekeeper::Gatekeeper(void* context, EventLoop& loop, std::set<Digest> allowed, OnDenied on_denied)
    : socket_(zmq_socket(context, ZMQ_ROUTER)),
      loop_(loop),
      allowed_(std::move(allowed)),
      on_denied_(std::move(on_denied)) {
  CHECK(socket_ != nullptr, zmq_strerror(zmq_errno()));
  const int linger = 0;
  zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  CHECK(zmq_bind(socket_, "inproc://zeromq.zap.01") == 0, zmq_strerror(zmq_errno()));
  std::size_t size = sizeof fd_;
  CHECK(zmq_getsockopt(socket_, ZMQ_FD, &fd_, &size) == 0);
  loop_.WatchRead(fd_, [] {});
}

Gatekeeper::~Gatekeeper() {
  loop_.UnwatchRead(fd_);
  zmq_close(socket_);
}

bool Gatekeeper::Pump() {
  for (int i = 0; i < kQuestionsPerTurn; ++i)
    if (!Answer()) return false;
  return true;
}

bool Gatekeeper::Answer() {
  const std::vector<std::string> request = ReceiveAll(socket_);
  if (request.empty()) return false;
  if (request.size() < kAddress + 1) return true;  // ZeroMQ itself asks: this does not come.
  Digest key{};
  const bool well_formed = request.size() == kFrames && request[kDomain] == kGateDomain &&
                           request[kMechanism] == "CURVE" && request[kKey].size() == key.size();
  if (well_formed) std::copy(request[kKey].begin(), request[kKey].end(), key.begin());
  const bool admitted = well_formed && allowed_.contains(key);
  Reply(request, admitted, admitted ? Hex(key) : "");
  if (!admitted) on_denied_(request[kAddress]);
  return true;
}

void Gatekeeper::Reply(const std::vector<std::string>& request, bool admitted, const std::string& user) {
  const std::string frames[] = {request[kRoute],
                                "",
                                request[kVersion],
                                request[kRequest],
                                admitted ? "200" : "400",
                                admitted ? "OK" : "no key of ours",
                                user,
                                ""};
  const std::size_t last = std::size(frames) - 1;
  for (std::size_t i = 0; i <= last; ++i)
    zmq_send(socket_, frames[i].data(), frames[i].size(), ZMQ_DONTWAIT | (i < last ? ZMQ_SNDMORE : 0));
}

}  // namespace fastest
