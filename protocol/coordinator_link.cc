#include "protocol/coordinator_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/agent_link.h"

namespace fastest {
namespace {

constexpr int kStrikes = 3;
constexpr std::size_t kMostStrikers = 4096;  // Routes remembered for bad frames; more than that are forgotten together.
constexpr std::size_t kMostTold = 64;        // Strangers told of; more are only dropped.

}  // namespace

CoordinatorLink::CoordinatorLink(ZmqContext& context, EventLoop& loop, Handlers handlers)
    : loop_(loop),
      handlers_(std::move(handlers)),
      socket_(context, loop, Socket::Kind::kRouter,
              [this](const Socket::Origin& origin, std::string_view frame) { OnFrame(origin, frame); }) {
  loop_.AddPump([this] { return Pump(); });
}

void CoordinatorLink::Secure(const CoordinatorKeys& keys) {
  socket_.Secure(keys, [this](const std::string& address) {
    TellOnce(address, fmt::format("{} was turned away: its key is not in the allow-list", address));
  });
}

Result<std::string> CoordinatorLink::Bind(const std::string& endpoint) {
  if (!endpoint.starts_with("inproc:"))
    socket_.WatchConnections([this](const ConnectionEvent& event) { OnConnection(event); });
  auto bound = socket_.Bind(endpoint);
  if (bound.ok() && !std::exchange(beats_, true)) {
    beat_ = loop_.now();
    loop_.After(kHeartbeat, [this] { Beat(); });
  }
  return bound;
}

void CoordinatorLink::Send(AgentId agent, CoordinatorMessage message) {
  CHECK(Number(agent) < sessions_.size(), Number(agent));
  if (sessions_[Number(agent)].gone) return;
  sessions_[Number(agent)].channel.Queue(std::move(message));
  Schedule(agent);
}

bool CoordinatorLink::drained() const {
  return std::all_of(sessions_.begin(), sessions_.end(),
                     [](const Session& session) { return session.gone || !session.channel.has_unacknowledged(); });
}

void CoordinatorLink::Forget(AgentId agent) {
  commit_();
  Flush(agent);
  sessions_[Number(agent)].gone = sessions_[Number(agent)].forgotten = true;
}

// ---- what comes in ----

void CoordinatorLink::OnFrame(const Socket::Origin& origin, std::string_view frame) {
  const std::string& route = origin.route;
  if (const auto strikes = strikes_.find(route); strikes != strikes_.end() && strikes->second >= kStrikes) return;
  auto envelope = DecodeFromAgent(frame);
  if (!envelope.ok()) return OnBadFrame(origin, envelope.error().message);
  if (envelope->version != kProtocolVersion)
    return Refuse(route, {fmt::format("the coordinator speaks version {} of the protocol, this agent {} (hint: install "
                                      "the same fastest on both)",
                                      kProtocolVersion, envelope->version),
                          ""});
  auto known = routes_.find(route);
  if (known == routes_.end()) {
    OnStranger(origin, std::move(*envelope));
    return;
  }
  if (sessions_[Number(known->second)].name != envelope->session)
    return OnBadFrame(origin, "frame of another agent's session");
  Deliver(known->second, std::move(*envelope));
}

// The first frame of a connection says which session it belongs to, or opens one with Hello.
void CoordinatorLink::OnStranger(const Socket::Origin& origin, Envelope<AgentMessage> frame) {
  if (const auto known = names_.find(frame.session); known != names_.end() && !frame.session.empty())
    return Resume(known->second, origin, std::move(frame));
  const Hello* hello = frame.messages.empty() ? nullptr : std::get_if<Hello>(&frame.messages.front());
  if (hello == nullptr || frame.sequence != 1)
    return frame.session.empty() ? OnBadFrame(origin, "frame of no session") : SayExpired(origin.route);
  const AgentId agent{static_cast<std::uint32_t>(sessions_.size())};
  auto answer = handlers_.on_hello(agent, *hello);
  if (auto* refused = std::get_if<Refused>(&answer)) return Refuse(origin.route, std::move(*refused));
  auto& welcome = std::get<Welcome>(answer);
  welcome.agent = agent;
  Session session{frame.session, origin.key, origin.route, {}, loop_.now()};
  session.channel.Queue(std::move(welcome));
  sessions_.push_back(std::move(session));
  routes_[origin.route] = agent;
  if (!frame.session.empty()) names_[frame.session] = agent;
  Deliver(agent, std::move(frame));
}

void CoordinatorLink::Resume(AgentId agent, const Socket::Origin& origin, Envelope<AgentMessage> frame) {
  Session& session = sessions_[Number(agent)];
  if (session.key != origin.key) return OnBadFrame(origin, "another agent's session");
  routes_.erase(session.route);
  session.route = origin.route;
  routes_[origin.route] = agent;
  session.broken.reset();
  session.joiner.Reset();
  session.channel.Resend();
  Deliver(agent, std::move(frame));
}

void CoordinatorLink::Deliver(AgentId agent, Envelope<AgentMessage> frame) {
  {
    Session& session = sessions_[Number(agent)];
    session.heard = loop_.now();
    if (session.gone && !session.forgotten) return SayExpired(session.route);
    if (frame.part.count > 0) {
      auto whole = session.joiner.Add(frame.part);
      if (!whole.ok()) return Lose(agent, whole.error().message);
      if (whole->empty()) return;
      auto joined = DecodeFromAgent(*whole);
      if (!joined.ok() || joined->part.count > 0)
        return OnBadFrame({session.route, session.key}, joined.ok() ? "part in a part" : joined.error().message);
      frame = std::move(*joined);
    }
  }
  auto messages = sessions_[Number(agent)].channel.Take(std::move(frame));
  Schedule(agent);
  for (auto& message : messages) {
    if (sessions_[Number(agent)].gone) return;
    if (!std::holds_alternative<Heartbeat>(message)) handlers_.on_message(agent, std::move(message));
  }
}

void CoordinatorLink::OnBadFrame(const Socket::Origin& origin, const std::string& why) {
  ++bad_frames_;
  const auto known = routes_.find(origin.route);
  if (known == routes_.end()) {
    if (strikes_.size() > kMostStrikers) strikes_.clear();
    if (++strikes_[origin.route] == kStrikes)
      TellOnce(origin.route, "somebody who is no agent is not listened to: " + why);
    return;
  }
  // No second chance: its messages would be missing in the row, and nothing fills the gap.
  Lose(known->second, "it sends nonsense: " + why);
}

void CoordinatorLink::OnConnection(const ConnectionEvent& event) {
  using What = ConnectionEvent::What;
  if (event.what == What::kBadHandshake || event.what == What::kMismatch)
    TellOnce(event.peer, fmt::format("{} was turned away: no agent of this version with a key for this coordinator",
                                     event.peer.empty() ? "somebody" : event.peer));
  if (event.what == What::kBroken) Probe();
}

void CoordinatorLink::TellOnce(const std::string& source, const std::string& text) {
  if (told_.size() < kMostTold && told_.insert(source).second) handlers_.on_stranger(text);
}

void CoordinatorLink::SayExpired(const std::string& route) {
  Envelope<CoordinatorMessage> answer;
  answer.expired = true;
  socket_.Send(route, Encode(answer));
}

void CoordinatorLink::Refuse(const std::string& route, Refused refused) {
  const Envelope<CoordinatorMessage> answer{1, 1, {std::move(refused)}};
  for (const std::string& part : SplitFrame<CoordinatorMessage>(Encode(answer), "")) socket_.Send(route, part);
}

// ---- what goes out, and who is gone ----

void CoordinatorLink::Lose(AgentId agent, const std::string& why) {
  if (std::exchange(sessions_[Number(agent)].gone, true)) return;
  sessions_[Number(agent)].channel = {};
  sessions_[Number(agent)].joiner.Reset();
  handlers_.on_lost(agent, why);
}

// Whoever has something to send is noted when it comes about, so that a turn costs nothing for all the others.
void CoordinatorLink::Schedule(AgentId agent) {
  Session& session = sessions_[Number(agent)];
  if (!session.channel.wants_to_send()) return;
  if (session.name.empty() || session.channel.presses()) {
    if (!std::exchange(session.due, true)) due_.push_back(agent);
  } else if (!std::exchange(session.waits, true)) {
    if (waiting_.empty()) loop_.After(kAcknowledgeAfter, [this] { EndWaits(); });
    waiting_.push_back({loop_.now() + kAcknowledgeAfter, agent});
  }
}

void CoordinatorLink::EndWaits() {
  for (; !waiting_.empty() && waiting_.front().until <= loop_.now(); waiting_.pop_front()) {
    Session& session = sessions_[Number(waiting_.front().agent)];
    session.waits = false;
    if (!session.channel.wants_to_send()) continue;
    session.channel.Press();
    Schedule(waiting_.front().agent);
  }
  if (!waiting_.empty()) loop_.At(waiting_.front().until, [this] { EndWaits(); });
}

bool CoordinatorLink::Flush(AgentId agent) {
  Session& session = sessions_[Number(agent)];
  if (session.broken || !session.channel.wants_to_send()) return false;  // Broken: all is sent again when it is back.
  while (session.channel.wants_to_send()) {
    for (const std::string& part : SplitFrame<CoordinatorMessage>(Encode(session.channel.NextFrame()), "")) {
      if (socket_.Send(session.route, part)) continue;
      session.broken = loop_.now();
      loop_.After(kReturnWindow, [this, agent, since = loop_.now()] {
        if (sessions_[Number(agent)].broken == since) Lose(agent, "its connection broke and it did not come back");
      });
      return false;
    }
  }
  return true;
}

bool CoordinatorLink::Pump() {
  const bool more = socket_.Pump();
  commit_();
  bool sent = false;
  for (const AgentId agent : std::exchange(due_, {})) {
    Session& session = sessions_[Number(agent)];
    session.due = false;
    if (!session.gone || session.forgotten) sent = Flush(agent) || sent;
  }
  // Sending may take note of what has come, which then does not wake the loop any more.
  return more || (sent && socket_.HasMore());
}

// A send to a connection that is gone fails: so we hear of it at once.
void CoordinatorLink::Probe() {
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    if (sessions_[i].gone || sessions_[i].name.empty()) continue;
    sessions_[i].channel.Beat();
    Schedule(AgentId{static_cast<std::uint32_t>(i)});
  }
}

void CoordinatorLink::Beat() {
  // If it was we who slept (stopped, suspended), the agents' silence says nothing.
  const bool slept = loop_.now() - beat_ > 2 * kHeartbeat;
  beat_ = loop_.now();
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    if (session.gone) continue;
    if (slept) session.heard = loop_.now();
    if (loop_.now() - session.heard >= kLostAfter)
      Lose(AgentId{static_cast<std::uint32_t>(i)}, fmt::format("no word from it for {} s", kLostAfter.count()));
    if (session.gone) continue;
    session.channel.Beat();
    Schedule(AgentId{static_cast<std::uint32_t>(i)});
  }
  loop_.After(kHeartbeat, [this] { Beat(); });
}

}  // namespace fastest
