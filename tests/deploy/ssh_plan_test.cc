#include "deploy/ssh_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/catch.h"

using namespace fastest;

namespace {

// "label destination port" a host, or the error.
std::string Read(const std::string& text) {
  const auto hosts = ReadSshHosts(text);
  if (!hosts.ok()) return "error: " + hosts.error().message;
  std::string all;
  for (const SshHost& host : *hosts) all += fmt::format("({} {} {})", host.label, host.destination, host.port);
  return all;
}

std::string Listen(const std::string& text) {
  const auto endpoint = ReadSshListen(text);
  return endpoint.ok() ? *endpoint : "error: " + endpoint.error().message;
}

SshRequest Request() {
  SshRequest request;
  request.hosts = {{"me@one:2222", "me@one", "2222"}, {"two", "two", ""}};
  request.ssh_options = {"-F", "my config"};
  request.directory = "/code";
  request.program = "/bin/fastest";
  request.agent_words = {"-n", "3"};
  request.seed = 5;
  return request;
}

std::string Joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string Why(const Launch& launch, int exit_code, const std::string& last = "") {
  return launch.why(exit_code << 8, last);
}

}  // namespace

TEST_CASE("hosts are names, users at them, ports and addresses") {
  CHECK(Read("one,me@two:2222,[::1]:22,fe80::1") ==
        "(one one )(me@two:2222 me@two 2222)([::1]:22 ::1 22)(fe80::1 fe80::1 )");
}

TEST_CASE("what is no host is named") {
  CHECK(Read("one,") ==
        "error: ssh: an empty name: no host; allowed are HOST, USER@HOST, HOST:PORT and [ADDRESS]:PORT, "
        "separated by commas");
  for (const char* wrong : {"-oProxyCommand=sh", "one:0", "one:70000", "one:x", "a b", ":22", "me@", "a'b"})
    CHECK(Read(wrong).starts_with(fmt::format("error: ssh: {}: no host; allowed are", wrong)));
  CHECK(Read("one,one") == "error: ssh: one stands there twice (hint: -n N gives a host more workers)");
}

TEST_CASE("--listen is an address that hosts can connect to") {
  CHECK(Listen("").empty());
  CHECK(Listen("10.0.0.1") == "tcp://10.0.0.1:*");
  CHECK(Listen("tcp://10.0.0.1:5570") == "tcp://10.0.0.1:5570");
  CHECK(Listen("[fd00::2]") == "tcp://[fd00::2]:*");
  CHECK(Listen("[fd00::2]:5570") == "tcp://[fd00::2]:5570");
  CHECK(Listen("0.0.0.0:5570").starts_with("error: ssh: --listen 0.0.0.0:5570: hosts can't connect to that"));
  CHECK(Listen("10.0.0.1:x") == "error: ssh: --listen 10.0.0.1:x: allowed are ADDRESS and ADDRESS:PORT (1 to 65535)");
}

TEST_CASE("a host reaches the coordinator through a tunnel of its own ssh, which asks nothing") {
  const LaunchPlan plan = PlanSsh(Request());
  CHECK(plan.listen == "tcp://127.0.0.1:*");
  REQUIRE(plan.launches.size() == 2);
  CHECK(Joined(plan.launches[0].command("tcp://127.0.0.1:4711", 0)) ==
        "ssh -T -o BatchMode=yes -F my config -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 "
        "-o RemoteCommand=none -o LogLevel=INFO -p 2222 -R 127.0.0.1:10005:127.0.0.1:4711 -- me@one exec sh -c " +
            ShellQuoted(
                TextOf({"/code", "/bin/fastest", "tcp://127.0.0.1:10005", {"--name", "me@one:2222", "-n", "3"}})));
  CHECK(Joined(plan.launches[1].command("tcp://127.0.0.1:4711", 0)).find("127.0.0.1:10006") != std::string::npos);
  CHECK(Joined(plan.launches[0].tidy("tcp://127.0.0.1:4711", 0))
            .ends_with("-O cancel -R 127.0.0.1:10005:127.0.0.1:4711 -- me@one"));
}

TEST_CASE("with an address there is no tunnel") {
  SshRequest request = Request();
  request.listen = "tcp://10.0.0.1:*";
  const LaunchPlan plan = PlanSsh(request);
  CHECK(plan.listen == "tcp://10.0.0.1:*");
  const std::string command = Joined(plan.launches[0].command("tcp://10.0.0.1:4711", 0));
  CHECK(command.find(" -R ") == std::string::npos);
  CHECK(command.find("--connect \"tcp://10.0.0.1:4711\"") != std::string::npos);
  CHECK_FALSE(plan.launches[0].tidy);
  CHECK_FALSE(plan.launches[0].judge);
}

TEST_CASE("a port that is taken at the host leads to another one, and at last to giving up") {
  const Launch launch = PlanSsh(Request()).launches[0];
  const auto refused = [](int attempt) {
    return fmt::format("Warning: remote port forwarding failed for listen port {}", TunnelPort(5, attempt));
  };
  CHECK(launch.judge(refused(0), 0) == Verdict::kAgain);
  CHECK(launch.judge(refused(0), 1) == Verdict::kGoOn);  // Not of this attempt.
  CHECK(launch.judge("Warning: remote port forwarding failed for listen port 1", 0) == Verdict::kGoOn);  // The user's.
  CHECK(launch.judge(refused(3), 3) == Verdict::kGiveUp);
  CHECK(Why(launch, 255, refused(3)) ==
        "its sshd allows no tunnel back (hint: --listen ADDRESS: hosts connect to this machine)");
  for (std::uint32_t seed : {0U, 21'999U, 0xffffffffU})
    for (int attempt = 0; attempt < 4; ++attempt) {
      CHECK(TunnelPort(seed, attempt) >= 10'000);
      CHECK(TunnelPort(seed, attempt) < 32'000);
    }
}

TEST_CASE("an end of ssh says what has happened to the host") {
  const Launch launch = PlanSsh(Request()).launches[0];
  CHECK(Why(launch, 0).empty());
  CHECK(Why(launch, 66) == "there is no folder /code (hint: --remote-dir DIR)");
  CHECK(Why(launch, 127) == "there is no program /bin/fastest (hint: --remote-fastest PATH)");
  CHECK(Why(launch, 78, "the code differs") == "its agent was refused, or could not begin: the code differs");
  CHECK(Why(launch, 143) == "its agent was told to stop");
  CHECK(Why(launch, 255, "ssh: Could not resolve hostname one") == "ssh: Could not resolve hostname one");
  CHECK(Why(launch, 255) == "ssh failed");
  CHECK(Why(launch, 255, "me@one: Permission denied (publickey).") ==
        "me@one: Permission denied (publickey). (hint: `ssh -p 2222 me@one` must log in without a question)");
  CHECK(Why(launch, 9, "Segmentation fault") == "its agent ended with exit code 9: Segmentation fault");
  CHECK(launch.why(9, "") == "ssh was killed");
}
