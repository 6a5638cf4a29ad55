#include "scheduler/simulator.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "scheduler/dispatch_policy.h"
#include "scheduler/grouping.h"
#include "scheduler/open_leases.h"
#include "scheduler/work_queue.h"

namespace fastest {
namespace {

// As a run: work is looked for at most so often because of an item's news.
constexpr double kLookEvery = 0.02;

class Simulation {
 public:
  explicit Simulation(const SimulationRequest& request);
  Simulated Run();

 private:
  using Items = std::vector<std::uint32_t>;

  struct Task {
    Items items;         // Of one file.
    bool whole = false;  // A file that nobody has collected: it is not cut.
  };
  struct Lease {
    std::uint32_t agent = 0;
    Items items;
    std::size_t at = 0;  // The next item to begin.
    bool open = true;
  };
  struct Worker {
    std::uint64_t lease = 0;  // 0: none.
    std::uint32_t file = ~0U;
  };
  struct Agent : AgentLoad {
    std::vector<Worker> workers_of;
    std::deque<std::uint64_t> waiting;
    std::uint32_t life = 0;  // What was planned for an earlier life does not happen.
    bool there = true;
  };
  struct Event {
    double time;
    std::uint64_t number;
    std::function<void()> happen;
    bool operator<(const Event& other) const { return std::tie(time, number) > std::tie(other.time, other.number); }
  };
  struct Hungriest {
    const std::vector<Agent>* agents;
    bool operator()(std::uint32_t a, std::uint32_t b) const {
      if (IsHungrier((*agents)[a], (*agents)[b])) return true;
      if (IsHungrier((*agents)[b], (*agents)[a])) return false;
      return a < b;
    }
  };

  void After(double delay, std::function<void()> happen) {
    events_.push({now_ + delay, ++event_number_, std::move(happen)});
  }
  std::uint32_t All() const { return request_.agents * request_.workers; }
  double Unknown() const { return UnknownSeconds(measured_, static_cast<double>(finished_)); }
  double Predict(std::uint32_t item) const { return items_[item].predicted < 0 ? Unknown() : items_[item].predicted; }
  double Predict(const Items& items) const {
    double seconds = 0;
    for (const auto item : items) seconds += Predict(item);
    return seconds;
  }

  void QueueAtFirst();
  void QueueTask(Task task, double longest_part = -1);
  void QueueGroups(const Items& items, double largest);
  void Change(std::uint32_t agent, int credit, int leases);
  void Dispatch();
  void Steal();
  void Give(std::uint32_t agent, const std::vector<std::uint32_t>& tasks);
  void Begin(std::uint32_t agent, std::uint32_t worker);
  void GiveBack(std::uint64_t lease);
  void End(std::uint64_t lease);
  void Die(std::uint32_t agent);
  void PlanDeath(std::uint32_t agent);

  const SimulationRequest& request_;
  std::vector<SimulatedItem> items_;
  std::vector<std::uint32_t> file_of_;
  std::vector<std::string> names_;  // Node ids, for GroupItems.
  std::vector<bool> done_;
  std::vector<Task> tasks_;
  WorkQueue queue_;
  OpenLeases open_;
  std::map<std::uint64_t, Lease> leases_;
  std::uint64_t next_lease_ = 1;
  std::vector<Agent> agents_;
  std::set<std::uint32_t, Hungriest> with_credit_;
  std::int64_t idle_ = 0;
  std::priority_queue<Event> events_;
  std::uint64_t event_number_ = 0;
  std::mt19937_64 random_;
  double now_ = 0;
  double looked_ = -1;
  double measured_ = 0;
  std::uint64_t finished_ = 0;
  Simulated result_;
};

Simulation::Simulation(const SimulationRequest& request)
    : request_(request), agents_(request.agents), with_credit_(Hungriest{&agents_}), random_(request.seed) {
  double total = 0, longest = 0;
  for (std::uint32_t file = 0; file < request.files.size(); ++file) {
    for (const SimulatedItem& item : request.files[file].items) {
      names_.push_back("f" + std::to_string(file) + "::t" + std::to_string(items_.size()));
      items_.push_back(item);
      file_of_.push_back(file);
      total += item.seconds;
      longest = std::max(longest, item.seconds + request.files[file].setup);
    }
    if (!request.files[file].items.empty()) total += request.files[file].setup;
  }
  done_.resize(items_.size());
  result_.bound = std::max(total / All(), longest);
}

Simulated Simulation::Run() {
  QueueAtFirst();
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    agents_[i].AgentLoad::workers = request_.workers;
    agents_[i].workers_of.resize(request_.workers);
    Change(i, static_cast<int>(2 * request_.workers), 0);
    PlanDeath(i);
  }
  Dispatch();
  while (finished_ < items_.size()) {
    CHECK(!events_.empty(), finished_, items_.size());
    const Event event = events_.top();
    events_.pop();
    now_ = event.time;
    event.happen();
  }
  result_.makespan = now_;
  result_.finished = finished_;
  return result_;
}

// ---- the coordinator's side ----

void Simulation::QueueAtFirst() {
  Items all;
  std::uint32_t item = 0;
  for (const SimulatedFile& file : request_.files) {
    Task task{{}, true};
    for (std::size_t i = 0; i < file.items.size(); ++i) task.items.push_back(item++);
    all.insert(all.end(), task.items.begin(), task.items.end());
    if (!request_.collected_before && !task.items.empty()) QueueTask(std::move(task));
  }
  if (request_.collected_before) QueueGroups(all, Predict(all) / All() / GroupDivisor(All()));
}

void Simulation::QueueTask(Task task, double longest_part) {
  const double setup = request_.files[file_of_[task.items.front()]].setup;
  queue_.Add({static_cast<std::uint32_t>(tasks_.size()), Predict(task.items) + setup,
              static_cast<std::uint32_t>(task.items.size()), longest_part < 0 ? -1 : longest_part + setup});
  tasks_.push_back(std::move(task));
}

void Simulation::QueueGroups(const Items& items, double largest) {
  std::vector<GroupItem> grouped;
  for (const auto item : items) grouped.push_back({names_[item], "", Predict(item)});
  for (const auto& group : GroupItems(grouped, GroupRule::kFile, largest)) {
    Task task;
    for (const auto index : group) task.items.push_back(items[index]);
    QueueTask(std::move(task), JudgedPart(All(), LongestPart(grouped, group, GroupRule::kFile)));
  }
}

void Simulation::Change(std::uint32_t number, int credit, int leases) {
  Agent& agent = agents_[number];
  with_credit_.erase(number);
  if (agent.there) idle_ -= IdleWorkers(agent);
  agent.credit += static_cast<std::uint32_t>(credit);
  agent.leases += static_cast<std::uint32_t>(leases);
  if (!agent.there) return;
  idle_ += IdleWorkers(agent);
  if (agent.credit > 0) with_credit_.insert(number);
}

void Simulation::Dispatch() {
  while (!queue_.empty() && !with_credit_.empty()) Give(*with_credit_.begin(), queue_.TakeShare(All(), kShareDivisor));
  if (queue_.empty()) Steal();
}

void Simulation::Steal() {
  if (idle_ <= static_cast<std::int64_t>(open_.revoking())) return;
  const std::size_t most = static_cast<std::size_t>(idle_) - open_.revoking();
  const auto is_overbooked = [this](AgentId agent) { return IsOverbooked(agents_[Number(agent)]); };
  const double least = LeastSteal(!request_.collected_before);
  for (const LeaseId victim : open_.Victims(most, Unknown(), least, is_overbooked, now_)) {
    open_.BeginRevoke(victim);
    ++result_.steals;
    After(request_.latency, [this, victim] { GiveBack(Number(victim)); });
  }
}

void Simulation::Give(std::uint32_t agent, const std::vector<std::uint32_t>& tasks) {
  const std::uint64_t id = next_lease_++;
  ++result_.batches;
  Lease& lease = leases_[id];
  lease.agent = agent;
  open_.Open(LeaseId{id}, AgentId{agent}, true);
  for (const auto index : tasks) {
    for (const auto item : tasks_[index].items) {
      lease.items.push_back(item);
      open_.AddWaiting(LeaseId{id}, items_[item].predicted);
    }
    open_.SetCost(LeaseId{id}, 2 * request_.files[file_of_[tasks_[index].items.front()]].setup);
    tasks_[index] = {};
  }
  Change(agent, -1, 1);
  const std::uint32_t life = agents_[agent].life;
  After(request_.latency, [this, agent, life, id] {
    Agent& there = agents_[agent];
    if (there.life != life) return;
    there.waiting.push_back(id);
    for (std::uint32_t worker = 0; worker < there.workers_of.size(); ++worker)
      if (there.workers_of[worker].lease == 0) return Begin(agent, worker);
  });
}

void Simulation::End(std::uint64_t id) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || !found->second.open) return;
  found->second.open = false;
  open_.Close(LeaseId{id});
  Change(found->second.agent, 1, -1);
  leases_.erase(found);
  Dispatch();
}

// ---- an agent's side ----

void Simulation::Begin(std::uint32_t agent, std::uint32_t worker) {
  Worker& here = agents_[agent].workers_of[worker];
  auto& waiting = agents_[agent].waiting;
  while (here.lease == 0 || leases_[here.lease].at >= leases_[here.lease].items.size()) {
    if (here.lease != 0) After(request_.latency, [this, id = here.lease] { End(id); });
    here.lease = 0;
    if (waiting.empty()) return;
    here.lease = waiting.front();
    waiting.pop_front();
    here.file = ~0U;
  }
  Lease& lease = leases_[here.lease];
  const std::uint32_t item = lease.items[lease.at++];
  open_.Begin(LeaseId{here.lease}, items_[item].predicted, now_);
  const bool same_file = std::exchange(here.file, file_of_[item]) == file_of_[item];
  const double takes = items_[item].seconds + (same_file ? 0 : request_.files[file_of_[item]].setup);
  After(takes, [this, agent, worker, item, life = agents_[agent].life] {
    if (agents_[agent].life != life) return;
    if (!done_[item]) ++finished_;
    done_[item] = true;
    measured_ += items_[item].seconds;
    Begin(agent, worker);
    if (now_ - looked_ < kLookEvery) return;
    looked_ = now_;
    Dispatch();
  });
}

// All but what runs and the item that was announced to it as the next.
void Simulation::GiveBack(std::uint64_t id) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return;
  Lease& lease = found->second;
  const std::size_t keep = std::min(lease.at == 0 ? 0 : lease.at + 1, lease.items.size());
  const Items back(lease.items.begin() + static_cast<std::ptrdiff_t>(keep), lease.items.end());
  lease.items.resize(keep);
  After(request_.latency, [this, id, back] {
    open_.EndRevoke(LeaseId{id});
    for (const auto item : back) open_.RemoveWaiting(LeaseId{id}, items_[item].predicted);
    if (!back.empty()) QueueGroups(back, Predict(back) / kStolenPieces);
    Dispatch();
  });
}

void Simulation::PlanDeath(std::uint32_t agent) {
  if (request_.agent_life <= 0) return;
  std::exponential_distribution<double> life(1 / request_.agent_life);
  After(life(random_), [this, agent] { Die(agent); });
}

// Its death is known after a silence; what it had not finished runs elsewhere.
void Simulation::Die(std::uint32_t number) {
  ++result_.deaths;
  Agent& agent = agents_[number];
  ++agent.life;
  agent.waiting.clear();
  After(request_.silence, [this, number] {
    Agent& dead = agents_[number];
    Change(number, 0, 0);
    idle_ -= IdleWorkers(dead);
    with_credit_.erase(number);
    dead.there = false;
    dead.credit = dead.leases = 0;
    std::vector<std::uint64_t> lost;
    for (const auto& [id, lease] : leases_)
      if (lease.agent == number) lost.push_back(id);
    for (const auto id : lost) {
      Items left;
      for (const auto item : leases_[id].items)
        if (!done_[item]) left.push_back(item);
      open_.Close(LeaseId{id});
      leases_.erase(id);
      if (!left.empty()) QueueGroups(left, Predict(left) / kStolenPieces);
    }
    After(request_.silence, [this, number] {
      Agent& born = agents_[number];
      born.there = true;
      born.workers_of.assign(request_.workers, {});
      Change(number, static_cast<int>(2 * request_.workers), 0);
      PlanDeath(number);
      Dispatch();
    });
    Dispatch();
  });
}

}  // namespace

Simulated Simulate(const SimulationRequest& request) { return Simulation(request).Run(); }

}  // namespace fastest
