#include "scheduler/simulator.h"

#include <cmath>
#include <random>

#include "tests/catch.h"

using namespace fastest;

namespace {

// Log-normal items in files of 20; predictions off by a log-normal factor of sigma `error`.
SimulationRequest Suite(std::uint32_t agents, std::uint32_t workers, double error) {
  SimulationRequest request;
  request.agents = agents;
  request.workers = workers;
  request.collected_before = true;
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> seconds(-2, 1.0), factor(0, error > 0 ? error : 1e-9);
  for (std::uint32_t file = 0; file < 10 * agents * workers; ++file) {
    SimulatedFile made;
    for (int i = 0; i < 20; ++i) {
      const double takes = seconds(random);
      made.items.push_back({takes, takes * factor(random)});
    }
    request.files.push_back(std::move(made));
  }
  return request;
}

}  // namespace

TEST_CASE("with known durations a run takes at most 1.05 of the lower bound") {
  for (const std::uint32_t agents : {2U, 16U}) {
    const Simulated run = Simulate(Suite(agents, 4, 0));
    CHECK(run.finished == 10 * agents * 4 * 20);
    CHECK(run.makespan >= run.bound);
    CHECK(run.makespan <= 1.05 * run.bound);
  }
}

TEST_CASE("with durations off by a log-normal factor of sigma 0.5 it takes at most 1.15") {
  for (const std::uint32_t agents : {2U, 16U}) {
    const Simulated run = Simulate(Suite(agents, 4, 0.5));
    CHECK(run.makespan <= 1.15 * run.bound);
  }
}

TEST_CASE("files that the workers collect themselves are shared out as evenly") {
  SimulationRequest request = Suite(4, 4, 0);
  request.collected_before = false;
  const Simulated run = Simulate(request);
  CHECK(run.makespan <= 1.05 * run.bound);
}

TEST_CASE("every item is finished once although agents die, and the same seed plays the same run") {
  SimulationRequest request = Suite(4, 2, 0.5);
  request.agent_life = 30;
  const Simulated run = Simulate(request), again = Simulate(request);
  CHECK(run.deaths > 0);
  CHECK(run.finished == 10 * 4 * 2 * 20);
  CHECK(again.makespan == run.makespan);
}
