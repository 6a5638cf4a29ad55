// Tally: how many reports of each of pytest's categories a run has seen, and the summary line that says so.
//
// Plugins' own categories count under their names. Values only.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/terminal_writer.h"

namespace fastest {

class Tally {
 public:
  // "" is no category: nothing is counted.
  void Add(const std::string& category, int count = 1);
  int Count(const std::string& category) const;

  // Non-zero counts, known categories first, in pytest's order.
  std::vector<std::pair<std::string, int>> Counts() const;

  // What pytest colours bars and the final line with. `all_run`: the last item has been reported.
  Markup MainColor(bool all_run) const;
  Markup MainColorBold(bool all_run) const;

 private:
  std::vector<std::pair<std::string, int>> counts_;
};

// "3 failed", "1 error", "2 warnings"
std::string CountText(int count, const std::string& category);
Markup CategoryColor(const std::string& category);

// "12.34s", from a minute on "83.20s (0:01:23)"
std::string SessionDuration(double seconds);

}  // namespace fastest
