// The keys of links between machines: Curve25519 pairs for ZeroMQ's CURVE. Values; any thread.
//
// A link is secured both ways: an agent accepts one coordinator key only, a coordinator the agent keys of its list.

#pragma once

#include <set>
#include <string_view>

#include "base/digest.h"

namespace fastest {

struct CurvePair {
  Digest secret{};
  Digest open{};  // The public key.
};

CurvePair NewCurvePair();
CurvePair PairOfSecret(const Digest& secret);

struct CoordinatorKeys {
  CurvePair own;
  std::set<Digest> allowed;  // Public keys of agents.
};

struct AgentKeys {
  CurvePair own;
  Digest coordinator{};  // Its public key.
};

// Both sides' keys from one shared secret (docs/security.md): each pair's secret key is BLAKE2b of a fixed name, keyed
// with the join secret. Who has the join secret can be either side. The secret must have kLeastJoinSecret bytes: an
// eavesdropper could try guesses without anybody noticing.
constexpr std::size_t kLeastJoinSecret = 20;
CoordinatorKeys CoordinatorKeysOfJoinSecret(std::string_view join_secret);
AgentKeys AgentKeysOfJoinSecret(std::string_view join_secret);

}  // namespace fastest
