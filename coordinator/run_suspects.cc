// Tests and files that may take their agent down with them: the part of Run that finds out which, and sets it aside.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "coordinator/run.h"

namespace fastest {
namespace {

// What has gone down with this many agents is failed and set aside. Of one of them it need only be presumed.
constexpr int kMostLosses = 3;
// So many items of a lease may have taken their agent down where it is not known which: news waits for 50 ms at most.
constexpr std::size_t kMostSuspects = 200;
// So many files of a lease, likewise: what was collected is told at once.
constexpr std::size_t kMostSuspectFiles = 20;

}  // namespace

// Its agent is lost. The news that an item has begun, or has finished, may have gone down with it: then any of the
// next ones may be at fault, and they run at the end, one at a time.
void Run::BlameLease(LeaseId id, const LeaseState& lease) {
  if (!lease.released) return;  // Nothing of it could run.
  std::vector<ItemId> open;
  std::copy_if(lease.items.begin(), lease.items.end(), std::back_inserter(open),
               [&](ItemId item) { return ledger_.Accepts(item, id); });
  const auto running = std::find_if(open.begin(), open.end(),
                                    [this](ItemId item) { return ledger_[item].state == Ledger::State::kRunning; });
  if (running != open.end() || (lease.alone && open.size() == 1)) {
    const ItemId item = running != open.end() ? *running : open.front();
    ledger_.CountLoss(item);
    return BlameAgents(item);
  }
  const std::size_t most = plan_.single ? 1 : kMostSuspects;  // A single worker keeps the order.
  open.resize(std::min(open.size(), most));
  for (const ItemId item : open) {
    if (!plan_.single && serial_set_.insert(Number(item)).second) serial_.push_back(item);
    BlameAgents(item);
  }
}

// Of the files that it had yet to collect one may have taken the agent down.
void Run::BlameFiles(const LeaseState& lease) {
  std::vector<UnitId> files = lease.uncollected;
  files.resize(std::min(files.size(), kMostSuspectFiles));
  for (const UnitId file : files) {
    UnitState& unit = units_[Number(file)];
    unit.is_suspect = true;
    unit.losses += lease.of_suspect ? 2 : 1;
    if (unit.losses < 2 * kMostLosses - 1 || unit.collected) continue;
    FailCollection(file, "", fmt::format("at least {} agents were lost while they imported this file", kMostLosses));
  }
}

// Counts in halves: a loss that is known is two.
void Run::BlameAgents(ItemId item) {
  ledger_.CountLoss(item);
  if (ledger_[item].losses < 2 * kMostLosses - 1) return;
  attempts_[item].failed = options_.retries;  // A test that takes agents down with it is set aside.
  FailItem(item, ledger_[item].worker, Phase::kCall,
           fmt::format("at least {} agents were lost while they ran this test", kMostLosses));
}

// A file whose import may take its agent down: when no other is being collected, so that the next loss is known to be
// by it. Where nothing runs yet, credit may be spent for what is collected and kept; that keeps no worker busy.
void Run::DispatchSuspects() {
  if (suspects_.empty() || !queue_.empty()) return;
  const auto collects = [](const auto& one) { return one.second.open && !one.second.uncollected.empty(); };
  if (std::any_of(leases_.begin(), leases_.end(), collects)) return;
  const bool keeps = plan_.collect_first && stage_ == Stage::kCollecting;
  std::optional<AgentId> agent = AgentWithCredit();
  for (const auto& [one, state] : agents_)
    if (!agent && keeps && state.takes_work()) agent = one;
  if (!agent) return;
  const UnitId unit = suspects_.front();
  suspects_.erase(suspects_.begin());
  tasks_.push_back({unit, {}, units_[Number(unit)].plan.seconds, -1});
  LeaseState& lease = leases_.at(Give(*agent, {static_cast<std::uint32_t>(tasks_.size() - 1)}, !keeps, false));
  lease.of_suspect = true;
}

}  // namespace fastest
