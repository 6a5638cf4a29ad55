#include "coordinator/warning_counts.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace fastest {
namespace {

using nlohmann::json;

struct Kind {
  std::string identity;  // By place, category and text.
  bool once = false;     // Met while pytest is configured.
};

// Nothing for a test's own.
std::optional<Kind> KindOf(const WarningReport& warning) {
  const json fields = json::parse(warning.envelope, nullptr, false);
  if (!fields.is_object() || fields.value("when", json()) == "runtest") return std::nullopt;
  const json identity = {fields.value("filename", json()), fields.value("lineno", json()),
                         fields.value("category", json()), fields.value("message", json())};
  return Kind{identity.dump(-1, ' ', false, json::error_handler_t::replace), fields.value("when", json()) == "config"};
}

}  // namespace

bool WarningCounts::Take(WorkerId worker, const WarningReport& warning) {
  const auto kind = KindOf(warning);
  if (!kind) return true;
  Told& told = told_[kind->identity];
  if (++told.by_worker[worker] <= told.counted || (kind->once && told.counted > 0)) return false;
  ++told.counted;
  return true;
}

void WarningCounts::Restore(const WarningReport& warning) {
  if (const auto kind = KindOf(warning)) ++told_[kind->identity].counted;
}

}  // namespace fastest
