// The agent's pool: starting workers, handing them what waits, and what follows from a worker's end.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "agent/agent.h"
#include "agent/worker_wire.h"

namespace fastest {

// ---- the pool ----

std::string Agent::Name(const Place& place) const {
  return begin_->single ? "" : fmt::format("gw{}", Number(place.id));
}

bool Agent::StartWorker(Place& place) {
  const int most = begin_->limits.max_restarts;
  const auto limit = most < 0 ? 4 * places_.size() : static_cast<std::size_t>(most);
  if (place.starts > 0 && losses_ > limit) {
    if (!std::exchange(gave_up_, true)) {
      send_(InternalError{place.id, fmt::format("worker crash loop: {} restarts (--max-worker-restart)", limit)});
    }
    return false;
  }
  auto worker = Worker::Create(
      loop_, place.id, fmt::format("fastest-ring-{}-{}-{}", ::getpid(), Number(place.id), place.starts),
      [this](AgentMessage message) { Forward(std::move(message)); }, [this, &place] { KillPlace(place); });
  if (!worker.ok()) {
    send_(InternalError{place.id, worker.error().message});
    return false;
  }
  ++place.starts;
  place.hang = {};
  place.worker = *std::move(worker);
  if (begin_->single && zygote_) {
    Order(place, *zygote_, wire::kBecome);
  } else if (zygote_ && why_fresh_.empty() && !zygote_may_exit_) {
    Order(place, *zygote_, wire::kFork);
    if (whole_) place.worker->Inherit(whole_);
  } else {
    StartFresh(place);
  }
  return place.worker != nullptr;
}

// FORK or BECOME.
void Agent::Order(Place& place, PythonProcess& process, std::uint8_t kind) {
  auto fds = place.worker->TakeChildFds(kind == wire::kFork);
  if (!fds.ok()) return send_(InternalError{place.id, fds.error().message});
  // A process that has not inherited the collection does it by itself.
  const bool whole_by_itself = kind == wire::kBecome && !begin_->single && begin_->mode == CollectMode::kWhole;
  const wire::ForkOrder order{Number(place.id), Name(place), begin_->worker_count,
                              whole_by_itself ? CollectMode::kWholeEach : begin_->mode, begin_->start};
  process.Send(kind, wire::EncodeFork(order), *std::move(fds));
}

void Agent::StartFresh(Place& place) {
  PythonOptions process = options_.process;
  if (!begin_->single) {
    // Plugins and conftests may ask for these while they load.
    process.environment.emplace_back("PYTEST_XDIST_WORKER", Name(place));
    process.environment.emplace_back("PYTEST_XDIST_WORKER_COUNT", std::to_string(begin_->worker_count));
    process.environment.emplace_back("PYTEST_XDIST_TESTRUNUID", wire::TestRunUid(begin_->start));
  }
  const Worker* self = place.worker.get();
  const WorkerId id = place.id;
  auto started = PythonProcess::Start(loop_, process, life_read_.get(),
                                      {[this, &place, self](const Frame& frame) {
                                         if (place.worker.get() == self) OnFreshFrame(place, frame);
                                       },
                                       [this, id](const std::string& why) {
                                         send_(InternalError{id, "a worker sent what is not its protocol: " + why});
                                       },
                                       [this, &place, self](int status) {
                                         if (place.worker.get() == self) OnWorkerExit(place, status);
                                       },
                                       [this, id](std::string text) {
                                         send_(Output{id, std::move(text)});
                                       }});
  if (!started.ok()) {
    send_(InternalError{place.id, started.error().message});
    buried_.push_back(std::move(place.worker));
    return;
  }
  (*started)->Send(wire::kSetup, wire::SetupAgain(setup_));
  place.worker->Own(*std::move(started));
}

void Agent::OnFreshFrame(Place& place, const Frame& frame) {
  switch (frame.kind) {
    case wire::kReady:
      return Order(place, *place.worker->process(), wire::kBecome);
    case wire::kForked:
      return send_(WorkerUp{place.id, place.worker->pid(), false, why_fresh_, place.starts - 1});
    case wire::kFailed: {
      const auto failed = wire::DecodeFailed(frame.body);
      return send_(InternalError{place.id, failed.ok() ? failed->text : failed.error().message});
    }
    case wire::kWarning:
      return;  // The zygote's own load has told it.
    default:
      send_(InternalError{place.id, fmt::format("no message of a starting worker has kind {}", frame.kind)});
  }
}

void Agent::OnWorkerExit(Place& place, int status) {
  Worker& worker = *place.worker;
  worker.Drain();
  const bool hung = place.hang.aborted.has_value();
  if (hung || place.killed) Doom(KillTree(MarksOf(place), OthersThan(place), place.hang.tree));
  const std::vector<LeaseId> leases = worker.Leases();
  const bool walking = worker.walking();
  if (!worker.said_bye()) {
    ++losses_;
    send_(worker.Obituary(status, hung));
  } else if (worker.left_unasked()) {  // Else everybody would wait for what it held.
    send_(InternalError{place.id, fmt::format("gw{} ended its session before its work was done", Number(place.id))});
  } else if (WIFEXITED(status) &&
             WEXITSTATUS(status) != 0) {  // An atexit handler of the user's: pytest's would be red.
    send_(InternalError{place.id, fmt::format("gw{} ended with exit code {} after its session was finished",
                                              Number(place.id), WEXITSTATUS(status))});
  }
  if (alone_ && worker.Holds(*alone_)) alone_.reset();
  place.killed = place.outgrown = place.abandoned = false;
  place.hang = {};
  buried_.push_back(std::move(place.worker));
  if (walking && !stop_) On(fastest::Walk{});  // Nobody would ask again: the limit of starts ends what always dies.
  GiveCredit(leases.size());
  Pump();
  CheckStopped();
}

Agent::Place* Agent::Holder(LeaseId lease) {
  for (Place& place : places_) {
    if (place.worker && place.worker->Holds(lease)) return &place;
  }
  return nullptr;
}

Agent::Place* Agent::PlaceOf(WorkerId id) {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Place& place) { return place.id == id; });
  return found == places_.end() ? nullptr : &*found;
}

// ---- what waits for a worker ----

void Agent::Pump() {
  if (stop_ || collecting_whole_) return;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end() && !alone_;) {
    if (waiting->alone && !AllIdle()) break;  // What came later waits behind it.
    if (!Hand(*waiting)) {
      ++waiting;
      continue;
    }
    if (waiting->alone) alone_ = waiting->lease;
    waiting = waiting_.erase(waiting);
  }
  ArmTick();
}

std::deque<Assign>::iterator Agent::Awaiting(LeaseId lease) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const Assign& one) { return one.lease == lease; });
}

// Where a batch may go. `avoid`: the worker that it should not go to, if there is another; negative: none.
std::vector<Seat> Agent::Seats(std::int32_t avoid) const {
  std::vector<Seat> seats;
  for (const Place& one : places_) {
    const bool closed =
        gave_up_ ? !one.worker : one.worker && (one.killed || one.outgrown || one.hang.aborted || one.worker->ending());
    std::size_t leases = one.worker ? one.worker->ActiveLeases() : 0;
    if (leases > 0 && !one.worker->TakesAhead(loop_.now())) leases = std::max(leases, kLeasesAWorker);
    seats.push_back(
        {one.worker != nullptr, closed, leases, avoid >= 0 && Number(one.id) == static_cast<std::uint32_t>(avoid)});
  }
  return seats;
}

bool Agent::Hand(const Assign& assign) {
  Place* place = assign.worker >= 0 ? PlaceOf(WorkerId(static_cast<std::uint32_t>(assign.worker))) : nullptr;
  if (place == nullptr) {
    std::vector<Seat> seats = Seats(assign.avoid);
    for (std::size_t i = 0; i < seats.size(); ++i)
      seats[i].familiar = places_[i].worker && places_[i].worker->HasCollected(assign);
    const auto chosen = ChooseSeat(seats);
    if (!chosen) return false;
    place = &places_[*chosen];
  }
  if (place->worker && (place->outgrown || place->worker->ending())) return false;
  if (!place->worker && !StartWorker(*place)) return false;
  place->worker->Hand(assign, loop_.now());
  return true;
}

bool Agent::AllIdle() const {
  return std::none_of(places_.begin(), places_.end(), [](const Place& place) {
    if (!place.worker) return false;
    const WorkerState state = place.worker->doing().state;
    return place.worker->ActiveLeases() > 0 || place.worker->walking() ||
           (state != WorkerState::kIdle && state != WorkerState::kEnded);
  });
}

void Agent::GiveBack(const Assign& assign) {
  Revoked revoked{assign.lease, {}};
  for (const Assignment& unit : assign.units) revoked.parts.push_back({unit.unit, unit.items.empty(), unit.items});
  send_(std::move(revoked));
  send_(LeaseDone{assign.lease, first_worker_});
  GiveCredit(1);
}

void Agent::Forward(AgentMessage message) {
  if (const auto* stopping = std::get_if<WorkerStopping>(&message)) {
    const Place* place = PlaceOf(stopping->worker);
    if (place != nullptr && place->abandoned) return;
  }
  const LeaseDone* done = std::get_if<LeaseDone>(&message);
  const std::optional<LeaseId> lease = done != nullptr ? std::optional(done->lease) : std::nullopt;
  if (Place* place = done != nullptr ? PlaceOf(done->worker) : nullptr; place != nullptr && place->worker)
    Weigh(*place);
  send_(std::move(message));
  if (!lease) return;
  if (alone_ == lease) alone_.reset();
  GiveCredit(1);
}

void Agent::GiveCredit(std::size_t batches) {
  if (batches == 0 || stop_) return;
  const std::vector<Seat> seats = Seats(-1);
  const auto idle =
      std::count_if(seats.begin(), seats.end(), [](const Seat& seat) { return !seat.closed && seat.leases == 0; });
  const auto spoken_for = static_cast<std::ptrdiff_t>(waiting_.size());
  send_(
      Credit{static_cast<std::uint32_t>(batches), static_cast<std::uint32_t>(std::max(idle - spoken_for, {})), taken_});
}

}  // namespace fastest
