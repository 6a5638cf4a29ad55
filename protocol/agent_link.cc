#include "protocol/agent_link.h"

namespace fastest {

AgentLink::AgentLink(ZmqContext& context, EventLoop& loop, OnMessage on_message, OnLost on_lost)
    : loop_(loop),
      on_message_(std::move(on_message)),
      on_lost_(std::move(on_lost)),
      socket_(context, loop, Socket::Kind::kDealer,
              [this](const std::string&, std::string_view frame) { OnFrame(frame); }),
      heard_(loop.now()) {
  loop_.AddPump([this] { return Pump(); });
}

Status AgentLink::Connect(const std::string& endpoint, Hello hello) {
  Status connected = socket_.Connect(endpoint);
  if (!connected.ok()) return connected;
  heard_ = loop_.now();
  Send(std::move(hello));
  loop_.After(kHeartbeat, [this] { Beat(); });
  return Ok();
}

void AgentLink::OnFrame(std::string_view frame) {
  auto envelope = DecodeFromCoordinator(frame);
  if (!envelope.ok()) {
    if (!std::exchange(lost_, true)) on_lost_("the coordinator sends nonsense: " + envelope.error().message);
    return;
  }
  heard_ = loop_.now();
  for (auto& message : channel_.Take(std::move(*envelope)))
    if (!std::holds_alternative<Heartbeat>(message)) on_message_(std::move(message));
}

bool AgentLink::Pump() {
  const bool more = socket_.Pump();
  while (channel_.wants_to_send())
    if (!socket_.Send("", Encode(channel_.NextFrame()))) break;
  return more;
}

void AgentLink::Beat() {
  const auto silence = loop_.now() - heard_;
  if (silence >= kLostAfter && !std::exchange(lost_, true))
    on_lost_("no word from the coordinator for " +
             std::to_string(std::chrono::ceil<std::chrono::seconds>(silence).count()) + " s");
  // A silence means that what was sent last may be lost too.
  if (silence >= kSuspectAfter) channel_.Resend();
  channel_.Queue(Heartbeat{});
  if (!lost_) loop_.After(kHeartbeat, [this] { Beat(); });
}

}  // namespace fastest
