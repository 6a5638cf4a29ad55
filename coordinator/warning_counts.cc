#include "coordinator/warning_counts.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace fastest {
namespace {

using nlohmann::json;

// Nothing for a test's own.
std::optional<std::string> IdentityOf(const WarningReport& warning) {
  const json fields = json::parse(warning.envelope, nullptr, false);
  if (!fields.is_object() || fields.value("when", json()) == "runtest") return std::nullopt;
  const json identity = {fields.value("filename", json()), fields.value("lineno", json()),
                         fields.value("category", json()), fields.value("message", json())};
  return identity.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

bool WarningCounts::Take(WorkerId worker, const WarningReport& warning) {
  const auto identity = IdentityOf(warning);
  if (!identity) return true;
  Told& told = told_[*identity];
  if (++told.by_worker[worker] <= told.counted) return false;
  ++told.counted;
  return true;
}

void WarningCounts::Restore(const WarningReport& warning) {
  if (const auto identity = IdentityOf(warning)) ++told_[*identity].counted;
}

}  // namespace fastest
