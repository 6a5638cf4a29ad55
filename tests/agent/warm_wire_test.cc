#include "agent/warm_wire.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("LAUNCH says what differs and which numbers the descriptors get") {
  wire::Launch launch;
  launch.environment = {{"SHLVL", "2"}, {"OLDPWD", std::nullopt}};
  launch.plugin_words = {"-p", "x"};
  launch.project = "/p";
  launch.setup = R"({"argv":[]})";
  launch.exact = "/run/e";
  launch.idle_timeout = std::chrono::seconds(90);
  launch.memory_limit = 1024;
  launch.fds = {3, 4, 1};
  CHECK(wire::EncodeLaunch(launch) ==
        R"({"environment":{"OLDPWD":null,"SHLVL":"2"},"exact":"/run/e","fds":[3,4,1],"idle_timeout":90.0,)"
        R"("memory_limit":1024,"plugin_words":["-p","x"],"project":"/p","setup":{"argv":[]}})");
}

TEST_CASE("what a warm process answers is read") {
  const auto begun = wire::DecodeBegun(
      R"({"pid":7,"reaper":6,"warm":{"pid":5,"project":"/p","loaded":"pytest","age":1.5,"runs":2,"memory":4096}})");
  REQUIRE(begun.ok());
  CHECK(begun->pid == 7);
  CHECK(begun->reaper == 6);
  CHECK(begun->warm.pid == 5);
  CHECK(begun->warm.runs == 2);
  CHECK(begun->warm.memory == 4096);
  const auto ended = wire::DecodeEnded(R"({"pid":7,"status":9})");
  REQUIRE(ended.ok());
  CHECK(ended->status == 9);
  CHECK(wire::DecodeDeclined(R"({"why":"a.py has changed"})") == "a.py has changed");
}

TEST_CASE("an answer without a process is an error") {
  for (const char* body : {"", "[]", "{}", R"({"pid":0,"reaper":3})", R"({"pid":"7","reaper":3})", R"({"pid":7})"})
    CHECK_FALSE(wire::DecodeBegun(body).ok());
  CHECK_FALSE(wire::DecodeEnded("{}").ok());
  CHECK_FALSE(wire::DecodeStatus(R"({"project":"/p"})").ok());
}
