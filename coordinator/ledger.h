// Ledger: which items there are and which have their result; every item is counted once, whatever arrives late or
// twice.
//
// An item is known by its unit and its key (node id, occurrence). A result counts only under the lease that the item is
// given out under: the lease's id is the fence. Pure; single-threaded.

#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"
#include "protocol/report.h"

namespace fastest {

class Ledger {
 public:
  enum class State : std::uint8_t {
    kWaiting,   // Nobody has it.
    kLeased,    // Given out.
    kRunning,   // Its worker has said that it started, or reported a phase.
    kFinished,  // All phases are in (a teardown report may be held).
  };
  struct Item {
    ItemKey key;
    UnitId unit{};
    LeaseId lease{};
    double seconds = 0;  // Of its phases so far.
    WorkerId worker{};
    std::uint16_t losses = 0;                         // Attempts that ended with their agent.
    std::optional<Phase> next_phase = Phase::kSetup;  // The first phase without a report; none: all are in.
    State state = State::kWaiting;
    bool held = false;   // Finished, and its worker has yet to report its teardown.
    bool again = false;  // It has its result, and runs again for the report of its teardown.
  };

  // Enters what a process collected in `unit`: for each id its item, in order. Items that are known already (another
  // process collected the unit before) are the same items; `fresh` gets those that are new.
  std::vector<ItemId> Enter(UnitId unit, const std::vector<std::string>& node_ids, std::vector<ItemId>* fresh);

  std::optional<ItemId> Find(UnitId unit, const ItemKey& key) const;

  // Gives the item out under `lease`. CHECKs that nobody has it.
  void Lease(ItemId item, LeaseId lease);
  // Whether news of the item under this lease count: it is given out under it and not finished.
  bool Accepts(ItemId item, LeaseId lease) const;
  void Start(ItemId item, WorkerId worker);
  // `settles`: the report is the phase's own, not a subtest's.
  void AddReport(ItemId item, const TestReport& report, bool settles);
  // The item has its result. CHECKs that it had none. `held`: its worker keeps the report of its teardown back.
  void Finish(ItemId item, bool held = false);
  // Takes an item back that has no result: it waits again.
  void Return(ItemId item);
  // The report of its teardown, which was held, is lost: the item has no result, but for the rest of its reports.
  // CHECKs that it had one.
  void Reopen(ItemId item);
  // The worker or agent that ran the item is gone with it.
  void CountLoss(ItemId item) { ++items_[Number(item)].losses; }
  const Item& operator[](ItemId item) const { return items_[Number(item)]; }
  std::size_t size() const { return items_.size(); }
  std::size_t finished() const { return finished_; }
  // Node ids of the items without a result, in ledger order.
  std::vector<std::string> Unfinished() const;

 private:
  // Where the item stands in the index, or the empty place where it would.
  std::size_t PlaceOf(UnitId unit, std::string_view node_id, std::uint32_t occurrence) const;
  void GrowIndex();

  std::deque<Item> items_;  // Grows without a copy of everything.
  // By hash of unit, node id and occurrence, with open addressing: an item's number plus one; 0: empty. Its size is a
  // power of two and at least half is empty.
  std::vector<std::uint32_t> index_;
  mutable std::uint32_t found_ = 0;  // By the last Find.
  std::size_t finished_ = 0;
};

}  // namespace fastest
