#include "protocol/agent_link.h"
#include "protocol/coordinator_link.h"
#include "tests/catch.h"

using namespace fastest;
using namespace std::chrono_literals;

namespace {

// A coordinator that welcomes everybody and records what it is told.
struct Coordinator {
  Coordinator(ZmqContext& context, EventLoop& loop)
      : link(
            context, loop,
            [](AgentId, const Hello&) {
              return Welcome{"run", "", {}, WorkerId{0}, "{}"};
            },
            [this](AgentId agent, AgentMessage message) {
              heard.push_back(std::move(message));
              if (on_message) on_message(agent);
            },
            [](AgentId) {}) {}
  std::vector<AgentMessage> heard;
  std::function<void(AgentId)> on_message;
  CoordinatorLink link;
};

}  // namespace

TEST_CASE("an agent says hello, is welcomed and talks", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  const std::string endpoint = GENERATE(std::string("inproc://run"), std::string("tcp://127.0.0.1:*"));
  const auto bound = coordinator.link.Bind(endpoint);
  REQUIRE(bound.ok());
  std::vector<CoordinatorMessage> told;
  AgentLink agent(
      context, loop,
      [&](CoordinatorMessage message) {
        told.push_back(std::move(message));
        if (std::holds_alternative<Welcome>(told.back())) agent.Send(Credit{3});
        if (std::holds_alternative<Walk>(told.back())) loop.Stop();
      },
      [](const std::string&) {});
  coordinator.on_message = [&](AgentId id) { coordinator.link.Send(id, Walk{}); };
  REQUIRE(agent.Connect(*bound, Hello{}).ok());
  loop.After(5s, [&] { loop.Stop(); });
  loop.Run();
  REQUIRE(coordinator.heard.size() == 1);
  CHECK(std::get<Credit>(coordinator.heard[0]).batches == 3);
  REQUIRE(told.size() == 2);
  CHECK(std::get<Welcome>(told[0]).run_id == "run");
}

TEST_CASE("garbage and strangers do not reach the run", "[link]") {
  ZmqContext context;
  EventLoop loop;
  Coordinator coordinator(context, loop);
  REQUIRE(coordinator.link.Bind("inproc://run").ok());
  Socket stranger(context, loop, Socket::Kind::kDealer, [](const std::string&, std::string_view) {});
  REQUIRE(stranger.Connect("inproc://run").ok());
  stranger.Send("", "garbage");
  stranger.Send("", Encode(Envelope<AgentMessage>{1, 0, {Credit{3}}}));
  loop.AddPump([&] {
    if (coordinator.link.bad_frames() >= 2) loop.Stop();
    return false;
  });
  loop.After(5s, [&] { loop.Stop(); });
  loop.Run();
  CHECK(coordinator.heard.empty());
  CHECK(coordinator.link.bad_frames() == 2);
}
