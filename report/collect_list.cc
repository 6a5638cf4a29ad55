#include "report/collect_list.h"

#include <fmt/format.h>

#include <map>

#include "protocol/node_id.h"

namespace fastest {

void WriteCollected(const std::vector<std::string>& node_ids, const TerminalOptions& options, TerminalWriter* out) {
  if (node_ids.empty()) return;
  if (options.verbosity > -1) out->Line();
  if (options.test_case_verbosity < -1) {
    std::map<std::string, int> counts;
    for (const std::string& id : node_ids) ++counts[std::string(FileOf(id))];
    for (const auto& [path, count] : counts) out->Line(fmt::format("{}: {}", path, count));
    return;
  }
  for (const std::string& id : node_ids) out->Line(id);
}

}  // namespace fastest
