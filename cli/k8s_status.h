// What `kubectl get job,pods -o json` says of a run: is index 0 there, how did it end, has the Job ended. Pure.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace fastest {

// A pod of index 0; a killed one is followed by another.
struct CoordinatorPod {
  std::string name;
  std::string created;           // As Kubernetes writes it: sorts as text.
  bool started = false;          // It has a log.
  std::string waits;             // Why it has not started, or "".
  std::optional<int> exit_code;  // It has ended.
};

struct RunStatus {
  bool job = false;                          // There is one.
  std::vector<CoordinatorPod> coordinators;  // The oldest first.
  std::string failed;                        // The Job has: "REASON: MESSAGE".
  bool complete = false;
  bool gave_up = false;  // Index 0 gets no more replacement.
};

Result<RunStatus> ReadRunStatus(const std::string& json);

// Whether `index` is in a list as "0,3-5".
bool IsInIndexes(const std::string& list, int index);

}  // namespace fastest
