#include "scheduler/open_leases.h"

#include "scheduler/dispatch_policy.h"
#include "tests/catch.h"

using namespace fastest;
using Leases = std::vector<LeaseId>;

namespace {

constexpr LeaseId kA{1}, kB{2};
constexpr AgentId kAgent{0};

bool Never(AgentId) { return false; }
bool Always(AgentId) { return true; }

OpenLeases TwoLeases() {
  OpenLeases open;
  for (const LeaseId lease : {kA, kB}) {
    open.Open(lease, kAgent, true);
    for (int i = 0; i < (lease == kA ? 3 : 5); ++i) open.AddWaiting(lease, 1.0);
  }
  return open;
}

}  // namespace

TEST_CASE("the leases with most to gain give back, once, and none without enough") {
  OpenLeases open = TwoLeases();
  CHECK(open.Victims(1, 0, 0.1, Always) == Leases{kB});
  CHECK(open.Victims(5, 0, 0.1, Always) == Leases{kB, kA});
  CHECK(open.Victims(5, 0, 4, Always) == Leases{kB});
  open.BeginRevoke(kB);
  CHECK(open.revoking() == 1);
  CHECK(open.Victims(5, 0, 0.1, Always) == Leases{kA});
  open.EndRevoke(kB);
  CHECK(open.revoking() == 0);
  CHECK(open.Victims(5, 0, 0.1, Always) == Leases{kA});
}

TEST_CASE("a lease that has begun nothing is left alone unless its agent has others to begin") {
  OpenLeases open = TwoLeases();
  CHECK(open.Victims(5, 0, 0.1, Never).empty());
  open.RemoveWaiting(kA, 1.0);
  CHECK(open.Victims(5, 0, 0.1, Never) == Leases{kA});
}

TEST_CASE("items of which nothing is known count by the price of the day, less the cost of a theft") {
  OpenLeases open;
  open.Open(kA, kAgent, true);
  for (int i = 0; i < 4; ++i) open.AddWaiting(kA, -1);
  open.SetCost(kA, 2);
  CHECK(open.Victims(1, 0.5, 0.1, Always).empty());
  CHECK(open.Victims(1, 1, 0.1, Always) == Leases{kA});
}

TEST_CASE("a closed lease is forgotten, with its revoke") {
  OpenLeases open = TwoLeases();
  open.BeginRevoke(kA);
  open.Close(kA);
  open.AddWaiting(kA, 9);
  CHECK(open.revoking() == 0);
  CHECK(open.size() == 1);
  CHECK(open.Victims(5, 0, 0.1, Always) == Leases{kB});
}

TEST_CASE("an idle small agent is hungrier than a busy large one with more credit") {
  const AgentLoad large{8, 4, 12}, small{2, 3, 1};
  CHECK(IsHungrier(small, large));
  CHECK(!IsHungrier(large, small));
  CHECK(IdleWorkers(small) == 1);
  CHECK(IdleWorkers(large) == 0);
  CHECK(IsOverbooked(large));
}

TEST_CASE("a worker without a batch is idle, however many batches another has") {
  AgentLoad agent{2, 2, 2};
  CHECK(IdleWorkers(agent) == 0);
  agent.queued = QueuedLeases(agent, 1, 0);
  CHECK(IdleWorkers(agent) == 1);
}

TEST_CASE("a batch on its way to an idle worker makes it busy") {
  const AgentLoad agent{2, 2, 2};
  CHECK(QueuedLeases(agent, 1, 1) == 0);
  CHECK(QueuedLeases(agent, 0, 0) == 0);
  CHECK(QueuedLeases(agent, 9, 9) == 0);
}

TEST_CASE("what can't be divided is kept") {
  OpenLeases open = TwoLeases();
  open.Keep(kB);
  CHECK(open.Victims(5, 0, 0.1, Always) == Leases{kA});
}

TEST_CASE("what stands behind a long item of which nothing is known is presumed to be long") {
  OpenLeases open;
  open.Open(kA, AgentId{0}, true);
  for (int i = 0; i < 3; ++i) open.AddWaiting(kA, -1);
  open.Begin(kA, -1, 10);
  CHECK(open.Victims(1, 0.001, 0.1, Always, 10.01).empty());
  CHECK(open.Victims(1, 0.001, 0.1, Always, 11) == Leases{kA});
}
