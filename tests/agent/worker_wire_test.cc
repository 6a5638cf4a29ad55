#include "agent/worker_wire.h"

#include <cstring>

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("a COLLECTED is decoded with its envelopes' text unchanged") {
  const auto collected = wire::DecodeCollected(
      R"({"lease":7,"unit":3,"ids":["a::x","a::x"],"reports":[{"report":{"nodeid":"a","outcome":"failed"},"text":"E"}],)"
      R"("deselected":["a::y"],"serial":[1],"groups":["","g"],"divisible":["a::b"],"seconds":0.25,"problem":"p"})");
  REQUIRE(collected.ok());
  CHECK(collected->lease == LeaseId{7});
  CHECK(collected->unit == UnitId{3});
  CHECK(collected->node_ids == std::vector<std::string>{"a::x", "a::x"});
  REQUIRE(collected->reports.size() == 1);
  CHECK(collected->reports[0].node_id == "a");
  CHECK(collected->reports[0].outcome == Outcome::kFailed);
  CHECK(collected->reports[0].envelope == R"({"report":{"nodeid":"a","outcome":"failed"},"text":"E"})");
  CHECK(collected->deselected == std::vector<std::string>{"a::y"});
  CHECK(collected->serial == std::vector<std::uint32_t>{1});
  CHECK(collected->groups == std::vector<std::string>{"", "g"});
  CHECK(collected->divisible == std::vector<std::string>{"a::b"});
  CHECK(collected->seconds == 0.25);
  CHECK(collected->problem == "p");
}

TEST_CASE("equal node ids are told apart by their occurrence") {
  CHECK(wire::Keys({"a", "b", "a"}) == std::vector<ItemKey>{{"a", 0}, {"b", 0}, {"a", 1}});
}

TEST_CASE("a REPORT's numbers and envelope are decoded") {
  std::string body(40, '\0');
  const std::uint32_t unit = 3, index = 9;
  const double start = 1.5, stop = 2.5, duration = 0.75;
  std::memcpy(body.data(), &unit, 4);
  std::memcpy(body.data() + 4, &index, 4);
  body[8] = 2;
  body[9] = 1;
  std::memcpy(body.data() + 16, &start, 8);
  std::memcpy(body.data() + 24, &stop, 8);
  std::memcpy(body.data() + 32, &duration, 8);
  const auto placed = wire::DecodeReport(body + "{}");
  REQUIRE(placed.ok());
  CHECK(placed->place.unit == 3);
  CHECK(placed->place.index == 9);
  CHECK(placed->report.phase == Phase::kTeardown);
  CHECK(placed->report.outcome == Outcome::kFailed);
  CHECK(placed->report.start == 1.5);
  CHECK(placed->report.stop == 2.5);
  CHECK(placed->report.duration == 0.75);
  CHECK(placed->report.envelope == "{}");
}

TEST_CASE("what is no message is refused, never a crash") {
  const auto body = GENERATE(values<std::string>({"", "{", "[]", "7", "\xff\xfe", "null", "{}x"}));
  CHECK_FALSE(wire::DecodeCollected(body).ok());
  CHECK_FALSE(wire::DecodeRevoked(body).ok());
  CHECK_FALSE(wire::DecodeProcess(body).ok());
  CHECK_FALSE(wire::DecodeReport(body).ok());
  CHECK_FALSE(wire::DecodePlace(body).ok());
}

TEST_CASE("members of the wrong type count as absent") {
  const auto collected =
      wire::DecodeCollected(R"({"lease":"x","ids":7,"reports":{"a":1},"serial":["x"],"seconds":[]})");
  REQUIRE(collected.ok());
  CHECK(collected->node_ids.empty());
  CHECK(wire::DecodeRevoked(R"({"lease":1,"units":[1,{"items":[["a"]]}]})").ok());
}

TEST_CASE("an assignment is encoded as docs/protocol.md says") {
  Assign assign;
  assign.lease = LeaseId{7};
  assign.units.push_back({UnitId{3}, "t.py", 2, {"a"}, {}, {{"t.py::a", 1}}});
  CHECK(
      wire::EncodeAssign(assign) ==
      R"({"lease":7,"run":true,"units":[{"unit":3,"path":"t.py","roots":2,"include":["a"],"exclude":[],"items":[["t.py::a",1]]}]})");
}

TEST_CASE("a process that follows another is told so in SETUP") {
  CHECK(wire::SetupAgain(R"({"n":2})") == R"({"again":true,"n":2})");
  CHECK(wire::SetupAgain("{}") == R"({"again":true})");
}

TEST_CASE("FORK carries START as it is, and a null id for a single worker") {
  CHECK(wire::EncodeFork({0, "", 1, CollectMode::kFile, R"({"roots":[]})"}) ==
        R"({"worker":0,"id":null,"count":1,"mode":"file","start":{"roots":[]}})");
  CHECK(wire::EncodeFork({1, "gw1", 2, CollectMode::kWholeEach, ""}) ==
        R"({"worker":1,"id":"gw1","count":2,"mode":"each","start":{}})");
}
