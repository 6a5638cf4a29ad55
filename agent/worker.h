// Worker: the agent's view of one worker process: its ring and socket, the leases it holds, the items it knows.
//
// Turns the worker's records into messages, in the worker's order. Nothing is taken from it but by Poll, Drain and the
// loop's reads. It does not start or kill the process; the agent does, and says so.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/frame_channel.h"
#include "agent/output_lines.h"
#include "agent/python_process.h"
#include "agent/record_order.h"
#include "agent/ring.h"
#include "agent/worker_wire.h"
#include "base/event_loop.h"
#include "base/pipe.h"
#include "protocol/message.h"

namespace fastest {

using ItemKeys = std::shared_ptr<const std::vector<ItemKey>>;

class Worker {
 public:
  using Send = std::function<void(AgentMessage message)>;
  using OnBroken = std::function<void()>;

  // `ring_name` is unlike any other worker's of this host. `broken` is called once if the process sends what a worker
  // does not send; the reason has been sent.
  static Result<std::unique_ptr<Worker>> Create(EventLoop& loop, WorkerId id, std::string ring_name, Send send,
                                                OnBroken broken);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  WorkerId id() const { return id_; }
  const std::string& ring_name() const { return ring_name_; }

  // The process's ends of its channels, in the wire's order: socket, ring, fault log, and with `output` the pipe for
  // its standard output and error. Called once.
  Result<std::vector<UniqueFd>> TakeChildFds(bool output);

  // The process, once it is known; for one that the agent itself started, its object.
  void SetPid(pid_t pid) { pid_ = pid; }
  pid_t pid() const { return pid_; }
  void Own(std::unique_ptr<PythonProcess> process);
  PythonProcess* process() { return process_.get(); }

  // What the zygote collected and this worker inherited.
  void Inherit(ItemKeys items) { whole_ = std::move(items); }

  void Hand(const Assign& assign, Time now);
  void Release(const fastest::Release& release);
  void Revoke(LeaseId lease);
  // Of each lease that runs, gives back the files that have not begun; asked once a lease.
  void RevokeFiles();
  void Walk();
  void Answer(const SharedAnswer& answer);
  void Stop(Stop::How how);
  // KeyboardInterrupt in whatever it does.
  void Interrupt();

  // Sends on what has been reported since the last call.
  void Poll();
  // The process is dead: sends on all that it left.
  void Drain();
  void FlushOutput();

  // Sends ItemStarted for an item that has been running for long; short ones are not worth a message.
  void TellLongItem(Time now);

  Doing doing() const { return ring_.doing(); }
  bool Holds(LeaseId lease) const;
  // Whether it has collected a file of the batch.
  bool HasCollected(const Assign& assign) const;
  // How many leases it runs or has to run or collect: one that is collected and not yet released does not count.
  std::size_t ActiveLeases() const;
  // Whether a lease may be handed to it behind those that it has: what it has in hand can't be taken back during a long
  // test, so that it gets more only when that is about to end. Of a file that is not collected nobody knows how long.
  bool TakesAhead(Time now) const;
  std::vector<LeaseId> Leases() const;
  // It has set up a fixture that the run shares, or was told to.
  bool shares() const { return shares_; }
  // It has finished an item.
  bool has_run() const { return has_run_; }
  // It was asked for its walk and has not answered.
  bool walking() const { return walking_; }
  bool said_bye() const { return said_bye_; }
  // It ended its session in order, but nobody had told it to and it did not say why.
  bool left_unasked() const { return said_bye_ && !stopped_ && !gave_reason_; }
  // It was told to stop, or has ended its session by itself.
  bool ending() const { return stopped_ || said_bye_; }
  // What is to be said of its unforeseen end.
  WorkerLost Obituary(int status, bool hung) const;

 private:
  struct Lease {
    LeaseId id{};
    bool run = true;
    bool files_revoked = false;
    std::vector<UnitId> uncollected;  // Only while !run.
    std::vector<UnitId> units;
    std::optional<std::size_t> left;  // Its items that are not done; nothing: not known.
  };

  Worker(EventLoop& loop, WorkerId id, std::string ring_name, Ring ring, SharedMemory fault_log, FdPair sockets,
         FdPair pipe, Send send, OnBroken broken);

  void Tell(std::uint8_t kind, const std::string& body);
  void TakeFrame(const Frame& frame);
  void TakeRing();
  void Take(Record record);
  void Deliver(const Record& record);
  void DeliverRevoked(const Record& record);
  void DeliverImporting(const Record& record);
  template <typename Message>
  void Forward(Result<Message> message);
  void DeliverDone(const Record& record);
  void DeliverReport(const Record& record);
  void DeliverCollected(const Record& record);
  void DeliverLeaseDone(const Record& record);
  void Broken(const std::string& why);
  // The item that the header names: the running one, or the one whose teardown report is held.
  const ItemKey* CurrentItem(const Doing& doing) const;
  const ItemKey* Find(UnitId unit, std::uint32_t index) const;
  // `starts`: the record may be an item's first.
  LeaseId LeaseOf(wire::Place place, bool starts);
  std::string FaultText() const;

  const WorkerId id_;
  const std::string ring_name_;
  Ring ring_;
  SharedMemory fault_log_;
  UniqueFd child_socket_;  // Until TakeChildFds.
  UniqueFd child_output_;
  Send send_;
  OnBroken on_broken_;
  FrameChannel channel_;
  OutputLines output_;
  std::unique_ptr<PythonProcess> process_;
  pid_t pid_ = 0;
  RecordOrder order_;
  std::deque<Lease> leases_;  // In the order in which they were handed over.
  std::map<UnitId, std::vector<ItemKey>> collected_;
  Time handed_{};          // When it last got something to do after it had nothing.
  std::size_t done_ = 0;   // Its items since then.
  ItemKeys whole_;         // Not null: all indexes are into it.
  std::string importing_;  // Where it collects everything: the file or folder; or "".
  // The item that was reported last and its lease: a held teardown report may come after the lease is done.
  wire::Place last_place_{0, kNoItem};
  LeaseId last_lease_{};
  bool last_is_done_ = false;         // Its DONE has come.
  Time long_since_{}, told_since_{};  // When the item began that is running for long, and that of which this was told.
  bool walking_ = false;
  bool shares_ = false;
  bool has_run_ = false;
  bool said_bye_ = false;
  bool stopped_ = false;
  bool gave_reason_ = false;  // STOPPING or INTERNAL_ERROR.
  bool broken_ = false;
};

}  // namespace fastest
