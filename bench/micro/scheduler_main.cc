// Makespan over lower bound of our policy (scheduler/simulator.h) and of pytest-xdist's load and worksteal, simulated.
//
// bench_scheduler [--workers 8,64,512,10000] [--deaths SECONDS] [TRACE ...]
//
// A TRACE is a text file with a line "FILE SECONDS" for each test, in pytest's order; without one a synthetic suite is
// made: files of 1 to 200 tests, durations log-normal (median 50 ms, sigma 1.2), 100 tests a worker. xdist's modes know
// no durations. Its latency and failures are left out, to its advantage.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "scheduler/simulator.h"

namespace {

using fastest::SimulatedFile;
using fastest::SimulatedItem;
using fastest::SimulationRequest;
using Files = std::vector<SimulatedFile>;

Files Synthetic(std::uint32_t workers) {
  std::mt19937_64 random(workers);
  std::lognormal_distribution<double> seconds(std::log(0.05), 1.2);
  std::uniform_int_distribution<int> size(1, 200);
  std::uniform_real_distribution<double> setup(0.02, 0.3);
  Files files;
  for (std::size_t items = 0; items < std::max<std::size_t>(20'000, std::size_t{100} * workers);) {
    SimulatedFile file{{}, setup(random)};
    for (int left = size(random); left > 0; --left, ++items) file.items.push_back({seconds(random), -1});
    files.push_back(std::move(file));
  }
  return files;
}

Files Trace(const std::string& path) {
  Files files;
  std::ifstream in(path);
  std::string file, last;
  for (double seconds = 0; in >> file >> seconds;) {
    if (file != last) files.push_back({{}, 0.02});
    last = file;
    files.back().items.push_back({seconds, -1});
  }
  return files;
}

// Predictions off by a log-normal factor; 0: exact.
Files Predicted(Files files, double sigma) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> factor(0, 1);
  for (SimulatedFile& file : files)
    for (SimulatedItem& item : file.items) item.predicted = item.seconds * std::exp(sigma * factor(random));
  return files;
}

// pytest-xdist: a worker's pending items are indexes into the collection; it is given more, or steals, when few are
// left.
double Xdist(const Files& files, std::uint32_t workers, bool steals) {
  std::vector<std::pair<double, std::uint32_t>> items;  // Seconds, file.
  for (std::uint32_t file = 0; file < files.size(); ++file)
    for (const SimulatedItem& item : files[file].items) items.emplace_back(item.seconds, file);
  struct Node {
    std::vector<std::uint32_t> pending;
    std::size_t at = 0;
    std::uint32_t file = ~0U;
    std::size_t left() const { return pending.size() - at; }
  };
  std::vector<Node> nodes(workers);
  std::size_t next = 0;
  const auto send = [&](Node& node, std::size_t count) {
    for (; count > 0 && next < items.size(); --count) node.pending.push_back(static_cast<std::uint32_t>(next++));
  };
  for (std::uint32_t i = 0; i < workers; ++i) {
    const std::size_t even = (items.size() - next) / (workers - i);
    send(nodes[i], steals ? even : std::max<std::size_t>(items.size() / (4 * workers), 2));
  }
  std::set<std::pair<double, std::uint32_t>> events;  // When a node is through with its item.
  std::set<std::pair<std::size_t, std::uint32_t>> by_left;
  const auto begin = [&](std::uint32_t number, double now) {
    Node& node = nodes[number];
    if (node.left() == 0) return;
    const auto [seconds, file] = items[node.pending[node.at]];
    events.emplace(now + seconds + (std::exchange(node.file, file) == file ? 0 : files[file].setup), number);
  };
  for (std::uint32_t i = 0; i < workers; ++i) {
    begin(i, 0);
    by_left.emplace(nodes[i].left(), i);
  }
  double now = 0;
  while (!events.empty()) {
    const std::uint32_t number = events.begin()->second;
    now = events.begin()->first;
    events.erase(events.begin());
    Node& node = nodes[number];
    by_left.erase({node.left(), number});
    ++node.at;
    const std::size_t pending = items.size() - next;
    if (!steals && pending > 0 && node.left() < std::max<std::size_t>(pending / workers / 4, 2))
      send(node, std::max<std::size_t>(pending / workers / 2, 2) - std::min<std::size_t>(node.left(), 2));
    if (steals && node.left() < 2 && !by_left.empty()) {
      const auto [most, victim] = *by_left.rbegin();
      const std::size_t taken = most > 2 ? most / 2 : 0;  // It keeps at least two.
      if (taken > 0) {
        by_left.erase({most, victim});
        auto& from = nodes[victim].pending;
        node.pending.insert(node.pending.end(), from.end() - static_cast<std::ptrdiff_t>(taken), from.end());
        from.resize(from.size() - taken);
        by_left.emplace(nodes[victim].left(), victim);
      }
    }
    by_left.emplace(node.left(), number);
    begin(number, now);
  }
  return now;
}

void Row(const std::string& name, const Files& files, std::uint32_t workers, double deaths) {
  SimulationRequest request;
  request.workers = workers >= 1000 ? 1 : 4;
  request.agents = std::max(workers / request.workers, 1U);
  request.agent_life = deaths;
  std::vector<double> ratios;
  double bound = 0;
  std::uint64_t died = 0;
  for (const bool whole : {true, false}) {
    for (const double sigma : {0.0, 0.5}) {
      request.files = Predicted(files, sigma);
      request.collected_before = whole;
      const auto run = fastest::Simulate(request);
      ratios.push_back(run.makespan / run.bound);
      bound = run.bound;
      died = run.deaths;
    }
  }
  request.files = files;
  request.collected_before = true;
  const auto first = fastest::Simulate(request);
  ratios.push_back(first.makespan / first.bound);
  for (const bool steals : {false, true}) ratios.push_back(Xdist(files, workers, steals) / bound);
  fmt::print("{:16} {:6} {:9.2f} {:6}", name, workers, bound, died);
  for (const double ratio : ratios) fmt::print(" {:8.3f}", ratio);
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::uint32_t> workers{8, 64, 512, 10'000};
  std::vector<std::string> traces;
  double deaths = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--workers") == 0 && i + 1 < argc) {
      workers.clear();
      for (char* at = argv[++i]; *at != '\0'; at += *at == ',') workers.push_back(std::strtoul(at, &at, 10));
    } else if (std::strcmp(argv[i], "--deaths") == 0 && i + 1 < argc) {
      deaths = std::atof(argv[++i]);
    } else {
      traces.emplace_back(argv[i]);
    }
  }
  fmt::print("{:16} {:>6} {:>9} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "suite", "m", "bound s", "deaths",
             "whole", "w. s=0.5", "file", "f. s=0.5", "unknown", "load", "steal");
  if (traces.empty())
    for (const auto m : workers) Row("synthetic", Synthetic(m), m, deaths);
  for (const std::string& trace : traces)
    for (const auto m : workers) Row(trace.substr(trace.rfind('/') + 1), Trace(trace), m, deaths);
  return 0;
}
