#include "agent/agent.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/worker_wire.h"
#include "base/pipe.h"

namespace fastest {
namespace {

// The zygote's messages of a worker's kind may or may not carry a record number before their JSON.
std::string_view WithoutNumber(std::string_view body) {
  return body.starts_with('{') || body.size() < 4 ? body : body.substr(4);
}

}  // namespace

Agent::Agent(EventLoop& loop, AgentOptions options, std::function<void(AgentMessage)> send)
    : loop_(loop), options_(std::move(options)), send_(std::move(send)) {
  BecomeSubreaper();
  auto life = MakePipe();
  CHECK(life.ok(), life.ok() ? "" : life.error().message);
  life_read_ = std::move(life->first);
  life_write_ = std::move(life->second);
}

Agent::~Agent() {
  loop_.Cancel(tick_);
  if (!finished_) KillAll();
  for (const pid_t pid : doomed_) {
    const UniqueFd ended = OpenPidFd(pid);
    pollfd wait{ended.get(), POLLIN, 0};
    if (ended.valid()) ::poll(&wait, 1, 1000);
    Reap(pid);
  }
}

void Agent::Receive(const CoordinatorMessage& message) {
  if (finished_) return;
  std::visit([this](const auto& one) { On(one); }, message);
}

void Agent::Drain(const std::string& why) {
  if (finished_ || stop_) return;
  send_(Leaving{why});
  for (const Assign& assign : std::exchange(waiting_, {})) GiveBack(assign);
  On(fastest::Stop{Stop::How::kFinish, why});
}

void Agent::Shutdown(std::string why) {
  if (!finished_) On(fastest::Stop{Stop::How::kKill, std::move(why)});
}

// ---- the coordinator's messages ----

void Agent::On(const Welcome& welcome) {
  first_worker_ = welcome.first_worker;
  if (setup_.empty()) StartZygote(welcome.setup);
}

void Agent::On(const Begin& begin) {
  if (begin_) return;
  begin_ = begin;
  begin_->limits = {options_.hang_timeout.value_or(begin.limits.hang_timeout),
                    options_.max_worker_restart.value_or(begin.limits.max_restarts),
                    options_.memory_limit.value_or(begin.limits.memory)};
  places_.resize(begin.single ? 1 : std::max(options_.workers, 1u));
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i].id = WorkerId(Number(first_worker_) + static_cast<std::uint32_t>(i));
  }
  if (begin.single) {
    StartWorker(places_[0]);
  } else if (begin.mode == CollectMode::kWhole) {
    collecting_whole_ = zygote_ != nullptr;
    if (zygote_) zygote_->Send(wire::kCollect, wire::EncodeCollect(begin.start));
  } else if (begin.mode == CollectMode::kWholeEach) {
    // Each has to collect before anything can be given out.
    for (Place& place : places_) StartWorker(place);
  }
  if (!begin.single && !why_fresh_.empty() && zygote_ && begin.mode != CollectMode::kWhole) {
    TellZygoteToExit();
  }
  GiveCredit(kLeasesAWorker * places_.size());
  ArmTick();
}

void Agent::On(const fastest::Walk&) {
  if (places_.empty()) return;
  Place& first = places_[0];
  if (first.worker || StartWorker(first)) first.worker->Walk();
  ArmTick();
}

void Agent::On(const Assign& assign) {
  ++taken_;
  if (stop_) return GiveBack(assign);  // It was on its way when we said that we leave.
  waiting_.push_back(assign);
  Pump();
}

void Agent::On(const fastest::Release& release) {
  const auto waiting = Awaiting(release.lease);
  if (waiting != waiting_.end()) {
    waiting->run = true;
  } else if (Place* place = Holder(release.lease)) {
    place->worker->Release(release);
    ArmTick();
  }
}

void Agent::On(const fastest::Revoke& revoke) {
  const auto waiting = Awaiting(revoke.lease);
  if (waiting != waiting_.end()) {
    const Assign assign = std::move(*waiting);
    waiting_.erase(waiting);
    return GiveBack(assign);
  }
  if (Place* place = Holder(revoke.lease)) return place->worker->Revoke(revoke.lease);
  send_(Revoked{revoke.lease, {}});  // Done already, or lost with its worker.
}

void Agent::On(const Abandon& abandon) {
  Place* place = Holder(abandon.lease);
  if (place == nullptr || std::exchange(place->abandoned, true)) return;
  place->worker->Stop(Stop::How::kInterrupt);
  place->worker->Interrupt();
}

void Agent::On(const fastest::Stop& stop) {
  if (killed_at_) return;
  stop_ = stop;
  waiting_.clear();
  const bool idle_places =
      std::none_of(places_.begin(), places_.end(), [](const Place& place) { return place.worker != nullptr; });
  if (stop.how == Stop::How::kKill || (stop.how == Stop::How::kInterrupt && idle_places)) {
    KillAll();  // Nothing is running that could be torn down.
  } else {
    for (Place& place : places_) {
      if (!place.worker) continue;
      place.worker->Stop(stop.how);
      if (stop.how == Stop::How::kInterrupt) place.worker->Interrupt();
    }
  }
  CheckStopped();
  ArmTick();
}

// A worker that has asked and is gone is not there to hear it; one that has come in its place knows by the ticket.
void Agent::On(const SharedAnswer& answer) {
  Place* place = PlaceOf(answer.worker);
  if (place != nullptr && place->worker) place->worker->Answer(answer);
}

// ---- the zygote ----

void Agent::StartZygote(std::string setup) {
  setup_ = std::move(setup);
  PythonProcess::Handlers handlers{
      [this](const Frame& frame) { OnZygoteFrame(frame); },
      [this](const std::string& why) {
        send_(InternalError{first_worker_, "the zygote sent what is not its protocol: " + why});
      },
      [this](int status) { OnProcessExit(zygote_pid_, status); },
      [this](std::string text) {
        send_(Output{first_worker_, std::move(text)});
      },
      [this](pid_t pid) { zygote_pid_ = pid; }};
  if (options_.warm) {
    warm_ = std::make_unique<WarmProcess>(loop_, *options_.warm, PythonProcess::HowToStart(options_.process));
  }
  auto started = warm_
                     ? PythonProcess::StartWarm(loop_, options_.process, life_read_.get(), std::move(handlers), *warm_)
                     : PythonProcess::Start(loop_, options_.process, life_read_.get(), std::move(handlers));
  if (!started.ok()) return send_(Ready{false, "ERROR: " + started.error().message + "\n", 4});
  zygote_ = *std::move(started);
  zygote_pid_ = zygote_->pid();
  zygote_->Send(wire::kSetup, setup_);
  ArmTick();
}

void Agent::OnZygoteFrame(const Frame& frame) {
  const std::string_view body = frame.body;
  switch (frame.kind) {
    case wire::kReady:
      return OnReady(body);
    case wire::kFailed:
      return OnFailed(body);
    case wire::kFresh:
      return OnImported(body);
    case wire::kForked:
      return OnForked(body);
    case wire::kExited:
      return OnExited(body);
    case wire::kCollected:
      return OnZygoteCollected(WithoutNumber(body));
    case wire::kImporting:
      return OnZygoteImporting(WithoutNumber(body));
    case wire::kWarning:
      return send_(Warning{first_worker_, {std::string(WithoutNumber(body))}});
    case wire::kInternalError: {
      const auto error = wire::DecodeInternalError(WithoutNumber(body));
      return send_(error.ok() ? *error : InternalError{first_worker_, error.error().message});
    }
    default:
      send_(InternalError{first_worker_, fmt::format("no message of the zygote has kind {}", frame.kind)});
  }
}

void Agent::OnReady(std::string_view body) {
  const auto answer = wire::DecodeReady(body);
  if (!answer.ok()) return send_(Ready{false, "INTERNALERROR: " + answer.error().message + "\n", 3});
  ready_ = true;
  if (!answer->fresh.empty()) why_fresh_ = answer->fresh[0];
  send_(Ready{true, std::string(body), 0});
}

void Agent::OnFailed(std::string_view body) {
  const auto failed = wire::DecodeFailed(body);
  ready_ = zygote_may_exit_ = true;  // It ends by itself now.
  collecting_whole_ = false;
  if (!failed.ok()) return send_(Ready{false, "INTERNALERROR: " + failed.error().message + "\n", 3});
  send_(Ready{false, failed->text, failed->exit_code});
}

// The test files that it has imported left something that forks must not share.
void Agent::OnImported(std::string_view body) {
  const auto answer = wire::DecodeReady(body);
  if (!answer.ok()) return send_(InternalError{first_worker_, answer.error().message});
  if (!answer->fresh.empty()) why_fresh_ = answer->fresh[0];
}

void Agent::OnZygoteCollected(std::string_view body) {
  auto collected = wire::DecodeCollected(body);
  if (!collected.ok()) return send_(InternalError{first_worker_, collected.error().message});
  whole_ = std::make_shared<const std::vector<ItemKey>>(wire::Keys(collected->node_ids));
  collecting_whole_ = !why_fresh_.empty();
  collected->worker = first_worker_;
  collected->lease = LeaseId{};
  send_(*std::move(collected));
  // What it holds (a port, a lock) must not be in the way of workers that import the same.
  collecting_whole_ ? TellZygoteToExit() : Pump();
}

void Agent::OnZygoteImporting(std::string_view body) {
  const auto path = wire::DecodeImporting(body);
  if (!path.ok()) return send_(InternalError{first_worker_, path.error().message});
  importing_ = *path;
  importing_since_ = loop_.now();
}

void Agent::OnForked(std::string_view body) {
  const auto forked = wire::DecodeProcess(body);
  Place* place = forked.ok() ? PlaceOf(WorkerId(forked->worker)) : nullptr;
  if (place == nullptr || !place->worker) return;
  place->worker->SetPid(forked->pid);
  const bool became = forked->pid == zygote_pid_;
  if (became) place->worker->Own(std::move(zygote_));
  send_(WorkerUp{place->id, forked->pid, !became, "", place->starts - 1});
  if (place->killed) KillPlace(*place);  // It was to be, before we knew which process it is.
}

void Agent::OnExited(std::string_view body) {
  const auto exited = wire::DecodeProcess(body);
  Place* place = exited.ok() ? PlaceOf(WorkerId(exited->worker)) : nullptr;
  if (place != nullptr && place->worker && place->worker->pid() == exited->pid) OnWorkerExit(*place, exited->status);
}

void Agent::OnProcessExit(pid_t pid, int status) {
  for (Place& place : places_) {
    if (place.worker && place.worker->process() && place.worker->pid() == pid) return OnWorkerExit(place, status);
  }
  if (zygote_ && zygote_->pid() == pid) OnZygoteExit(status);
}

void Agent::OnZygoteExit(int status) {
  buried_processes_.push_back(std::move(zygote_));
  const std::string how = DescribeStatus(status);
  if (!zygote_may_exit_ && !ready_) {
    send_(Ready{false, fmt::format("ERROR: {} ended before pytest was loaded: {}\n", options_.process.python, how), 3});
  } else if (!zygote_may_exit_) {
    const std::string why = fmt::format("the process that workers are forked from ended: {}", how);
    // Where it has the session, the session's end goes with it. Else others can be started without it.
    if (auto lost = ZygoteObituary(status)) {
      Doom(KillTree({}, {}, importing_hang_.tree));
      send_(*std::move(lost));
    } else if (!begin_ || begin_->mode == CollectMode::kWhole) {
      send_(InternalError{first_worker_, why});
    } else {
      why_fresh_ = why;
      send_(Output{first_worker_, fmt::format("fastest: {}; workers go on, new ones are started fresh\n", why)});
    }
  } else if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {  // As with a worker's: see OnWorkerExit.
    send_(InternalError{
        first_worker_,
        fmt::format("the process that loaded pytest ended with exit code {} after its session", WEXITSTATUS(status))});
  }
  collecting_whole_ = false;
  // Those that it was asked to fork and did not. The others are ours now (AdoptForked).
  for (Place& place : places_) {
    if (place.worker && place.worker->pid() == 0) OnWorkerExit(place, status);
  }
  Pump();
  CheckStopped();
}

std::optional<WorkerLost> Agent::ZygoteObituary(int status) const {
  if (!collecting_whole_ || importing_.empty()) return std::nullopt;
  WorkerLost lost;
  lost.worker = first_worker_;
  lost.pid = zygote_pid_;
  lost.status = status;
  lost.hung = importing_hang_.aborted.has_value();
  lost.state = WorkerState::kCollecting;
  lost.item.node_id = importing_;
  return lost;
}

void Agent::TellZygoteToExit() {
  zygote_may_exit_ = true;
  if (!std::exchange(zygote_told_to_exit_, true)) zygote_->Send(wire::kExit, "{}");
}

void Agent::AdoptForked() {
  for (Place& place : places_) {
    if (!place.worker || place.worker->process() || place.worker->pid() == 0) continue;
    const pid_t pid = place.worker->pid();
    if (const auto status = StatusOf(pid)) {
      OnWorkerExit(place, *status);
    } else if (::kill(pid, 0) != 0 && errno == ESRCH) {
      OnWorkerExit(place, SIGKILL);  // Ended with the zygote, which took its status along.
    }
  }
}

std::optional<int> Agent::StatusOf(pid_t pid) {
  const auto status = Reap(pid);
  return status || !warm_ ? status : warm_->TakeStatus(pid);
}

}  // namespace fastest
