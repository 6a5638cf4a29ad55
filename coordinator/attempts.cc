#include "coordinator/attempts.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace fastest {

bool IsSubtest(const TestReport& report) {
  return report.phase == Phase::kCall && (report.envelope.find("SubtestReport") != std::string::npos ||
                                          report.envelope.find("SubTestReport") != std::string::npos);
}

void WithdrawSubtests(std::vector<TestReport>* reports) {
  const auto withdraws = [](const TestReport& report) {
    return report.outcome == Outcome::kOther && report.envelope.find("\"withdraws_subtests\"") != std::string::npos;
  };
  const auto last = std::find_if(reports->rbegin(), reports->rend(), withdraws);
  for (auto report = last; report != reports->rend(); ++report) {
    if (!IsSubtest(*report)) continue;
    auto envelope = nlohmann::ordered_json::parse(report->envelope, nullptr, false);
    if (!envelope.is_object()) continue;
    const auto shown = envelope.value("status", nlohmann::ordered_json());
    const bool has_letter = shown.is_array() && shown.size() == 3;
    envelope["status"] = {"", has_letter ? shown[1] : "", has_letter ? shown[2] : ""};
    report->outcome = Outcome::kOther;
    report->envelope = envelope.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }
}

}  // namespace fastest
