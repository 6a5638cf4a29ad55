#include "coordinator/ledger.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "base/check.h"

namespace fastest {
namespace {

constexpr std::size_t kMultiplier = 0x9e3779b97f4a7c15;  // Spreads bits (Fibonacci hashing).

}  // namespace

std::size_t Ledger::PlaceOf(UnitId unit, std::string_view node_id, std::uint32_t occurrence) const {
  const std::size_t mask = index_.size() - 1;
  const std::size_t salt = (std::size_t{Number(unit)} << 32 | occurrence) * kMultiplier;
  std::size_t place = ((std::hash<std::string_view>{}(node_id) ^ salt) * kMultiplier >> 20) & mask;
  for (;; place = (place + 1) & mask) {
    if (index_[place] == 0) return place;
    const Item& item = items_[index_[place] - 1];
    if (item.unit == unit && item.key.occurrence == occurrence && item.key.node_id == node_id) return place;
  }
}

void Ledger::GrowIndex() {
  index_.assign(std::max<std::size_t>(2 * index_.size(), 64), 0);
  for (std::uint32_t i = 0; i < items_.size(); ++i)
    index_[PlaceOf(items_[i].unit, items_[i].key.node_id, items_[i].key.occurrence)] = i + 1;
}

std::vector<ItemId> Ledger::Enter(UnitId unit, const std::vector<std::string>& node_ids, std::vector<ItemId>* fresh) {
  std::vector<ItemId> entered;
  entered.reserve(node_ids.size());
  std::unordered_map<std::string_view, std::uint32_t> seen;
  seen.reserve(node_ids.size());
  for (const std::string& node_id : node_ids) {
    const std::uint32_t occurrence = seen[node_id]++;
    if (2 * (items_.size() + 1) > index_.size()) GrowIndex();
    std::uint32_t& entry = index_[PlaceOf(unit, node_id, occurrence)];
    if (entry == 0) {
      items_.push_back({{node_id, occurrence}, unit});
      entry = static_cast<std::uint32_t>(items_.size());
      fresh->push_back(ItemId{entry - 1});
    }
    entered.push_back(ItemId{entry - 1});
  }
  return entered;
}

std::optional<ItemId> Ledger::Find(UnitId unit, const ItemKey& key) const {
  if (index_.empty()) return std::nullopt;
  // News of an item come in a row: asked again, no part of the index need be fetched from memory.
  if (found_ < items_.size()) {
    const Item& item = items_[found_];
    if (item.unit == unit && item.key == key) return ItemId{found_};
  }
  const std::uint32_t entry = index_[PlaceOf(unit, key.node_id, key.occurrence)];
  if (entry == 0) return std::nullopt;
  found_ = entry - 1;
  return ItemId{found_};
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
    entry.held = false;
  } else if (report.phase == Phase::kSetup || entry.next_phase != Phase::kSetup) {
    // What failed or was skipped in setup is torn down without a call.
    const bool calls = report.phase == Phase::kSetup && report.outcome == Outcome::kPassed;
    entry.next_phase = calls ? Phase::kCall : Phase::kTeardown;
  }
}

void Ledger::Finish(ItemId item, bool held) {
  Item& entry = items_[Number(item)];
  CHECK(entry.state != State::kFinished, entry.key.node_id);
  entry.state = State::kFinished;
  entry.held = held;
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

void Ledger::Reopen(ItemId item) {
  Item& entry = items_[Number(item)];
  CHECK(entry.state == State::kFinished && entry.held, entry.key.node_id);
  entry.state = State::kRunning;  // What it was before it finished: so it can be returned.
  entry.held = false;
  entry.again = true;
  --finished_;
  Return(item);
}

std::vector<std::string> Ledger::Unfinished() const {
  std::vector<std::string> unfinished;
  for (const Item& item : items_)
    if (item.state != State::kFinished && !item.again) unfinished.push_back(item.key.node_id);
  return unfinished;
}

}  // namespace fastest
