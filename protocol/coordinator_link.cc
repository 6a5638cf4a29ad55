#include "protocol/coordinator_link.h"

#include <algorithm>
#include <random>
#include <utility>

#include "protocol/agent_link.h"

namespace fastest {
namespace {

constexpr int kStrikes = 3;
constexpr std::chrono::milliseconds kAcknowledgeAfter{200};
constexpr std::size_t kLargeFrame = 32 << 10;  // Acknowledged at once: its sender keeps it until then.
constexpr std::size_t kMostStrikers = 4096;  // Routes remembered for bad frames; more than that are forgotten together.

std::string NewToken() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += std::to_string(random()) + (i < 3 ? "-" : "");
  return token;
}

}  // namespace

CoordinatorLink::CoordinatorLink(ZmqContext& context, EventLoop& loop, OnHello on_hello, OnMessage on_message,
                                 OnLost on_lost)
    : loop_(loop),
      on_hello_(std::move(on_hello)),
      on_message_(std::move(on_message)),
      on_lost_(std::move(on_lost)),
      socket_(context, loop, Socket::Kind::kRouter,
              [this](const std::string& route, std::string_view frame) { OnFrame(route, frame); }) {
  loop_.AddPump([this] { return Pump(); });
}

Result<std::string> CoordinatorLink::Bind(const std::string& endpoint) {
  auto bound = socket_.Bind(endpoint);
  if (bound.ok()) loop_.After(kHeartbeat, [this] { Beat(); });
  return bound;
}

void CoordinatorLink::Send(AgentId agent, CoordinatorMessage message) {
  CHECK(Number(agent) < sessions_.size(), Number(agent));
  if (sessions_[Number(agent)].gone) return;
  sessions_[Number(agent)].channel.Queue(std::move(message));
  Speak(agent);
}

void CoordinatorLink::Speak(AgentId agent) {
  if (!std::exchange(sessions_[Number(agent)].speaks, true)) speakers_.push_back(agent);
}

void CoordinatorLink::Owe(AgentId agent) {
  if (std::exchange(sessions_[Number(agent)].owes, true)) return;
  if (owing_.empty()) loop_.After(kAcknowledgeAfter, [this] { Acknowledge(); });
  owing_.push_back(agent);
}

void CoordinatorLink::Acknowledge() {
  for (const AgentId agent : std::exchange(owing_, {})) {
    sessions_[Number(agent)].owes = false;
    Speak(agent);
  }
}

bool CoordinatorLink::drained() const {
  return std::all_of(sessions_.begin(), sessions_.end(),
                     [](const Session& session) { return session.gone || !session.channel.has_unacknowledged(); });
}

void CoordinatorLink::Forget(AgentId agent) {
  Session& session = sessions_[Number(agent)];
  Flush(session);
  session.gone = true;
}

void CoordinatorLink::CountBad(const std::string& route) {
  ++bad_frames_;
  if (strikes_.size() > kMostStrikers) strikes_.clear();
  ++strikes_[route];
}

void CoordinatorLink::OnFrame(const std::string& route, std::string_view frame) {
  if (const auto strikes = strikes_.find(route); strikes != strikes_.end() && strikes->second >= kStrikes) return;
  auto envelope = DecodeFromAgent(frame);
  if (!envelope.ok()) return CountBad(route);
  const auto known = routes_.find(route);
  if (known != routes_.end()) {
    if (frame.size() >= kLargeFrame) Speak(known->second);
    return Deliver(known->second, std::move(*envelope));
  }
  OnStranger(route, std::move(*envelope));
}

// The first frame of a route must open with Hello; a known token brings its session back.
void CoordinatorLink::OnStranger(const std::string& route, Envelope<AgentMessage> frame) {
  const Hello* hello = frame.messages.empty() ? nullptr : std::get_if<Hello>(&frame.messages.front());
  if (hello == nullptr) return CountBad(route);
  if (!hello->resume_token.empty()) {
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      if (sessions_[i].token != hello->resume_token) continue;
      routes_.erase(sessions_[i].route);
      sessions_[i].route = route;
      sessions_[i].channel.Resend();
      const AgentId agent{static_cast<std::uint32_t>(i)};
      Speak(agent);
      routes_[route] = agent;
      return Deliver(agent, std::move(frame));
    }
  }
  const AgentId agent{static_cast<std::uint32_t>(sessions_.size())};
  auto answer = on_hello_(agent, *hello);
  if (auto* refused = std::get_if<Refused>(&answer)) {
    socket_.Send(route, Encode(Envelope<CoordinatorMessage>{1, 1, {*refused}}));
    return;
  }
  auto& welcome = std::get<Welcome>(answer);
  welcome.agent = agent;
  welcome.resume_token = NewToken();
  sessions_.push_back({welcome.resume_token, route, {}, loop_.now(), false});
  routes_[route] = agent;
  Send(agent, std::move(welcome));
  Deliver(agent, std::move(frame));
}

void CoordinatorLink::Deliver(AgentId agent, Envelope<AgentMessage> frame) {
  sessions_[Number(agent)].heard = loop_.now();
  if (sessions_[Number(agent)].gone) return;
  Owe(agent);
  for (auto& message : sessions_[Number(agent)].channel.Take(std::move(frame))) {
    if (std::holds_alternative<Heartbeat>(message) || std::holds_alternative<Hello>(message)) continue;
    on_message_(agent, std::move(message));
  }
}

void CoordinatorLink::Flush(Session& session) {
  while (session.channel.wants_to_send())
    if (!socket_.Send(session.route, Encode(session.channel.NextFrame()))) return;
}

bool CoordinatorLink::Pump() {
  const bool more = socket_.Pump();
  for (const AgentId agent : std::exchange(speakers_, {})) {
    Session& session = sessions_[Number(agent)];
    session.speaks = false;
    if (!session.gone) Flush(session);
  }
  return more;
}

void CoordinatorLink::Beat() {
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    if (session.gone) continue;
    const auto silence = loop_.now() - session.heard;
    if (silence >= kLostAfter) {
      session.gone = true;
      on_lost_(AgentId{static_cast<std::uint32_t>(i)});
      continue;
    }
    if (silence >= kSuspectAfter) session.channel.Resend();
    Send(AgentId{static_cast<std::uint32_t>(i)}, Heartbeat{});
  }
  loop_.After(kHeartbeat, [this] { Beat(); });
}

}  // namespace fastest
