// WarningCounts: which of the warnings that workers tell count. A value.
//
// Several processes configure, load the same conftests and may import the same file: what each of them meets in that
// counts as often as the one of them has met it that met it most often, as in pytest's single process; what is met
// while pytest is configured counts once, since the process that workers are forked from speaks as the first of them.
// A test's own warnings always count.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "protocol/agent_messages.h"

namespace fastest {

class WarningCounts {
 public:
  // True if it counts: no other process has told as many of its like.
  bool Take(WorkerId worker, const WarningReport& warning);
  // One that has counted in the part of the run that ended.
  void Restore(const WarningReport& warning);

 private:
  struct Told {
    std::uint32_t counted = 0;
    std::map<WorkerId, std::uint32_t> by_worker;
  };
  std::map<std::string, Told> told_;  // By place, category and text.
};

}  // namespace fastest
