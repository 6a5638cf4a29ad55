#include "deploy/launched_agents.h"

#include "base/process.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

// Local shells in the place of ssh, and what is said of them.
struct Site {
  EventLoop loop;
  LaunchPlan plan;
  std::vector<std::string> said;
  std::vector<std::uint32_t> fewer;
  std::unique_ptr<LaunchedAgents> agents;

  Launch& Add(const std::string& label, const std::string& script) {
    Launch launch;
    launch.label = label;
    launch.command = [script](const std::string& endpoint, int attempt) {
      return std::vector<std::string>{"sh", "-c", script, "sh", endpoint, std::to_string(attempt)};
    };
    launch.why = [](int status, const std::string& last) {
      return status == 0 ? "" : DescribeStatus(status) + ", " + last;
    };
    plan.launches.push_back(std::move(launch));
    return plan.launches.back();
  }

  Status Start() {
    plan.missing = "install it";
    plan.nobody = "nobody";
    agents = std::make_unique<LaunchedAgents>(
        loop, plan, "the secret",
        LaunchedAgents::Handlers{[this](const std::string& line) { said.push_back(line); },
                                 [this](std::uint32_t possible, const std::string&) {
                                   fewer.push_back(possible);
                                   if (possible == 0) loop.Stop();
                                 }});
    return agents->Start("tcp://here:1");
  }
  // Until no agent is possible any more.
  void Run() {
    loop.After(std::chrono::seconds(20), [this] { loop.Stop(); });
    loop.Run();
  }
  void End() {
    agents->End([this] { loop.Stop(); });
    loop.Run();
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a process gets the secret as its first line of input and its words come out with its label") {
  Site site;
  site.Add("one", "read secret; echo \"$secret, $1\"; printf 'half'");
  REQUIRE(site.Start().ok());
  site.Run();
  CHECK(site.said == Lines{"one: the secret, tcp://here:1", "one: half"});
  CHECK(site.fewer == std::vector<std::uint32_t>{0});
}

TEST_CASE("control characters from elsewhere reach no terminal") {
  Site site;
  site.Add("one", R"(printf 'a\033[2Jb\r\n')");
  REQUIRE(site.Start().ok());
  site.Run();
  CHECK(site.said == Lines{"one: a?[2Jb"});
}

TEST_CASE("the end of the lifeline ends what waits for it") {
  Site site;
  site.Add("one", "read secret; read more; echo over");
  REQUIRE(site.Start().ok());
  site.End();
  CHECK(site.said == Lines{"one: over"});
}

TEST_CASE("an end that is not in order is told with its reason, and how many agents can still be there") {
  Site site;
  site.Add("one", "echo dying; exit 3");
  site.Add("two", "read secret; read more").agents = 4;
  REQUIRE(site.Start().ok());
  site.loop.AddPump([&] {
    if (!site.fewer.empty()) site.loop.Stop();
    return false;
  });
  site.Run();
  CHECK(site.said == Lines{"one: dying", "fastest: error: one: exit status 3, dying"});
  CHECK(site.fewer == std::vector<std::uint32_t>{4});
}

TEST_CASE("a line can say that some of a process's agents are gone") {
  Site site;
  Launch& launch = site.Add("one", "echo lost; echo else; echo lost; read secret; read more");
  launch.agents = 2;
  launch.losses = [](const std::string& line) { return line == "lost" ? 1U : 0U; };
  REQUIRE(site.Start().ok());
  site.Run();
  CHECK(site.fewer == std::vector<std::uint32_t>{1, 0});
}

TEST_CASE("an attempt that can't succeed is followed by another one") {
  Site site;
  Launch& launch = site.Add("one", "echo attempt $2; read secret; [ $2 = 2 ] || read more");
  launch.judge = [](const std::string&, int attempt) { return attempt < 2 ? Verdict::kAgain : Verdict::kGoOn; };
  REQUIRE(site.Start().ok());
  site.Run();
  CHECK(site.said == Lines{"one: attempt 2"});
}

TEST_CASE("a program that is not there is an error with a hint") {
  Site site;
  site.Add("one", "").command = [](const std::string&, int) { return std::vector<std::string>{"/no/ssh"}; };
  const Status started = site.Start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().message == "cannot start /no/ssh: No such file or directory (hint: install it)");
}
