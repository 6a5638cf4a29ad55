#include "protocol/agent_link.h"

#include <fmt/format.h>

namespace fastest {
namespace {

using namespace std::chrono_literals;

// Output that waits at the agent beyond this is cut.
constexpr std::size_t kMostWaitingOutput = std::size_t{16} << 20;
// So many handshakes in a row, over at least such a time, say that the keys differ and not that somebody restarts.
constexpr int kBadHandshakes = 3;
constexpr Duration kBadHandshakeTime = 4s;

// A connection that stays broken for so long, or brings nothing to the coordinator, is made anew from scratch.
constexpr Duration kRenewAfter = 8s;
// Bytes a second that the slowest connection carries which is worth keeping.
constexpr std::size_t kSlowest = std::size_t{32} << 10;

bool IsNetwork(const std::string& endpoint) { return !endpoint.starts_with("inproc:"); }

}  // namespace

AgentLink::AgentLink(ZmqContext& context, EventLoop& loop, AgentLinkOptions options, OnMessage on_message, OnEnd on_end)
    : loop_(loop),
      options_(options),
      on_message_(std::move(on_message)),
      on_end_(std::move(on_end)),
      socket_(context, loop, Socket::Kind::kDealer,
              [this](const Socket::Origin&, std::string_view frame) { OnFrame(frame); }),
      heard_(loop.now()),
      beat_(loop.now()),
      progressed_(loop.now()) {
  loop_.AddPump([this] { return Pump(); });
}

Status AgentLink::Connect(const std::string& endpoint, Hello hello) {
  endpoint_ = endpoint;
  if (IsNetwork(endpoint)) {
    session_ = Hex(RandomDigest());
    if (options_.keys) socket_.Secure(*options_.keys);
    socket_.WatchConnections([this](const ConnectionEvent& event) { OnConnection(event); });
  }
  Status connected = socket_.Connect(endpoint);
  if (!connected.ok()) return connected;
  heard_ = beat_ = loop_.now();
  if (IsNetwork(endpoint)) broken_ = loop_.now();  // Until it is there.
  channel_.Queue(std::move(hello));
  loop_.After(kHeartbeat, [this] { Beat(); });
  return Ok();
}

void AgentLink::Send(AgentMessage message) {
  if (const auto* output = std::get_if<Output>(&message)) {
    if (channel_.kept_bytes() > kMostWaitingOutput) {
      cut_bytes_ += output->text.size();
      return;
    }
    if (cut_bytes_ > 0)
      channel_.Queue(Output{output->worker, fmt::format("\n[fastest: {} bytes of output are left out: they came faster "
                                                        "than the coordinator could take them]\n",
                                                        std::exchange(cut_bytes_, 0))});
  }
  channel_.Queue(std::move(message));
}

void AgentLink::OnConnection(const ConnectionEvent& event) {
  using What = ConnectionEvent::What;
  if (event.what == What::kReady) {
    // What was on its way when the connection before this one broke may be lost.
    bad_handshakes_ = 0;
    broken_.reset();
    joiner_.Reset();
    channel_.Resend();
    channel_.Beat();
    return;
  }
  if (!broken_) broken_ = loop_.now();
  if (event.what == What::kUnauthorised)
    return EndLink(End::kRefused,
                   fmt::format("{} refused this agent's key: its allow-list does not have it", endpoint_));
  if (welcomed_) return;
  if (event.what == What::kBadHandshake && bad_handshakes_++ == 0) first_bad_handshake_ = loop_.now();
  if (event.what == What::kMismatch ||
      (bad_handshakes_ >= kBadHandshakes && loop_.now() - first_bad_handshake_ >= kBadHandshakeTime))
    EndLink(
        End::kRefused,
        options_.keys
            ? fmt::format("{} is no coordinator with the key or join secret that this agent was given", endpoint_)
            : fmt::format("{} is no coordinator that talks without keys (hint: fastest agent --join-secret FILE, or "
                          "--key-file FILE --coordinator-key KEY)",
                          endpoint_));
}

void AgentLink::OnFrame(std::string_view frame) {
  if (ended_) return;
  auto envelope = DecodeFromCoordinator(frame);
  if (!envelope.ok()) return EndLink(End::kOrphaned, "the coordinator sends nonsense: " + envelope.error().message);
  heard_ = loop_.now();
  if (envelope->part.count == 0) return Take(std::move(*envelope));
  auto whole = joiner_.Add(envelope->part);
  if (!whole.ok()) return EndLink(End::kOrphaned, "the coordinator sends nonsense: " + whole.error().message);
  if (whole->empty()) return;
  envelope = DecodeFromCoordinator(*whole);
  if (!envelope.ok()) return EndLink(End::kOrphaned, "the coordinator sends nonsense: " + envelope.error().message);
  Take(std::move(*envelope));
}

void AgentLink::Take(Envelope<CoordinatorMessage> envelope) {
  if (envelope.expired) return EndLink(End::kExpired, "the coordinator does not know this agent any more");
  if (const auto* refused = envelope.messages.empty() ? nullptr : std::get_if<Refused>(&envelope.messages.front())) {
    refused_ = *refused;
    return EndLink(End::kRefused, refused_.why);
  }
  if (envelope.version != kProtocolVersion)
    return EndLink(End::kRefused, fmt::format("the coordinator speaks version {} of the protocol, this agent {}",
                                              envelope.version, kProtocolVersion));
  for (auto& message : channel_.Take(std::move(envelope))) {
    welcomed_ = true;
    if (const auto* refused = std::get_if<Refused>(&message)) return EndLink(End::kRefused, refused->why);
    on_message_(std::move(message));
    if (ended_) return;
  }
}

void AgentLink::EndLink(End end, const std::string& why) {
  if (!std::exchange(ended_, true)) on_end_(end, why);
}

// In this process a frame costs little, and there is nobody else to serve.
bool AgentLink::WaitsForCompany() {
  if (session_.empty() || channel_.presses()) return false;
  if (channel_.wants_to_send() && !std::exchange(waits_, true))
    loop_.After(kCompany, [this] {
      waits_ = false;
      channel_.Press();
    });
  return true;
}

bool AgentLink::Pump() {
  bool more = socket_.Pump();
  if (WaitsForCompany()) return more;
  while (channel_.wants_to_send()) {
    auto frame = channel_.NextFrame();
    frame.session = session_;
    for (const std::string& part : SplitFrame<AgentMessage>(Encode(frame), session_)) {
      if (!socket_.Send("", part)) return more;
      // Sending may take note of what has come, which then does not wake the loop any more.
      more = more || socket_.HasMore();
    }
  }
  return more;
}

// The coordinator is heard, but does not hear us: bytes that were damaged on the way promised it a frame that never
// ends. ZeroMQ's own pings count any word of the other end, so that it would stay so.
void AgentLink::RenewDeafConnection() {
  if (channel_.sent_bytes() == 0 || channel_.acknowledged() != acknowledged_ || broken_) progressed_ = loop_.now();
  acknowledged_ = channel_.acknowledged();
  const auto patience = kRenewAfter + std::chrono::seconds(channel_.sent_bytes() / kSlowest);
  if (loop_.now() - progressed_ < patience) return;
  progressed_ = loop_.now();
  socket_.Renew(endpoint_, false);
}

void AgentLink::Beat() {
  // If it was we who slept (stopped, suspended), the coordinator's silence says nothing.
  if (loop_.now() - beat_ > 2 * kHeartbeat) heard_ = progressed_ = loop_.now();
  beat_ = loop_.now();
  // After some errors ZeroMQ does not try again by itself.
  if (broken_ && loop_.now() - *broken_ >= kRenewAfter) {
    broken_ = loop_.now();
    socket_.Renew(endpoint_, !welcomed_);
  }
  if (!session_.empty()) RenewDeafConnection();
  const auto silence = loop_.now() - heard_;
  if (silence >= options_.orphaned_after)
    EndLink(End::kOrphaned, fmt::format("no word from the coordinator at {} for {} s", endpoint_,
                                        std::chrono::ceil<std::chrono::seconds>(silence).count()));
  channel_.Beat();
  if (!ended_) loop_.After(kHeartbeat, [this] { Beat(); });
}

}  // namespace fastest
