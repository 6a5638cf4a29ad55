#include "protocol/coordinator_link.h"

#include <algorithm>
#include <optional>

#include "tests/catch.h"

using namespace fastest;
using namespace std::chrono_literals;

namespace {

// An agent that only notes how much of what it said is acknowledged.
struct Listener {
  Listener(ZmqContext& context, EventLoop& loop)
      : socket(context, loop, Socket::Kind::kDealer, [this](const Socket::Origin&, std::string_view bytes) {
          const auto frame = DecodeFromCoordinator(bytes);
          REQUIRE(frame.ok());
          acknowledged = std::max(acknowledged, frame->acknowledged);
        }) {}
  void Say(std::uint64_t sequence, std::vector<AgentMessage> messages) {
    REQUIRE(socket.Send("", Encode(Envelope<AgentMessage>{sequence, 0, std::move(messages)})));
  }
  std::uint64_t acknowledged = 0;
  Socket socket;
};

}  // namespace

TEST_CASE("what is heard is committed before it is acknowledged, a goodbye too", "[link]") {
  ZmqContext context;
  EventLoop loop;
  std::uint64_t heard = 0, committed = 0;
  std::optional<Listener> agent;
  CoordinatorLink* link = nullptr;
  CoordinatorLink coordinator(context, loop,
                              {[](AgentId, const Hello&) {
                                 return Welcome{"run", {}, WorkerId{0}, "{}"};
                               },
                               [&](AgentId id, AgentMessage message) {
                                 ++heard;
                                 if (std::holds_alternative<Goodbye>(message)) link->Forget(id);
                               },
                               [](AgentId, const std::string&) {}});
  link = &coordinator;
  coordinator.BeforeAcknowledging([&] {
    agent->socket.Pump();
    CHECK(agent->acknowledged <= committed);
    committed = heard;
  });
  REQUIRE(coordinator.Bind("inproc://run").ok());
  agent.emplace(context, loop);
  REQUIRE(agent->socket.Connect("inproc://run").ok());
  agent->Say(1, {Hello{}, Credit{3}});
  loop.AddPump([&] {
    agent->socket.Pump();
    if (agent->acknowledged == 2 && heard == 2) agent->Say(3, {Goodbye{}});
    if (agent->acknowledged == 3) loop.Stop();
    return false;
  });
  loop.After(5s, [&] { loop.Stop(); });
  loop.Run();
  CHECK(agent->acknowledged == 3);
  CHECK(committed == 3);
}
