// The agent's sense of time: polling, workers that take too long, and the end of it all.

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "agent/agent.h"
#include "agent/worker_wire.h"
#include "base/memory.h"

namespace fastest {
namespace {

using namespace std::chrono_literals;

constexpr Duration kIdlePoll = 20ms;
constexpr Duration kSweep = 200ms;     // Unfinished lines, ended orphans.
constexpr Duration kDumpTime = 200ms;  // For faulthandler, between SIGABRT and SIGKILL.
constexpr Duration kWeighEvery = 100ms;
constexpr Duration kKillPatience = 5s;  // For the system to end what was killed.

}  // namespace

// ---- time ----

void Agent::ArmTick() {
  if (finished_) return;
  const Time when = loop_.now() + (Busy() ? options_.poll_interval : kIdlePoll);
  if (armed_ && next_tick_ <= when) return;
  loop_.Cancel(tick_);
  armed_ = true;
  next_tick_ = when;
  tick_ = loop_.At(when, [this] { Tick(); });
}

bool Agent::Busy() const { return stop_ || !doomed_.empty() || !AllIdle(); }

void Agent::Tick() {
  armed_ = false;
  buried_.clear();
  buried_processes_.clear();
  for (Place& place : places_) {
    if (!place.worker) continue;
    place.worker->Poll();
    place.worker->TellLongItem(loop_.now());
    Watch(place);
    if (begin_->limits.memory > 0) Recycle(place);
  }
  WatchZygote();
  if (!zygote_) AdoptForked();
  if (loop_.now() >= next_sweep_) Sweep();
  Pump();
  CheckStopped();
  ArmTick();
}

void Agent::Sweep() {
  next_sweep_ = loop_.now() + kSweep;
  if (zygote_) zygote_->FlushOutput();
  std::vector<pid_t> groups{zygote_pid_};
  std::vector<pid_t> ours{zygote_pid_};
  for (Place& place : places_) {
    if (!place.worker) continue;
    place.worker->FlushOutput();
    ours.push_back(place.worker->pid());
    if (place.worker->process()) groups.push_back(place.worker->pid());
  }
  if (options_.process.attached) return;  // Its group is ours, with processes that are others' to reap.
  for (const pid_t group : groups) {
    if (group > 0) ReapGroup(group, ours);
  }
}

bool Agent::IsOverdue(Place& place) {
  const Doing doing = place.worker->doing();
  const bool finalizing = doing.state == WorkerState::kFinalizing;
  if (!finalizing) place.hang.finalizing.reset();
  if (finalizing && !place.hang.finalizing) place.hang.finalizing = loop_.now();
  const bool counts = finalizing || doing.state == WorkerState::kCollecting || doing.state == WorkerState::kSetup ||
                      doing.state == WorkerState::kCall || doing.state == WorkerState::kTeardown;
  const Time since = finalizing ? *place.hang.finalizing : doing.since;
  if (!counts || since == Time{} || Seconds(loop_.now() - since).count() < begin_->limits.hang_timeout) {
    place.hang.overdue.reset();
    return false;
  }
  // Seen twice: the header's words are written one after the other.
  return std::exchange(place.hang.overdue, since) == since;
}

void Agent::Watch(Place& place) {
  const pid_t pid = place.worker->pid();
  if (begin_->limits.hang_timeout <= 0 || pid == 0 || place.killed) return;
  if (!place.hang.aborted) {
    if (!IsOverdue(place)) return;
    place.hang.tree = FindTree(MarksOf(place), OthersThan(place));
    place.hang.aborted = loop_.now();
    ::kill(pid, SIGABRT);  // faulthandler writes the stack, even where C code holds the GIL.
  } else if (loop_.now() - *place.hang.aborted >= kDumpTime) {
    KillPlace(place);
  }
}

// One import of those that it does for all workers.
void Agent::WatchZygote() {
  if (!collecting_whole_ || !zygote_ || zygote_->pid() == 0 || importing_.empty()) return;
  const double limit = begin_->limits.hang_timeout;
  if (limit <= 0) return;
  const TreeMarks marks{zygote_->pid(), "", "", 0};
  if (!importing_hang_.aborted) {
    if (Seconds(loop_.now() - importing_since_).count() < limit) return;
    importing_hang_.tree = FindTree(marks, {});
    importing_hang_.aborted = loop_.now();
    ::kill(zygote_->pid(), SIGABRT);
  } else if (loop_.now() - *importing_hang_.aborted >= kDumpTime) {
    std::vector<pid_t> killed = KillTree(marks, {}, importing_hang_.tree);
    std::erase(killed, zygote_->pid());  // Its end is told by who started it.
    Doom(killed);
  }
}

// ---- memory ----

// Asked when a batch is done or another file is begun, but not each time of many small ones: the kernel walks the
// process's pages for it. A worker that is too large from the start still runs something, or the run would never end.
void Agent::Weigh(Place& place) {
  if (begin_->limits.memory == 0 || begin_->single || stop_ || place.outgrown || !place.worker->has_run()) return;
  if (loop_.now() < place.next_weighing) return;
  place.weighed_in = place.worker->doing().unit;
  place.next_weighing = loop_.now() + kWeighEvery;
  place.outgrown = OwnMemory(place.worker->pid()) > begin_->limits.memory;
}

// Who has set up a fixture that the run shares stays: its teardown would have to wait for the others.
void Agent::Recycle(Place& place) {
  if (stop_ || place.worker->ending()) return;
  // Where all is one unit, the files in it do not show from here.
  if (place.worker->doing().unit != place.weighed_in || begin_->mode != CollectMode::kFile) Weigh(place);
  if (!place.outgrown) return;
  if (place.worker->shares()) {
    place.outgrown = false;
    return;
  }
  place.worker->RevokeFiles();  // A small suite is one batch a worker.
  if (place.worker->Leases().empty() && !place.worker->walking()) {
    place.worker->Stop(Stop::How::kDone);
  }
}

// ---- the end ----

TreeMarks Agent::MarksOf(const Place& place) const {
  // A single worker's programs are known by the test that started them.
  const std::string environment = begin_->single ? "PYTEST_CURRENT_TEST=" : "PYTEST_XDIST_WORKER=" + Name(place);
  return {place.worker->pid(), environment, place.worker->ring_name() + " (deleted)", warm_ ? warm_->reaper() : 0};
}

std::vector<pid_t> Agent::OthersThan(const Place& place) const {
  std::vector<pid_t> others;
  if (zygote_) others.push_back(zygote_->pid());
  for (const Place& one : places_) {
    if (&one != &place && one.worker && one.worker->pid() != 0) others.push_back(one.worker->pid());
  }
  return others;
}

void Agent::KillPlace(Place& place) {
  place.killed = true;
  std::vector<pid_t> killed = KillTree(MarksOf(place), OthersThan(place), place.hang.tree);
  std::erase(killed, place.worker->pid());  // Its end is told by who started it.
  Doom(killed);
}

void Agent::KillAll() {
  killed_at_ = loop_.now();
  for (Place& place : places_) {
    if (place.worker) place.worker->Poll();
  }
  const pid_t zygote = zygote_ ? zygote_->pid() : 0;  // 0 also if it has not begun: it dies of the life pipe, then.
  if (zygote > 0) ::kill(zygote, SIGSTOP);
  for (Place& place : places_) {
    if (!place.worker) continue;
    Doom(KillTree(MarksOf(place), OthersThan(place), place.hang.tree));
    place.worker->Drain();
    buried_.push_back(std::move(place.worker));
  }
  if (zygote_) {
    if (zygote > 0) Doom(KillTree({zygote, "", ""}, {}));
    buried_processes_.push_back(std::move(zygote_));
  }
}

void Agent::Doom(const std::vector<pid_t>& pids) { doomed_.insert(doomed_.end(), pids.begin(), pids.end()); }

void Agent::ReapDoomed() {
  std::erase_if(doomed_, [](pid_t pid) { return Reap(pid) || (::kill(pid, 0) != 0 && errno == ESRCH); });
}

void Agent::CheckStopped() {
  ReapDoomed();
  if (!stop_ || finished_) return;
  if (std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.worker != nullptr; })) return;
  if (zygote_) {
    TellZygoteToExit();
    return;
  }
  if (!doomed_.empty() && killed_at_ && loop_.now() - *killed_at_ < kKillPatience) return;
  finished_ = true;
  loop_.Cancel(tick_);
  send_(Goodbye{stop_->why});
}

}  // namespace fastest
