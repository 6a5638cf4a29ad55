#include "protocol/curve_keys.h"

namespace fastest {
namespace {

// The secret may be of any length: it is hashed to a key first.
CurvePair Derive(std::string_view join_secret, std::string_view role) {
  const Digest key = Blake2b(join_secret);
  return PairOfSecret(Blake2b(role, {reinterpret_cast<const char*>(key.data()), key.size()}));
}

CurvePair Coordinators(std::string_view join_secret) { return Derive(join_secret, "fastest join 1: coordinator"); }
CurvePair Agents(std::string_view join_secret) { return Derive(join_secret, "fastest join 1: agent"); }

}  // namespace

CurvePair NewCurvePair() { return PairOfSecret(RandomDigest()); }
CurvePair PairOfSecret(const Digest& secret) { return {secret, CurvePublicKey(secret)}; }

CoordinatorKeys CoordinatorKeysOfJoinSecret(std::string_view join_secret) {
  return {Coordinators(join_secret), {Agents(join_secret).open}};
}

AgentKeys AgentKeysOfJoinSecret(std::string_view join_secret) {
  return {Agents(join_secret), Coordinators(join_secret).open};
}

}  // namespace fastest
