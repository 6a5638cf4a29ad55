#include "agent/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fastest {
namespace {

constexpr std::size_t kRingSize = 1 << 20;
constexpr std::size_t kFaultLogSize = 64 << 10;
constexpr Duration kLong = std::chrono::milliseconds(500);  // A person sees which tests take longer than a second.

bool IsInItem(WorkerState state) {
  return state == WorkerState::kSetup || state == WorkerState::kCall || state == WorkerState::kTeardown ||
         state == WorkerState::kFinalizing;
}

UniqueFd Duplicate(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

}  // namespace

Result<std::unique_ptr<Worker>> Worker::Create(EventLoop& loop, WorkerId id, std::string ring_name, Send send,
                                               OnBroken broken) {
  auto ring = Ring::Create(ring_name, kRingSize);
  if (!ring.ok()) return ring.error();
  auto fault_log = SharedMemory::Create("fastest-fault-log", kFaultLogSize);
  if (!fault_log.ok()) return fault_log.error();
  auto sockets = MakeSocketPair();
  if (!sockets.ok()) return sockets.error();
  auto pipe = MakePipe();
  if (!pipe.ok()) return pipe.error();
  return std::unique_ptr<Worker>(new Worker(loop, id, std::move(ring_name), *std::move(ring), *std::move(fault_log),
                                            *std::move(sockets), *std::move(pipe), std::move(send), std::move(broken)));
}

Worker::Worker(EventLoop& loop, WorkerId id, std::string ring_name, Ring ring, SharedMemory fault_log, FdPair sockets,
               FdPair pipe, Send send, OnBroken broken)
    : id_(id),
      ring_name_(std::move(ring_name)),
      ring_(std::move(ring)),
      fault_log_(std::move(fault_log)),
      child_socket_(std::move(sockets.second)),
      child_output_(std::move(pipe.second)),
      send_(std::move(send)),
      on_broken_(std::move(broken)),
      channel_(
          loop, std::move(sockets.first), [this](const Frame& frame) { TakeFrame(frame); },
          [this](const std::string& why) { Broken(why); }),
      output_(loop, std::move(pipe.first), kOutputCap, [this](std::string text) {
        send_(Output{id_, std::move(text)});
      }) {}

Result<std::vector<UniqueFd>> Worker::TakeChildFds(bool output) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(child_socket_));
  fds.push_back(Duplicate(ring_.fd()));
  fds.push_back(Duplicate(fault_log_.fd()));
  UniqueFd write_end = std::move(child_output_);  // Closed here in any case: else the pipe would never end.
  if (output) fds.push_back(std::move(write_end));
  for (const UniqueFd& fd : fds) {
    if (!fd.valid()) return Error{"cannot copy a worker's descriptors: too many are open (ulimit -n)"};
  }
  return fds;
}

void Worker::Own(std::unique_ptr<PythonProcess> process) {
  process_ = std::move(process);
  pid_ = process_->pid();
}

// ---- to the worker ----

void Worker::Tell(std::uint8_t kind, const std::string& body) {
  // Counted first: a worker that has read more frames than were counted would wait for one that nobody sends.
  ring_.CountFrame();
  channel_.Send(kind, body);
}

void Worker::Hand(const Assign& assign, Time now) {
  Lease lease{assign.lease, assign.run, false, {}, {}, 0};
  for (const Assignment& unit : assign.units) {
    lease.units.push_back(unit.unit);
    if (unit.items.empty()) lease.left.reset();
    if (lease.left) *lease.left += unit.items.size();
  }
  if (leases_.empty()) {
    handed_ = now;
    done_ = 0;
  }
  if (!assign.run) lease.uncollected = lease.units;
  leases_.push_back(std::move(lease));
  Tell(wire::kAssign, wire::EncodeAssign(assign));
}

void Worker::Release(const fastest::Release& release) {
  for (Lease& one : leases_) {
    if (one.id == release.lease) one.run = true;
  }
  Tell(wire::kRelease, wire::EncodeRelease(release));
}

void Worker::Revoke(LeaseId lease) { Tell(wire::kRevoke, wire::EncodeLease(lease)); }

void Worker::RevokeFiles() {
  for (Lease& lease : leases_) {
    if (lease.run && !std::exchange(lease.files_revoked, true)) Tell(wire::kRevoke, wire::EncodeRevokeFiles(lease.id));
  }
}

void Worker::Walk() {
  walking_ = true;
  Tell(wire::kWalk, "{}");
}

void Worker::Answer(const SharedAnswer& answer) {
  shares_ = shares_ || answer.what == SharedAnswer::What::kSetUp;
  Tell(wire::kSharedAnswer, wire::EncodeSharedAnswer(answer));
}

void Worker::Stop(Stop::How how) {
  stopped_ = true;
  Tell(wire::kStop, wire::EncodeStop(how));
}

void Worker::Interrupt() {
  if (pid() > 0) ::kill(pid(), SIGINT);
}

// ---- from the worker ----

void Worker::Poll() {
  // Output first: what a test printed stands before its report.
  output_.ReadAll();
  if (process_) process_->ReadAll();
  TakeRing();
  channel_.ReadAll();
}

void Worker::Drain() {
  Poll();
  FlushOutput();
  for (const Record& record : order_.TakeRest()) Deliver(record);
  broken_ = true;  // What a left-over child may still send is not the worker's.
}

void Worker::FlushOutput() {
  output_.Flush();
  if (process_) process_->FlushOutput();
}

void Worker::TakeRing() {
  if (broken_) return;
  auto records = ring_.Take();
  if (!records.ok()) return Broken(records.error().message);
  for (Record& record : *records) Take(std::move(record));
}

void Worker::TakeFrame(const Frame& frame) {
  Record record;
  record.kind = frame.kind;
  if (frame.body.size() < sizeof record.number)
    return Broken(fmt::format("a frame of kind {} has no number", frame.kind));
  std::memcpy(&record.number, frame.body.data(), sizeof record.number);
  record.body = frame.body.substr(sizeof record.number);
  Take(std::move(record));
}

void Worker::Take(Record record) {
  if (broken_) return;
  const std::uint32_t number = record.number;
  if (!order_.Add(std::move(record))) return Broken(fmt::format("record {} came twice", number));
  while (const auto next = order_.Next()) Deliver(*next);
}

void Worker::Broken(const std::string& why) {
  if (std::exchange(broken_, true)) return;
  send_(
      InternalError{id_, fmt::format("worker {} sent what is not its protocol and is stopped: {}", Number(id_), why)});
  on_broken_();
}

template <typename Message>
void Worker::Forward(Result<Message> message) {
  if (!message.ok()) return Broken(message.error().message);
  message->worker = id_;
  send_(*std::move(message));
}

void Worker::Deliver(const Record& record) {
  if (broken_) return;
  switch (record.kind) {
    case wire::kReport:
      return DeliverReport(record);
    case wire::kDone:
      return DeliverDone(record);
    case wire::kCollected:
      return DeliverCollected(record);
    case wire::kLeaseDone:
      return DeliverLeaseDone(record);
    case wire::kWalked:
      walking_ = false;
      return Forward(wire::DecodeWalked(record.body));
    case wire::kUnknown:
      return Forward(wire::DecodeUnknown(record.body));
    case wire::kStopping:
      gave_reason_ = true;
      return Forward(wire::DecodeStopping(record.body));
    case wire::kInternalError:
      gave_reason_ = true;
      return Forward(wire::DecodeInternalError(record.body));
    case wire::kShared:
      return Forward(wire::DecodeShared(record.body));
    case wire::kWarning:
      return send_(Warning{id_, {record.body}});
    case wire::kRevoked:
      return DeliverRevoked(record);
    case wire::kImporting:
      return DeliverImporting(record);
    case wire::kBye:
      said_bye_ = true;
      return send_(WorkerDone{id_, record.body});
    default:
      return Broken(fmt::format("no message of a worker has kind {}", record.kind));
  }
}

void Worker::DeliverDone(const Record& record) {
  const auto place = wire::DecodePlace(record.body);
  if (!place.ok()) return Broken(place.error().message);
  const ItemKey* item = Find(UnitId(place->unit), place->index);
  if (item == nullptr) return Broken(fmt::format("unit {} has no item {}", place->unit, place->index));
  const LeaseId lease = LeaseOf(*place, false);
  last_is_done_ = has_run_ = true;
  ++done_;
  for (Lease& one : leases_)
    if (one.id == lease && one.left && *one.left > 0) --*one.left;
  send_(ItemFinished{id_, lease, UnitId(place->unit), *item});
}

void Worker::TellLongItem(Time now) {
  const Doing doing = ring_.doing();
  const bool runs = IsInItem(doing.state) && doing.state != WorkerState::kFinalizing;
  if (!runs || now - doing.since < kLong || doing.since == told_since_) return;
  // Seen twice: the header's words are written one after the other.
  if (doing.since != std::exchange(long_since_, doing.since)) return;
  told_since_ = doing.since;
  if (const ItemKey* item = Find(doing.unit, doing.index)) send_(ItemStarted{id_, doing.lease, doing.unit, *item});
}

void Worker::DeliverReport(const Record& record) {
  auto placed = wire::DecodeReport(record.body);
  if (!placed.ok()) return Broken(placed.error().message);
  const wire::Place place = placed->place;
  ItemReport report{id_, LeaseId{}, UnitId(place.unit), {}, std::move(placed->report)};
  if (place.index == kNoItem) {
    report.item = {wire::NodeIdOf(report.report.envelope), kNoItem};
    report.lease = last_lease_;
  } else {
    const ItemKey* item = Find(report.unit, place.index);
    if (item == nullptr) return Broken(fmt::format("unit {} has no item {}", place.unit, place.index));
    report.item = *item;
    report.lease = LeaseOf(place, report.report.phase == Phase::kSetup);
  }
  send_(std::move(report));
}

void Worker::DeliverCollected(const Record& record) {
  auto collected = wire::DecodeCollected(record.body);
  if (!collected.ok()) return Broken(collected.error().message);
  std::vector<ItemKey> keys = wire::Keys(collected->node_ids);
  if (collected->lease == LeaseId{}) {
    whole_ = std::make_shared<const std::vector<ItemKey>>(std::move(keys));
  } else {
    collected_[collected->unit] = std::move(keys);
  }
  for (Lease& lease : leases_) {
    if (lease.id == collected->lease) std::erase(lease.uncollected, collected->unit);
  }
  Forward(std::move(collected));
}

void Worker::DeliverRevoked(const Record& record) {
  auto revoked = wire::DecodeRevoked(record.body);
  if (!revoked.ok()) return Broken(revoked.error().message);
  for (Lease& lease : leases_) {
    if (lease.id != revoked->lease || !lease.left) continue;
    for (const Revoked::Part& part : revoked->parts) *lease.left -= std::min(*lease.left, part.items.size());
  }
  send_(*std::move(revoked));
}

void Worker::DeliverImporting(const Record& record) {
  auto path = wire::DecodeImporting(record.body);
  if (!path.ok()) return Broken(path.error().message);
  importing_ = *std::move(path);
}

void Worker::DeliverLeaseDone(const Record& record) {
  const auto done = wire::DecodeLease(record.body);
  if (!done.ok()) return Broken(done.error().message);
  if (!Holds(*done)) return Broken(fmt::format("lease {} is not held", Number(*done)));
  std::erase_if(leases_, [&](const Lease& lease) { return lease.id == *done; });
  send_(LeaseDone{*done, id_});
}

// ---- what is known of it ----

bool Worker::HasCollected(const Assign& assign) const {
  return std::any_of(assign.units.begin(), assign.units.end(),
                     [this](const Assignment& unit) { return collected_.contains(unit.unit); });
}

const ItemKey* Worker::Find(UnitId unit, std::uint32_t index) const {
  const std::vector<ItemKey>* items = whole_.get();
  if (items == nullptr) {
    const auto found = collected_.find(unit);
    if (found == collected_.end()) return nullptr;
    items = &found->second;
  }
  return index < items->size() ? &(*items)[index] : nullptr;
}

// A record doesn't say its lease. Leases run in order, so it is the oldest that has the unit; but the item that was
// reported last keeps its lease, which may be done by now (held teardown), until it starts again (a retry).
LeaseId Worker::LeaseOf(wire::Place place, bool starts) {
  const bool again = starts && last_is_done_;
  if (place.unit == last_place_.unit && place.index == last_place_.index && !again) return last_lease_;
  last_is_done_ = false;
  const auto holder = std::find_if(leases_.begin(), leases_.end(), [&](const Lease& lease) {
    return std::find(lease.units.begin(), lease.units.end(), UnitId(place.unit)) != lease.units.end();
  });
  if (holder != leases_.end()) last_lease_ = holder->id;
  last_place_ = place;
  return last_lease_;
}

bool Worker::Holds(LeaseId lease) const {
  return std::any_of(leases_.begin(), leases_.end(), [&](const Lease& one) { return one.id == lease; });
}

std::size_t Worker::ActiveLeases() const {
  return static_cast<std::size_t>(std::count_if(
      leases_.begin(), leases_.end(), [](const Lease& lease) { return lease.run || !lease.uncollected.empty(); }));
}

bool Worker::TakesAhead(Time now) const {
  constexpr double kAhead = 0.01;  // Seconds of tests; the agent looks more often than that.
  const Doing doing = this->doing();
  // With a lease it waits for its last item's successor. Before its first item it has not read yet what it was handed.
  if (doing.state == WorkerState::kIdle && (doing.index != kNoItem || doing.lease != LeaseId{})) return true;
  std::size_t left = 0;
  for (const Lease& lease : leases_) {
    if (!lease.left) return true;
    left += *lease.left;
  }
  const double seconds = Seconds(now - handed_).count();
  return left == 0 || (done_ > 0 && static_cast<double>(left) * seconds <= kAhead * static_cast<double>(done_));
}

std::vector<LeaseId> Worker::Leases() const {
  std::vector<LeaseId> held;
  for (const Lease& lease : leases_) held.push_back(lease.id);
  return held;
}

std::string Worker::FaultText() const {
  const char* text = reinterpret_cast<const char*>(fault_log_.bytes());
  return std::string(text, ::strnlen(text, fault_log_.size()));
}

const ItemKey* Worker::CurrentItem(const Doing& doing) const {
  if (IsInItem(doing.state)) return Find(doing.unit, doing.index);
  // Idle with an index: that item's teardown is held. It is the last that was reported, which tells its unit.
  const bool holds = doing.state == WorkerState::kIdle && doing.index != kNoItem && doing.index == last_place_.index;
  return holds ? Find(UnitId(last_place_.unit), doing.index) : nullptr;
}

WorkerLost Worker::Obituary(int status, bool hung) const {
  const Doing doing = ring_.doing();
  WorkerLost lost;
  lost.worker = id_;
  lost.pid = pid_;
  lost.status = status;
  lost.hung = hung;
  lost.state = doing.state;
  lost.traceback = FaultText();
  lost.leases = Leases();
  if (IsInItem(doing.state) || doing.state == WorkerState::kCollecting) {
    lost.lease = doing.lease;
    lost.unit = doing.unit;
  }
  if (const ItemKey* item = CurrentItem(doing)) lost.item = *item;
  if (doing.state == WorkerState::kCollecting && doing.lease == LeaseId{}) lost.item.node_id = importing_;
  return lost;
}

}  // namespace fastest
