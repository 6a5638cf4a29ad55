#include "protocol/codec.h"

#include <random>

#include "tests/catch.h"

using namespace fastest;

namespace {

// One of each message with every field away from its default, so that a field that does not travel is seen.
std::vector<AgentMessage> EveryAgentMessage() {
  const ItemKey key{"tests/test_a.py::test_x[é-1]", 2};
  Collected collected{WorkerId{1}, LeaseId{9}, UnitId{4}, {"a", "b"}, {{"tests", Outcome::kFailed, "{}"}}, {"c"}, {1},
                      {"", "g"},   {"d"},      0.5,       "why"};
  WorkerLost lost{WorkerId{3}, 77,        9,   true,        WorkerState::kTeardown,
                  LeaseId{5},  UnitId{6}, key, "Traceback", {LeaseId{5}, LeaseId{8}}};
  Revoked revoked{LeaseId{5}, {{UnitId{1}, true, {}}, {UnitId{2}, false, {key}}}};
  return {
      Hello{1, "host", 4, "digest", "linux", "tree", "a.py differs"},
      Ready{true, "{}", 4},
      Credit{3, 2, 1},
      Walked{WorkerId{1}, {"a.py"}, {{"", Outcome::kPassed, ""}}},
      collected,
      ItemStarted{WorkerId{1}, LeaseId{2}, UnitId{3}, key},
      ItemReport{WorkerId{1}, LeaseId{2}, UnitId{3}, key, {Phase::kTeardown, Outcome::kSkipped, 1.5, 2.5, 1.0, "{}"}},
      ItemFinished{WorkerId{1}, LeaseId{2}, UnitId{3}, key},
      ItemsUnknown{WorkerId{1}, LeaseId{2}, UnitId{3}, {key}},
      Warning{WorkerId{1}, {"{\"w\":1}"}},
      Output{WorkerId{1}, "text"},
      LeaseDone{LeaseId{4}, WorkerId{2}},
      revoked,
      WorkerUp{WorkerId{1}, 12, true, "why", 3},
      lost,
      WorkerDone{WorkerId{1}, "{}"},
      WorkerStopping{WorkerId{1}, "exit", "reason", 7, "a.py:1: KeyboardInterrupt"},
      InternalError{WorkerId{1}, "boom"},
      SharedSaid{WorkerId{1}, SharedSaid::What::kRetired, "key", "ticket", "text"},
      Leaving{"SIGTERM"},
      CodeWanted{{Digest{1, 2, 3}, Digest{4}}},
      Heartbeat{},
      Goodbye{"done"}};
}

std::vector<CoordinatorMessage> EveryCoordinatorMessage() {
  Assignment unit{UnitId{1}, "a.py", 2, {"test_a"}, {"test_b"}, {{"a.py::test_a", 1}}};
  return {Welcome{"run", AgentId{1}, WorkerId{4}, "{}"},
          Refused{"why", "manifest", "tree", std::string("d\0\xff", 3)},
          Begin{CollectMode::kWholeEach, true, 8, "{}", {2.5, 3, 1 << 20}},
          Walk{},
          Assign{LeaseId{7}, 30.5, false, 3, true, {unit}, 2},
          Release{LeaseId{7}, {{UnitId{1}, {{"a.py::test_a", 1}}}}, {{UnitId{2}, {{"b.py::test_b", 0}}}}, false},
          Revoke{LeaseId{7}},
          Abandon{LeaseId{7}},
          Stop{Stop::How::kFinish, "why"},
          CodeChunk{std::string("b\0\xff", 3), true, "why"},
          SharedAnswer{WorkerId{1}, SharedAnswer::What::kTearDown, "key", "ticket", "text"},
          Heartbeat{}};
}

}  // namespace

TEST_CASE("every agent message survives the wire") {
  const Envelope<AgentMessage> sent{5, 3, EveryAgentMessage()};
  const std::string frame = Encode(sent);
  const auto taken = DecodeFromAgent(frame);
  REQUIRE(taken.ok());
  CHECK(taken->sequence == 5);
  CHECK(taken->acknowledged == 3);
  // Equal bytes when encoded again: nothing was lost on the way.
  CHECK(Encode(*taken) == frame);
  CHECK(std::get<Hello>(taken->messages[0]).differences == "a.py differs");
  CHECK(std::get<WorkerLost>(taken->messages[14]).item.node_id == "tests/test_a.py::test_x[é-1]");
}

TEST_CASE("every coordinator message survives the wire") {
  const Envelope<CoordinatorMessage> sent{1, 0, EveryCoordinatorMessage()};
  const std::string frame = Encode(sent);
  const auto taken = DecodeFromCoordinator(frame);
  REQUIRE(taken.ok());
  CHECK(Encode(*taken) == frame);
  const WorkerLimits limits = std::get<Begin>(taken->messages[2]).limits;
  CHECK((limits.hang_timeout == 2.5 && limits.max_restarts == 3 && limits.memory == 1 << 20));
}

TEST_CASE("a frame at an odd address is read") {
  const std::string padded = "x" + Encode(Envelope<AgentMessage>{1, 0, {Credit{3}}});
  const auto taken = DecodeFromAgent(std::string_view(padded).substr(1));
  REQUIRE(taken.ok());
  CHECK(std::get<Credit>(taken->messages[0]).batches == 3);
}

TEST_CASE("a truncated frame is refused at every length") {
  const std::string frame = Encode(Envelope<AgentMessage>{1, 0, EveryAgentMessage()});
  for (std::size_t length = 0; length < frame.size(); length += 8)
    (void)DecodeFromAgent(std::string_view(frame).substr(0, length));  // Any answer but a crash.
  CHECK_FALSE(DecodeFromAgent(std::string_view(frame).substr(0, frame.size() / 16 * 8)).ok());
  CHECK_FALSE(DecodeFromAgent("").ok());
  CHECK_FALSE(DecodeFromAgent("1234567").ok());
}

TEST_CASE("a coordinator's message from an agent is refused by name") {
  const auto taken = DecodeFromAgent(Encode(Envelope<CoordinatorMessage>{1, 0, {Walk{}}}));
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().message == "frame with an unknown message that no agent sends");
}

TEST_CASE("changed bytes never do more than fail") {
  const std::string frame = Encode(Envelope<AgentMessage>{1, 0, EveryAgentMessage()});
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = frame;
    for (int i = 0; i < 4; ++i) changed[random() % changed.size()] = static_cast<char>(random());
    (void)DecodeFromAgent(changed);
  }
}
