// Simulate: plays a run over many workers in virtual time, by the rules that a real run uses (WorkQueue, GroupItems,
// OpenLeases, dispatch_policy.h), so that these can be judged where no machine park is at hand.
//
// Modelled are latency, what a file costs to set up, predictions that are off, and agents that die and are replaced.
// Not modelled: memory, shared resources, collection errors. Pure and seeded: equal requests give equal answers. Times
// in seconds.

#pragma once

#include <cstdint>
#include <vector>

namespace fastest {

struct SimulatedItem {
  double seconds = 0;
  double predicted = -1;  // Negative: unknown.
};

struct SimulatedFile {
  std::vector<SimulatedItem> items;  // In the order of the file.
  double setup = 0;                  // What each worker that takes items of it pays first (import, module fixtures).
};

struct SimulationRequest {
  std::vector<SimulatedFile> files;  // In pytest's order.
  std::uint32_t agents = 1;
  std::uint32_t workers = 1;      // Of each agent.
  bool collected_before = false;  // Whole mode: items are known, and cut into groups, before anything runs.
  double latency = 0.001;         // Of a message.
  double agent_life = 0;          // Mean seconds until an agent dies; 0: none does.
  double silence = 6;             // Until its death is known, and as long again until another takes its place.
  std::uint64_t seed = 1;         // Of the deaths.
};

struct Simulated {
  double makespan = 0;
  double bound = 0;  // No schedule takes less: max(all / workers, the longest item with its setup).
  std::uint64_t batches = 0;
  std::uint64_t steals = 0;
  std::uint64_t deaths = 0;
  std::uint64_t finished = 0;  // Items, each once.
};

Simulated Simulate(const SimulationRequest& request);

}  // namespace fastest
