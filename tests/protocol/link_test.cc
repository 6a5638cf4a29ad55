#include <set>

#include "protocol/agent_link.h"
#include "protocol/coordinator_link.h"
#include "tests/catch.h"

using namespace fastest;
using namespace std::chrono_literals;

namespace {

// A coordinator that welcomes everybody and records what it is told.
struct Coordinator {
  Coordinator(ZmqContext& context, EventLoop& loop)
      : link(context, loop,
             {[](AgentId, const Hello&) {
                return Welcome{"run", {}, WorkerId{0}, "{}"};
              },
              [this](AgentId agent, AgentMessage message) {
                if (std::holds_alternative<Hello>(message)) return;
                heard.push_back(std::move(message));
                if (on_message) on_message(agent);
              },
              [this](AgentId, const std::string& why) { lost.push_back(why); },
              [this](const std::string& text) { strangers.push_back(text); }}) {}
  std::vector<AgentMessage> heard;
  std::vector<std::string> lost;
  std::vector<std::string> strangers;
  std::function<void(AgentId)> on_message;
  CoordinatorLink link;
};

// An agent that records what it is told and how its link ends.
struct Agent {
  Agent(ZmqContext& context, EventLoop& loop, AgentLinkOptions options = {})
      : link(
            context, loop, std::move(options),
            [this](CoordinatorMessage message) {
              told.push_back(std::move(message));
              if (on_message) on_message();
            },
            [this](AgentLink::End how, const std::string& text) {
              end = how;
              why = text;
            }) {}
  std::vector<CoordinatorMessage> told;
  std::function<void()> on_message;
  std::optional<AgentLink::End> end;
  std::string why;
  AgentLink link;
};

// Turns the loop until `done` or for `limit`; whether it was done.
bool RunUntil(EventLoop& loop, const std::function<bool()>& done, Duration limit = 10s) {
  const auto timer = loop.After(limit, [&] { loop.Stop(); });
  const auto turning = std::make_shared<bool>(true);
  loop.AddPump([&loop, done, turning] {
    if (*turning && done()) loop.Stop();
    return false;
  });
  loop.Run();
  *turning = false;
  loop.Cancel(timer);
  return done();
}

// A socket without a link that hears what it is answered.
struct Listener {
  Listener(ZmqContext& context, EventLoop& loop)
      : socket(context, loop, Socket::Kind::kDealer, [this](const Socket::Origin&, std::string_view frame) {
          auto answer = DecodeFromCoordinator(frame);
          if (answer.ok()) answers.push_back(std::move(*answer));
        }) {}
  std::vector<Envelope<CoordinatorMessage>> answers;
  Socket socket;
};

// A frame as an agent of a session sends it.
std::string FrameOf(const std::string& session, std::uint64_t sequence, std::vector<AgentMessage> messages) {
  Envelope<AgentMessage> envelope{sequence, 0, std::move(messages)};
  envelope.session = session;
  return Encode(envelope);
}

}  // namespace

TEST_CASE("an agent says hello, is welcomed and talks", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const std::string endpoint = GENERATE(std::string("inproc://run"), std::string("tcp://127.0.0.1:*"));
  const auto bound = coordinator.link.Bind(endpoint);
  REQUIRE(bound.ok());
  Agent agent(context, loop);
  agent.on_message = [&] {
    if (std::holds_alternative<Welcome>(agent.told.back())) agent.link.Send(Credit{3});
  };
  coordinator.on_message = [&](AgentId id) { coordinator.link.Send(id, Walk{}); };
  REQUIRE(agent.link.Connect(*bound, Hello{}).ok());
  REQUIRE(RunUntil(loop, [&] { return agent.told.size() == 2; }));
  REQUIRE(coordinator.heard.size() == 1);
  CHECK(std::get<Credit>(coordinator.heard[0]).batches == 3);
  CHECK(std::get<Welcome>(agent.told[0]).run_id == "run");
  CHECK(std::holds_alternative<Walk>(agent.told[1]));
}

TEST_CASE("a message of many parts arrives whole, and one behind it", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  Agent agent(context, loop);
  REQUIRE(agent.link.Connect(*bound, Hello{}).ok());
  const std::string large(9 * kPartBytes + 5, 'x');
  agent.link.Send(InternalError{WorkerId{1}, large});
  agent.link.Send(Credit{1});
  REQUIRE(RunUntil(loop, [&] { return coordinator.heard.size() == 2; }));
  CHECK(std::get<InternalError>(coordinator.heard[0]).text == large);
  CHECK(coordinator.lost.empty());
}

TEST_CASE("keys: a listed agent is let in, an unlisted one is told so and named once", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const CurvePair own = NewCurvePair(), listed = NewCurvePair(), unlisted = NewCurvePair();
  coordinator.link.Secure({own, {listed.open}});
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  ZmqContext elsewhere;
  Agent friendly(elsewhere, loop, {AgentKeys{listed, own.open}});
  Agent stranger(elsewhere, loop, {AgentKeys{unlisted, own.open}});
  REQUIRE(friendly.link.Connect(*bound, Hello{}).ok());
  REQUIRE(stranger.link.Connect(*bound, Hello{}).ok());
  REQUIRE(RunUntil(loop, [&] { return friendly.link.welcomed() && stranger.end; }));
  CHECK(*stranger.end == AgentLink::End::kRefused);
  CHECK(stranger.why.find("allow-list") != std::string::npos);
  REQUIRE(coordinator.strangers.size() == 1);
  CHECK(coordinator.strangers[0] == "127.0.0.1 was turned away: its key is not in the allow-list");
}

TEST_CASE("an agent with another coordinator's key, or none, gives up and says why", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  coordinator.link.Secure(CoordinatorKeysOfJoinSecret("a secret of some length"));
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  ZmqContext elsewhere;
  Agent wrong(elsewhere, loop, {AgentKeysOfJoinSecret("another one of some length")});
  Agent none(elsewhere, loop);
  REQUIRE(wrong.link.Connect(*bound, Hello{}).ok());
  REQUIRE(none.link.Connect(*bound, Hello{}).ok());
  REQUIRE(RunUntil(loop, [&] { return wrong.end && none.end; }));
  CHECK(*wrong.end == AgentLink::End::kRefused);
  CHECK(*none.end == AgentLink::End::kRefused);
  CHECK(none.why.find("without keys") != std::string::npos);
  CHECK(coordinator.heard.empty());
  // A connection may be gone before it can be asked where it comes from: then "somebody" is told of, too, once.
  const std::set<std::string> told(coordinator.strangers.begin(), coordinator.strangers.end());
  CHECK(!told.empty());
  CHECK(told.size() == coordinator.strangers.size());
}

TEST_CASE("a session goes on over a new connection, and what came twice counts once", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  const auto ignore = [](const Socket::Origin&, std::string_view) {};
  auto first = std::make_unique<Socket>(context, loop, Socket::Kind::kDealer, ignore);
  REQUIRE(first->Connect(*bound).ok());
  first->Send("", FrameOf("s", 1, {Hello{}, Credit{1}}));
  REQUIRE(RunUntil(loop, [&] { return coordinator.heard.size() == 1; }));
  first.reset();
  Socket second(context, loop, Socket::Kind::kDealer, ignore);
  REQUIRE(second.Connect(*bound).ok());
  second.Send("", FrameOf("s", 2, {Credit{1}, Credit{2}}));
  REQUIRE(RunUntil(loop, [&] { return coordinator.heard.size() == 2; }));
  CHECK(std::get<Credit>(coordinator.heard[1]).batches == 2);
  CHECK(coordinator.lost.empty());
}

TEST_CASE("an agent whose connection broke and that does not come back is lost before its silence says so", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  const Time begin = loop.now();
  {
    Socket agent(context, loop, Socket::Kind::kDealer, [](const Socket::Origin&, std::string_view) {});
    REQUIRE(agent.Connect(*bound).ok());
    agent.Send("", FrameOf("s", 1, {Hello{}, Credit{1}}));
    REQUIRE(RunUntil(loop, [&] { return coordinator.heard.size() == 1; }));
  }
  REQUIRE(RunUntil(
      loop, [&] { return !coordinator.lost.empty(); }, 15s));
  CHECK(loop.now() - begin < kLostAfter);
}

TEST_CASE("a session that the coordinator does not know is told to begin anew", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  Listener agent(context, loop);
  REQUIRE(agent.socket.Connect(*bound).ok());
  agent.socket.Send("", FrameOf("of a coordinator before this one", 7, {Credit{1}}));
  REQUIRE(RunUntil(loop, [&] {
    agent.socket.Pump();
    return !agent.answers.empty();
  }));
  CHECK(agent.answers[0].expired);
  CHECK(coordinator.heard.empty());
}

TEST_CASE("an agent that sends nonsense is lost at once", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  Socket agent(context, loop, Socket::Kind::kDealer, [](const Socket::Origin&, std::string_view) {});
  REQUIRE(agent.Connect(*bound).ok());
  agent.Send("", FrameOf("s", 1, {Hello{}, Credit{1}}));
  agent.Send("", "no frame of ours");
  REQUIRE(RunUntil(
      loop, [&] { return !coordinator.lost.empty(); }, 4s));
  CHECK(coordinator.lost[0].find("nonsense") != std::string::npos);
}

TEST_CASE("another version is refused by name", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const auto bound = coordinator.link.Bind("tcp://127.0.0.1:*");
  Listener agent(context, loop);
  REQUIRE(agent.socket.Connect(*bound).ok());
  Envelope<AgentMessage> hello{1, 0, {Hello{}}};
  hello.version = kProtocolVersion + 1;
  agent.socket.Send("", Encode(hello));
  REQUIRE(RunUntil(loop, [&] {
    agent.socket.Pump();
    return !agent.answers.empty();
  }));
  REQUIRE(agent.answers[0].messages.size() == 1);
  CHECK(std::get<Refused>(agent.answers[0].messages[0]).why.find("version 2 of the protocol, this agent 3") !=
        std::string::npos);
}

TEST_CASE("output that the coordinator does not take is cut with a note, results are not", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Agent agent(context, loop);
  REQUIRE(agent.link.Connect("tcp://127.0.0.1:9", Hello{}).ok());  // Nobody is there.
  for (int i = 0; i < 400; ++i) agent.link.Send(Output{WorkerId{0}, std::string(100'000, 'x')});
  agent.link.Send(Credit{7});
  agent.link.Send(Output{WorkerId{0}, "last"});
  CHECK(agent.link.waiting_bytes() < (std::size_t{18} << 20));
}

TEST_CASE("garbage and strangers do not reach the run", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  REQUIRE(coordinator.link.Bind("inproc://run").ok());
  Socket stranger(context, loop, Socket::Kind::kDealer, [](const Socket::Origin&, std::string_view) {});
  REQUIRE(stranger.Connect("inproc://run").ok());
  stranger.Send("", "garbage");
  stranger.Send("", Encode(Envelope<AgentMessage>{1, 0, {Credit{3}}}));
  REQUIRE(RunUntil(loop, [&] { return coordinator.link.bad_frames() >= 2; }));
  CHECK(coordinator.heard.empty());
  CHECK(coordinator.link.bad_frames() == 2);
}
