#include "coordinator/ledger.h"

#include "base/check.h"

namespace fastest {

std::string Ledger::IndexKey(UnitId unit, const std::string& node_id, std::uint32_t occurrence) {
  // Unit and occurrence first and of fixed width: no node id can imitate them.
  std::string key(2 * sizeof(std::uint32_t), '\0');
  const std::uint32_t head[] = {Number(unit), occurrence};
  key.assign(reinterpret_cast<const char*>(head), sizeof head);
  return key += node_id;
}

std::vector<ItemId> Ledger::Enter(UnitId unit, const std::vector<std::string>& node_ids, std::vector<ItemId>* fresh) {
  std::vector<ItemId> entered;
  entered.reserve(node_ids.size());
  std::unordered_map<std::string_view, std::uint32_t> seen;
  seen.reserve(node_ids.size());
  for (const std::string& node_id : node_ids) {
    const std::uint32_t occurrence = seen[node_id]++;
    const ItemId next{static_cast<std::uint32_t>(items_.size())};
    const auto [entry, added] = index_.emplace(IndexKey(unit, node_id, occurrence), next);
    if (added) {
      items_.push_back({{node_id, occurrence}, unit});
      fresh->push_back(next);
    }
    entered.push_back(entry->second);
  }
  return entered;
}

std::optional<ItemId> Ledger::Find(UnitId unit, const ItemKey& key) const {
  const auto found = index_.find(IndexKey(unit, key.node_id, key.occurrence));
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

void Ledger::Lease(ItemId item, LeaseId lease) {
  Item& entry = items_[Number(item)];
  CHECK(entry.state == State::kWaiting, entry.key.node_id, Number(entry.lease));
  entry.state = State::kLeased;
  entry.lease = lease;
}

bool Ledger::Accepts(ItemId item, LeaseId lease) const {
  const Item& entry = items_[Number(item)];
  return entry.lease == lease && (entry.state == State::kLeased || entry.state == State::kRunning);
}

void Ledger::Start(ItemId item, WorkerId worker) {
  items_[Number(item)].state = State::kRunning;
  items_[Number(item)].worker = worker;
}

void Ledger::AddReport(ItemId item, const TestReport& report, bool settles) {
  Item& entry = items_[Number(item)];
  entry.seconds += report.duration;
  if (!settles) return;
  if (report.phase == Phase::kTeardown) {
    entry.next_phase.reset();
  } else {
    // What failed or was skipped in setup is torn down without a call.
    const bool calls = report.phase == Phase::kSetup && report.outcome == Outcome::kPassed;
    entry.next_phase = calls ? Phase::kCall : Phase::kTeardown;
  }
}

void Ledger::Finish(ItemId item) {
  Item& entry = items_[Number(item)];
  CHECK(entry.state != State::kFinished, entry.key.node_id);
  entry.state = State::kFinished;
  ++finished_;
}

void Ledger::Return(ItemId item) {
  Item& entry = items_[Number(item)];
  CHECK(entry.state != State::kFinished, entry.key.node_id);
  entry.state = State::kWaiting;
  entry.lease = LeaseId{};
  entry.next_phase = Phase::kSetup;
  entry.seconds = 0;
}

std::vector<std::string> Ledger::Unfinished() const {
  std::vector<std::string> unfinished;
  for (const Item& item : items_)
    if (item.state != State::kFinished) unfinished.push_back(item.key.node_id);
  return unfinished;
}

}  // namespace fastest
