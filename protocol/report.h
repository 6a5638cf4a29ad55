// What a worker's pytest reported: values that travel from worker to agent to coordinator to reporters unchanged.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fastest {

// `when` of a pytest TestReport. The numbers are the worker wire's.
enum class Phase : std::uint8_t { kSetup = 0, kCall = 1, kTeardown = 2 };
// `outcome` of a pytest report. kOther: a plugin's own word ("rerun"), which stands in the JSON.
enum class Outcome : std::uint8_t { kPassed = 0, kFailed = 1, kSkipped = 2, kOther = 3 };

constexpr const char* PhaseName(Phase phase) {
  constexpr const char* kNames[] = {"setup", "call", "teardown"};
  return kNames[static_cast<int>(phase)];
}

constexpr const char* OutcomeName(Outcome outcome) {
  constexpr const char* kNames[] = {"passed", "failed", "skipped", "other"};
  return kNames[static_cast<int>(outcome)];
}

// One report that pytest logged for an item (pytest_runtest_logreport).
struct TestReport {
  Phase phase = Phase::kCall;
  Outcome outcome = Outcome::kPassed;
  double start = 0;     // Seconds since the epoch, as pytest's report says.
  double stop = 0;      // Likewise.
  double duration = 0;  // Seconds.
  // The JSON object that docs/protocol.md calls "report envelope": {"report": …, "text": …, "status": […], …}.
  // Empty for a plain pass: phase passed, no sections, no user properties, and nobody asked for full reports.
  std::string envelope;
};

// One CollectReport of a collector that pytest logged (pytest_collectreport).
struct CollectReport {
  std::string node_id;  // "" for the session.
  Outcome outcome = Outcome::kPassed;
  std::string envelope;  // As above; empty for a plain pass unless full reports were asked for.
};

// One warning (pytest_warning_recorded).
struct WarningReport {
  std::string envelope;  // {"message", "category", "filename", "lineno", "when", "nodeid", "text"}
};

}  // namespace fastest
