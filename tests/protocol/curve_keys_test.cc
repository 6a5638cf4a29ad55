#include "protocol/curve_keys.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("a join secret gives both sides keys that fit") {
  const auto coordinator = CoordinatorKeysOfJoinSecret("twenty characters or more");
  const auto agent = AgentKeysOfJoinSecret("twenty characters or more");
  CHECK(agent.coordinator == coordinator.own.open);
  CHECK(coordinator.allowed == std::set<Digest>{agent.own.open});
  CHECK(coordinator.own.secret != agent.own.secret);
}

TEST_CASE("another join secret gives other keys") {
  CHECK(AgentKeysOfJoinSecret("twenty characters or more").own.open !=
        AgentKeysOfJoinSecret("twenty characters or more!").own.open);
}

TEST_CASE("two made pairs differ, and a secret key has one public key") {
  const CurvePair one = NewCurvePair(), other = NewCurvePair();
  CHECK(one.secret != other.secret);
  CHECK(PairOfSecret(one.secret).open == one.open);
}
