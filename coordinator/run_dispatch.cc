// Who gets what: the part of Run that hands out work.
//
// Work is a queue of tasks (scheduler/work_queue.h): files that nobody has collected yet, or groups of items. Each
// credit of an agent is one batch. When the queue is empty and a worker has nothing, the lease with most work left
// gives back what it has not started (Revoke), and that is cut and queued again. The rules are in
// scheduler/dispatch_policy.h.

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "coordinator/run.h"
#include "protocol/node_id.h"

namespace fastest {
namespace {

// What pytest spends around an item.
constexpr double kItemOverhead = 0.0003;
// With fewer items than this a file is not cut.
constexpr std::size_t kLeastToCut = 4;
// Of the leases with most to gain some can't be divided, or not yet.
constexpr std::size_t kSpareVictims = 8;
// While only items bring news, work is looked for so often.
constexpr std::chrono::milliseconds kLookEvery{20};
// A worker may run this part of its lease's reserve at a time, but so many seconds of it.
constexpr double kWindow = 0.25;
constexpr double kLeastWindow = 0.25;

// Whoever takes items of the unit has to import its file again, unless a worker that has done so is free.
double StealCost(const RunUnit& unit) {
  return unit.collectors.size() > unit.leases.size() ? 0 : 2 * unit.collect_seconds;
}

GroupRule RuleOf(const RunOptions& options) {
  switch (options.dist) {
    case Dist::kLoadFile:
      return GroupRule::kFileWhole;
    case Dist::kLoadScope:
      return GroupRule::kScope;
    case Dist::kLoadGroup:
      return GroupRule::kMark;
    default:
      return options.optimizer == Optimizer::kAggressive ? GroupRule::kFree : GroupRule::kFile;
  }
}

std::vector<Release::Part> PartsOf(const std::vector<ItemId>& items, const Ledger& ledger) {
  std::vector<Release::Part> parts;
  for (const ItemId item : items) {
    if (parts.empty() || parts.back().unit != ledger[item].unit) parts.push_back({ledger[item].unit, {}});
    parts.back().items.push_back(ledger[item].key);
  }
  return parts;
}

}  // namespace

// The history's answer, asked once; negative: unknown.
double Run::KnownSeconds(ItemId item) const {
  if (predicted_.size() < ledger_.size()) predicted_.resize(ledger_.size(), std::nanf(""));
  float& known = predicted_[Number(item)];
  if (std::isnan(known)) {
    const double seconds = options_.history(ledger_[item].key.node_id);
    known = static_cast<float>(seconds < 0 ? -1 : seconds + kItemOverhead);
  }
  return known;
}

double Run::UnknownSeconds() const {
  return fastest::UnknownSeconds(test_seconds_, static_cast<double>(ledger_.finished())) + kItemOverhead;
}

double Run::PredictSeconds(ItemId item) const {
  const double known = KnownSeconds(item);
  return known >= 0 ? known : UnknownSeconds();
}

std::uint32_t Run::LiveWorkers() const {
  std::uint32_t workers = 0;
  for (const auto& [agent, state] : agents_)
    if (state.takes_work()) workers += state.workers;
  return std::max(workers, 1U);
}

void Run::QueueUnit(UnitId unit) {
  if (units_[Number(unit)].is_suspect) return suspects_.push_back(unit);
  const PlannedUnit& plan = units_[Number(unit)].plan;
  tasks_.push_back({unit, {}, plan.seconds, -1});
  queue_.Add({static_cast<std::uint32_t>(tasks_.size() - 1), plan.seconds, std::max(plan.items, 1U)});
}

void Run::QueueItems(const std::vector<ItemId>& items) {
  double total = 0;
  for (const ItemId item : items) total += PredictSeconds(item);
  const double share = total / LiveWorkers();
  const bool free = options_.optimizer == Optimizer::kAggressive;
  double largest = free ? share / 8 : share / GroupDivisor(LiveWorkers());
  if (options_.optimizer == Optimizer::kOptimized && !items.empty())  // A batch of average items.
    largest = std::min(largest, total / static_cast<double>(items.size()) * options_.batch_size);
  QueueGroups(UnitId{0}, items, largest, HUGE_VAL);
}

// Cuts items of one unit into groups and queues these; classes, where they may be, if they have so many seconds left.
void Run::QueueGroups(UnitId unit, const std::vector<ItemId>& items, double largest, double cut) {
  if (items.empty()) return;
  for (Task& task : GroupsOf(unit, items, largest, cut)) {
    const auto count = static_cast<std::uint32_t>(task.items.size());
    queue_.Add(
        {static_cast<std::uint32_t>(tasks_.size()), task.seconds, count, JudgedPart(LiveWorkers(), task.longest_part)});
    tasks_.push_back(std::move(task));
  }
}

std::string_view Run::MarkOf(ItemId item) const {
  return Number(item) < groups_.size() ? std::string_view(groups_[Number(item)]) : "";
}

// What items are to GroupItems; classes, where they may be, are cut if they have so many seconds left.
std::vector<GroupItem> Run::Groupable(const std::vector<ItemId>& items, double cut) const {
  std::unordered_map<std::string_view, double> left;  // Seconds, by class that may be cut.
  if (cut < HUGE_VAL && !divisible_.empty()) {
    for (const ItemId item : items) {
      const std::string_view atom = AtomOf(ledger_[item].key.node_id);
      if (divisible_.contains(atom)) left[atom] += PredictSeconds(item);
    }
  }
  std::vector<GroupItem> grouped;
  grouped.reserve(items.size());
  for (const ItemId item : items) {
    const std::string& id = ledger_[item].key.node_id;
    const auto rest = left.empty() ? left.end() : left.find(AtomOf(id));
    grouped.push_back({id, MarkOf(item), PredictSeconds(item), divisible_.contains(WithoutParameters(id)),
                       rest != left.end() && rest->second >= cut});
  }
  return grouped;
}

std::vector<Run::Task> Run::GroupsOf(UnitId unit, const std::vector<ItemId>& items, double largest, double cut) const {
  const std::vector<GroupItem> grouped = Groupable(items, cut);
  GroupRule rule = RuleOf(options_);
  if (items.size() < kLeastToCut && rule == GroupRule::kFile) rule = GroupRule::kFileWhole;
  std::vector<Task> tasks;
  for (const auto& group : GroupItems(grouped, rule, largest)) {
    Task task{unit, {}, 0, LongestPart(grouped, group, rule)};
    for (const auto index : group) {
      task.items.push_back(items[index]);
      task.seconds += grouped[index].seconds;
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::optional<AgentId> Run::AgentWithCredit() const {
  std::optional<AgentId> best;
  for (const auto& [agent, state] : agents_) {
    if (!state.takes_work() || state.credit == 0) continue;
    if (!best || IsHungrier(state, agents_.at(*best))) best = agent;
  }
  return best;
}

Assignment Run::AssignmentOf(const Task& task) const {
  const PlannedUnit& plan = units_[Number(task.unit)].plan;
  Assignment unit{task.unit, plan.path, plan.roots, plan.include, plan.exclude, {}};
  for (const ItemId item : task.items) unit.items.push_back(ledger_[item].key);
  return unit;
}

LeaseId Run::Give(AgentId agent, const std::vector<std::uint32_t>& tasks, bool run, bool alone) {
  const LeaseId id{next_lease_++};
  LeaseState lease;
  lease.agent = agent;
  lease.released = run;
  lease.alone = alone;
  open_leases_.Open(id, agent, !alone);
  unreleased_ += run ? 0 : 1;
  Assign assign;
  assign.lease = id;
  assign.run = run;
  assign.alone = alone;
  lease.together = options_.dist == Dist::kLoadFile || options_.dist == Dist::kLoadScope;
  for (const auto index : tasks) {
    const Task& task = tasks_[index];
    assign.units.push_back(AssignmentOf(task));
    if (task.items.empty()) {
      lease.uncollected.push_back(task.unit);
      open_leases_.AddWaiting(id, units_[Number(task.unit)].plan.seconds);
      units_[Number(task.unit)].given_out = true;
    }
    lease.named |= !task.items.empty();
    for (const ItemId item : task.items) {
      ledger_.Lease(item, id);
      lease.items.push_back(item);
      lease.together |= options_.dist == Dist::kLoadGroup && !MarkOf(item).empty();
      open_leases_.AddWaiting(id, KnownSeconds(item));
    }
    if (plan_.mode == CollectMode::kFile && !task.items.empty()) EnterLease(id, lease, task.unit);
  }
  for (const UnitId unit : lease.units) PriceSteals(unit);
  assign.together = lease.together;
  HandOut(id, std::move(lease), std::move(assign));
  return id;
}

void Run::HandOut(LeaseId id, LeaseState lease, Assign assign) {
  const AgentId agent = lease.agent;
  lease.heard = now_;
  leases_.emplace(id, std::move(lease));
  std::uint32_t& credit = agents_[agent].credit;
  if (credit == 0) ++agents_[agent].owed;
  credit -= std::min(credit, 1U);
  ++agents_[agent].leases;
  ++agents_[agent].given;
  effects_.messages.emplace_back(agent, std::move(assign));
}

// The lease has items of the unit; of several tasks, perhaps.
void Run::EnterLease(LeaseId id, LeaseState& lease, UnitId unit) {
  std::vector<LeaseId>& leases = units_[Number(unit)].leases;
  if (std::find(leases.begin(), leases.end(), id) != leases.end()) return;
  leases.push_back(id);
  lease.units.push_back(unit);
}

void Run::PriceSteals(UnitId id) {
  const UnitState& unit = units_[Number(id)];
  for (const LeaseId lease : unit.leases) open_leases_.SetCost(lease, StealCost(unit));
}

// The lease's worker is through with it (`alive`: late news, a held teardown report, still counts).
void Run::EndLease(LeaseId id, bool alive) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || !found->second.open) return;
  LeaseState& lease = found->second;
  lease.open = false;
  lease.alive = alive;
  open_leases_.Close(id);
  for (const UnitId unit : std::exchange(lease.units, {})) {
    std::erase(units_[Number(unit)].leases, id);
    PriceSteals(unit);
  }
  if (!std::exchange(lease.released, true)) --unreleased_;
  --agents_[lease.agent].leases;
  if (agents_[lease.agent].queued > 0) --agents_[lease.agent].queued;
  // A worker that is done but left something out: it goes to another.
  for (const UnitId unit : lease.uncollected)
    if (!units_[Number(unit)].collected) QueueUnit(unit);
  std::vector<ItemId> back;
  for (const ItemId item : std::exchange(lease.items, {})) {  // A run has many leases.
    if (RunCopy* const copy = RacingCopy(item, id)) copy->is_racing = false;
    if (!ledger_.Accepts(item, id)) continue;
    ledger_.Return(item);
    if (stage_ != Stage::kStopping) unpublished_.erase(Number(item));
    if (!Promote(item)) back.push_back(item);
  }
  QueueAgain(back);
}

// Items that were given out and wait again: those of a unit stay together.
void Run::QueueAgain(const std::vector<ItemId>& items) {
  std::map<UnitId, std::vector<ItemId>> parallel;
  for (const ItemId item : items) {
    if (serial_set_.contains(Number(item))) {
      serial_given_ = false;
    } else {
      parallel[ledger_[item].unit].push_back(item);
    }
  }
  for (const auto& [unit, together] : parallel) QueueGroups(unit, together, HUGE_VAL, HUGE_VAL);
}

void Run::ReturnLease(LeaseId id) {
  EndLease(id, false);
  const auto found = leases_.find(id);
  if (found != leases_.end()) found->second.alive = false;
}

void Run::Dispatch() {
  if (!planned_ || (stage_ != Stage::kCollecting && stage_ != Stage::kRunning)) return;
  // Who has begun but not asked yet would find a small run given away.
  const auto is_silent = [](const auto& one) { return one.second.takes_work() && !one.second.has_asked; };
  if (leases_.empty() && std::any_of(agents_.begin(), agents_.end(), is_silent)) return;
  if (plan_.single) return DispatchSingle();
  if (plan_.mode == CollectMode::kFile && plan_.collect_first && stage_ == Stage::kCollecting)
    return DispatchCollectFirst();
  if (plan_.mode != CollectMode::kFile && stage_ == Stage::kCollecting) return;
  ReleaseAll();
  DispatchRetries();
  DispatchQueue();
  DispatchSuspects();
  Steal();
  DispatchSerial();
  DuplicateTail();
}

// What was collected may run: of each lease a part at a time, the rest is its reserve. What by the history is long does
// not wait where it would hold up the end.
void Run::ReleaseAll() {
  if (unreleased_ == 0) return;
  double seconds = 0;
  for (const auto& [id, lease] : leases_) {
    if (lease.released) continue;
    for (const ItemId item : lease.items) seconds += std::max(KnownSeconds(item), 0.0);
  }
  for (auto& [id, lease] : leases_) {
    if (std::exchange(lease.released, true)) continue;
    --unreleased_;
    if (lease.together || lease.named || !lease.uncollected.empty()) {
      effects_.messages.emplace_back(lease.agent, Release{id, {}, {}, true});
      continue;
    }
    std::vector<GroupItem> grouped = Groupable(lease.items, kLeastClassCut);
    for (std::size_t i = 0; i < grouped.size(); ++i) grouped[i].seconds = std::max(KnownSeconds(lease.items[i]), 0.0);
    for (const auto& part : PartsInOrder(grouped, RuleOf(options_), seconds / LiveWorkers())) {
      std::vector<ItemId> items;
      double predicted = 0;
      for (const auto index : part) {
        items.push_back(lease.items[index]);
        predicted += PredictSeconds(lease.items[index]);
      }
      lease.reserve.Add(std::move(items), predicted);
    }
    ReleaseMore(id, lease);
  }
}

void Run::ReleaseMore(LeaseId id, LeaseState& lease) {
  std::vector<ItemId> items;
  if (!lease.reserve.empty())
    items = options_.optimizer == Optimizer::kOptimized
                ? lease.reserve.TakeFrontItems(options_.batch_size)
                : lease.reserve.TakeFront(std::max(kLeastWindow, lease.reserve.seconds() * kWindow));
  lease.ready += static_cast<std::uint32_t>(items.size());
  lease.refill_at = lease.ready / 2;
  // The rest is named if its order is not the worker's.
  const bool rest = lease.reserve.empty();
  const bool named = !rest || !std::is_sorted(items.begin(), items.end());
  effects_.messages.emplace_back(lease.agent,
                                 Release{id, named ? PartsOf(items, ledger_) : std::vector<Release::Part>{}, {}, rest});
}

// An item begins, or has finished. What stands behind a long one could not be taken back: it waits for its end.
void Run::DrawOnReserve(ItemId item, bool has_finished) {
  if (!plan_.collect_first || stage_ != Stage::kRunning) return;
  const auto found = leases_.find(ledger_[item].lease);
  if (found == leases_.end() || !found->second.open) return;
  LeaseState& lease = found->second;
  if (ledger_[item].state == Ledger::State::kLeased && lease.ready > 0) --lease.ready;
  if (lease.reserve.empty() || lease.ready > lease.refill_at) return;
  if (has_finished || KnownSeconds(item) <= kLeastWindow) ReleaseMore(found->first, lease);
}

// Half of the fullest reserve goes back to the queue, if that is worth it; whether it was.
bool Run::StealReserve() {
  const auto seconds_of = [](const LeaseState& lease) {
    return lease.open && !lease.keeps_reserve ? lease.reserve.seconds() : 0;
  };
  const auto fullest = std::max_element(leases_.begin(), leases_.end(), [&](const auto& a, const auto& b) {
    return seconds_of(a.second) < seconds_of(b.second);
  });
  if (fullest == leases_.end() || seconds_of(fullest->second) <= 0) return false;
  const LeaseId id = fullest->first;
  LeaseState& lease = fullest->second;
  const double half = lease.reserve.seconds() / 2;
  const std::vector<ItemId> items = lease.reserve.TakeBack(half);
  std::set<UnitId> units;
  for (const ItemId item : items) units.insert(ledger_[item].unit);
  double cost = LeastSteal(true);
  for (const UnitId unit : units) cost += StealCost(units_[Number(unit)]);
  if (half < cost) {
    lease.reserve.Add(items, half);
    lease.keeps_reserve = true;
    return false;
  }
  effects_.messages.emplace_back(lease.agent, Release{id, {}, PartsOf(items, ledger_), lease.reserve.empty()});
  for (const ItemId item : items) {
    open_leases_.RemoveWaiting(id, KnownSeconds(item));
    ledger_.Return(item);
  }
  std::erase_if(lease.items, [&](ItemId item) { return ledger_[item].lease != id; });
  QueueAgain(items);
  return true;
}

// The worker has pytest's order: everything it has collected, in one batch. A restarted one gets what is left.
void Run::DispatchSingle() {
  if (!whole_entered_ || stage_ != Stage::kRunning) return;
  const auto agent = AgentWithCredit();
  if (!agent || agents_[*agent].leases > 0) return;
  Task task{UnitId{0}, {}, 0, -1};
  std::erase_if(retries_, [this](const Retry& retry) { return retry.due <= now_; });
  const auto waits = [this](ItemId item) {
    return std::any_of(retries_.begin(), retries_.end(), [&](const Retry& retry) { return retry.item == item; });
  };
  for (std::uint32_t i = 0; i < ledger_.size(); ++i)
    if (ledger_[ItemId{i}].state == Ledger::State::kWaiting && !waits(ItemId{i})) task.items.push_back(ItemId{i});
  if (task.items.empty()) return;
  const bool all = task.items.size() == ledger_.size();
  queue_ = {};  // What a lost worker left is in `task`.
  tasks_.push_back(std::move(task));
  Give(*agent, {static_cast<std::uint32_t>(tasks_.size() - 1)}, true, false);
  if (all) std::get<Assign>(effects_.messages.back().second).units[0].items.clear();  // All, in the worker's own order.
}

// All files at once, one lease a worker; they run when the last one is collected.
void Run::DispatchCollectFirst() {
  std::uint32_t credit = 0;
  for (const auto& [agent, state] : agents_)
    if (state.takes_work()) credit += state.credit;
  if (!queue_.empty() && credit > 0)
    for (const auto& batch : queue_.TakeAll(std::min(credit, LiveWorkers())))
      Give(*AgentWithCredit(), batch, false, false);
  DispatchSuspects();
}

void Run::DispatchQueue() {
  while (!queue_.empty()) {
    const auto agent = AgentWithCredit();
    if (!agent) return;
    const auto batch = options_.optimizer == Optimizer::kOptimized ? queue_.TakeItems(options_.batch_size)
                                                                   : queue_.TakeShare(LiveWorkers(), kShareDivisor);
    Give(*agent, batch, true, false);
  }
}

// What a test's news changes (what the others are presumed to take) may make a theft worth while, but not every time.
bool Run::IsTimeToLook() {
  if (now_ - looked_ < kLookEvery) return false;
  looked_ = now_;
  return true;
}

// Whether a part of it can go to another worker, though some of it has begun: what stays together would only change
// hands, for ever.
bool Run::CanBeDivided(const LeaseState& lease, double cut) const {
  if (lease.together) return false;
  if (!lease.uncollected.empty()) return true;
  std::vector<ItemId> open;
  for (const ItemId item : lease.items)
    if (ledger_[item].state != Ledger::State::kFinished) open.push_back(item);
  return open.size() > 1 && GroupsOf(UnitId{0}, open, 0, cut).size() > 1;
}

// While agents have workers without anything, as many leases give back what they have not started; one that waits
// behind others may go as a whole.
void Run::Steal() {
  if (!queue_.empty()) return;
  std::size_t idle = 0;
  for (const auto& [agent, state] : agents_)
    if (state.takes_work()) idle += IdleWorkers(state);
  if (idle <= open_leases_.revoking()) return;
  const auto is_overbooked = [this](AgentId agent) { return IsOverbooked(agents_.at(agent)); };
  const double least = LeastSteal(plan_.mode == CollectMode::kFile);
  const double now = Seconds(now_ - started_).count();
  std::size_t wanted = idle - open_leases_.revoking();
  for (; wanted > 0 && StealReserve(); --wanted) DispatchQueue();
  for (const LeaseId victim :
       open_leases_.Victims(wanted + kSpareVictims, UnknownSeconds(), least, is_overbooked, now)) {
    if (wanted == 0) break;
    const LeaseState& lease = leases_.at(victim);
    if (open_leases_.HasBegun(victim) && !CanBeDivided(lease, kLeastClassCut)) {
      if (!CanBeDivided(lease, 0)) open_leases_.Keep(victim);  // Else it may turn out to take long.
      continue;
    }
    --wanted;
    open_leases_.BeginRevoke(victim);
    effects_.messages.emplace_back(lease.agent, Revoke{victim});
  }
}

// Serial items run at the end, alone on the machine.
void Run::DispatchSerial() {
  if (serial_.empty() || serial_given_ || !queue_.empty() || !AllUnitsCollected()) return;
  const auto agent = AgentWithCredit();
  if (open_leases_.size() > 0 || !agent) return;
  std::map<UnitId, Task> by_unit;
  std::optional<ItemId> suspect;  // Each by itself: the lease then says which one takes an agent down.
  for (const ItemId item : serial_) {
    if (ledger_[item].state != Ledger::State::kWaiting) continue;
    if (ledger_[item].losses > 0) {
      if (!suspect) suspect = item;
      continue;
    }
    by_unit[ledger_[item].unit].unit = ledger_[item].unit;
    by_unit[ledger_[item].unit].items.push_back(item);
  }
  serial_given_ = !suspect;
  if (by_unit.empty() && suspect) by_unit[ledger_[*suspect].unit] = {ledger_[*suspect].unit, {*suspect}, 0, -1};
  std::vector<std::uint32_t> batch;
  for (auto& [unit, task] : by_unit) {
    batch.push_back(static_cast<std::uint32_t>(tasks_.size()));
    tasks_.push_back(std::move(task));
  }
  if (!batch.empty()) Give(*agent, batch, true, true);
}

}  // namespace fastest
