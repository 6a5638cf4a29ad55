// The end of a run is not held by its slowest machine (--duplicate-tail): the part of Run that starts the last items at
// a second agent, too.
//
// An item's copy is a lease of its own. The ledger's fence stays at the first attempt's lease, so that this goes on as
// ever; what is said under the copy's is kept. If the copy finishes first, or the first attempt is lost, the fence
// moves to the copy's lease and what was kept is heard: from then on the copy is the item's attempt like any other.
// Whatever is said under a lease that the fence is not at counts for nothing, the loser's failure or death too.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "coordinator/run.h"

namespace fastest {

// Nothing is left to hand out, and workers have nothing.
void Run::DuplicateTail() {
  if (!options_.duplicate_tail || plan_.single || stage_ != Stage::kRunning) return;
  if (!queue_.empty() || !retries_.empty() || !AllUnitsCollected()) return;
  for (const auto& [agent, state] : agents_) {
    if (!state.takes_work()) continue;
    for (std::uint32_t idle = IdleWorkers(state); idle > 0; --idle) {
      const auto item = LongestElsewhere(agent);
      if (!item) break;
      StartCopy(*item, agent);
    }
  }
}

// The item's lease is alive: it has begun, or has finished.
void Run::NoteSign(ItemId item) {
  if (!options_.duplicate_tail) return;
  if (const auto lease = leases_.find(ledger_[item].lease); lease != leases_.end()) lease->second.heard = now_;
}

// Of the items that are under way at other agents and overdue, the one of whose lease nothing has been heard for
// longest. What has to stay with others, or runs alone, is started once only.
std::optional<ItemId> Run::LongestElsewhere(AgentId agent) const {
  std::optional<ItemId> longest;
  Time heard = now_;
  for (const auto& [id, lease] : leases_) {
    if (!lease.open || !lease.alive || lease.agent == agent || lease.alone || lease.together) continue;
    if (!lease.reserve.empty() || lease.heard >= heard) continue;
    const double silent = Seconds(now_ - lease.heard).count();
    const auto may_race = [&, id = id](ItemId item) {
      return ledger_.Accepts(item, id) && !copies_.contains(item) && !serial_set_.contains(Number(item)) &&
             IsOverdue(silent, KnownSeconds(item));
    };
    const auto found = std::find_if(lease.items.begin(), lease.items.end(), may_race);
    if (found == lease.items.end()) continue;
    longest = *found;
    heard = lease.heard;
  }
  return longest;
}

void Run::StartCopy(ItemId item, AgentId agent) {
  const LeaseId id{next_lease_++};
  const UnitId unit = ledger_[item].unit;
  LeaseState lease;
  lease.agent = agent;
  lease.released = lease.named = lease.together = lease.of_copy = true;
  lease.items.push_back(item);
  open_leases_.Open(id, agent, false);
  if (plan_.mode == CollectMode::kFile) {
    EnterLease(id, lease, unit);
    PriceSteals(unit);
  }
  Assign assign;
  assign.lease = id;
  assign.together = true;
  assign.units.push_back(AssignmentOf({unit, {item}, 0, -1}));
  copies_.emplace(item, RunCopy{ledger_[item].lease, id, agent, true, false, {}, {}});
  HandOut(id, std::move(lease), std::move(assign));
}

// The item's copy, if `lease` is its lease and nothing is decided.
RunCopy* Run::RacingCopy(ItemId item, LeaseId lease) {
  const auto found = copies_.find(item);
  return found == copies_.end() || !found->second.is_racing || found->second.lease != lease ? nullptr : &found->second;
}

// The first attempt is lost, and the item waits: whether its copy has taken its place.
bool Run::Promote(ItemId item) {
  const auto found = copies_.find(item);
  if (found == copies_.end() || !std::exchange(found->second.is_racing, false)) return false;
  RunCopy& copy = found->second;
  ledger_.Lease(item, copy.lease);
  for (ItemReport& report : std::exchange(copy.reports, {})) On(copy.agent, report);
  return true;
}

void Run::LetCopyWin(ItemId item) {
  ++copies_that_won_;
  if (ledger_[item].state == Ledger::State::kLeased)
    open_leases_.RemoveWaiting(ledger_[item].lease, KnownSeconds(item));
  unpublished_.erase(Number(item));
  ledger_.Return(item);
  Promote(item);
  RunCopy& copy = copies_.at(item);
  if (!warned_.contains(ledger_[item].key.node_id))
    for (WarningReport& warning : copy.warnings) CountWarning(std::move(warning));
  copy.warnings.clear();
}

// Warnings name their test, not its attempt: those of a copy's agent count only if the copy wins and the first attempt
// had raised none. Whether this one does not count, or not yet.
bool Run::KeepForCopy(const Warning& warning) {
  if (!options_.duplicate_tail || Number(warning.worker) >= agent_of_.size()) return false;
  const auto json = nlohmann::json::parse(warning.warning.envelope, nullptr, false);
  const std::string node_id = json.is_object() && json.contains("nodeid") && json["nodeid"].is_string()
                                  ? json["nodeid"].get<std::string>()
                                  : "";
  if (node_id.empty()) return false;
  for (auto& [item, copy] : copies_) {
    if (ledger_[item].key.node_id != node_id) continue;
    const bool of_copy = agent_of_[Number(warning.worker)] == copy.agent;
    const bool copy_counts = ledger_[item].lease == copy.lease;
    if (of_copy && copy_counts) return false;
    if (of_copy) copy.warnings.push_back(warning.warning);
    if (of_copy || copy_counts) return true;
  }
  warned_.insert(node_id);
  return false;
}

// All is done: attempts that have lost and still run are interrupted.
void Run::EndLosers() {
  for (const auto& [item, copy] : copies_) {
    for (const LeaseId id : {copy.first, copy.lease}) {
      const LeaseState& lease = leases_.at(id);
      if (!lease.open || copy.loser_is_done || ledger_[item].lease == id) continue;
      agents_[lease.agent].left_behind = now_;
      effects_.messages.emplace_back(lease.agent, Abandon{id});
    }
  }
}

// Every item has its result, and all that the agent still has to end is an attempt that has lost: it had time for that.
bool Run::IsLeftBehind(AgentId agent) const {
  const Time since = agents_.at(agent).left_behind;
  if (since == Time{} || Seconds(now_ - since).count() < kLoserPatience) return false;
  if (ledger_.finished() < ledger_.size()) return false;
  for (std::uint32_t i = 0; i < ledger_.size(); ++i) {
    const Ledger::Item& item = ledger_[ItemId{i}];
    if (!item.held) continue;
    const auto lease = leases_.find(item.lease);
    if (lease != leases_.end() && lease->second.agent == agent) return false;
  }
  return true;
}

}  // namespace fastest
