// Agent: one a host. Owns the zygote and the pool of workers, and knows at any moment which item each worker is in.
//
// Talks in values: coordinator messages come in by Receive, agent messages go out by `send`, in the order in which
// they happened; the link in between belongs to whoever made the agent, and so does Hello. All on the loop's thread.
// A worker's death is reported after everything that it finished. After Goodbye nothing more is sent.
// While an Agent is there its process is the subreaper of whatever its workers leave behind.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/placement.h"
#include "agent/process_tree.h"
#include "agent/python_process.h"
#include "agent/warm_process.h"
#include "agent/worker.h"
#include "base/event_loop.h"
#include "protocol/message.h"

namespace fastest {

struct AgentOptions {
  PythonOptions process;      // `attached`: the single worker has the terminal.
  std::uint32_t workers = 1;  // Pool size.
  // Instead of what Begin's limits say.
  std::optional<double> hang_timeout;
  std::optional<int> max_worker_restart;
  std::optional<std::uint64_t> memory_limit;
  Duration poll_interval = std::chrono::milliseconds(2);  // Of the rings, while anything runs.
  std::optional<WarmOptions> warm;                        // The zygote comes from a process that outlives runs.
};

class Agent {
 public:
  Agent(EventLoop& loop, AgentOptions options, std::function<void(AgentMessage)> send);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  // Kills what is left.
  ~Agent();

  // Starts Python; Ready follows. `setup` is SETUP's JSON. Welcome does it too, if it was not done before.
  void StartZygote(std::string setup);
  void Receive(const CoordinatorMessage& message);
  // Says Leaving, lets running items finish, gives the rest back, and says Goodbye.
  void Drain(const std::string& why);
  // Kills everything and says Goodbye.
  void Shutdown(std::string why);

 private:
  // What is held against a worker that takes too long.
  struct Hang {
    std::optional<Time> overdue;     // The start of the item that was over its time when last looked at.
    std::optional<Time> finalizing;  // Since when it has been seen to finalize.
    std::optional<Time> aborted;     // When it was told to dump its stack.
    std::vector<ProcessEntry> tree;  // Its processes at that moment.
  };
  // A place in the pool: a WorkerId and, at times, its process.
  struct Place {
    WorkerId id{};
    std::unique_ptr<Worker> worker;
    std::uint32_t starts = 0;
    bool killed = false;     // By us; its end is not reported yet.
    bool abandoned = false;  // What it runs counts no more: why it ends is no news.
    bool outgrown = false;   // Its memory is above the limit: it gets nothing more, and ends when it has nothing left.
    Time next_weighing{};
    UnitId weighed_in{};  // What it was doing when it was weighed last.
    Hang hang;
  };

  void On(const Welcome& welcome);
  void On(const Refused& refused) { Shutdown(refused.why); }
  void On(const Begin& begin);
  void On(const Walk& walk);
  void On(const Assign& assign);
  void On(const Release& release);
  void On(const Revoke& revoke);
  void On(const Abandon& abandon);
  void On(const Stop& stop);
  void On(const SharedAnswer& answer);
  void On(const Heartbeat&) {}
  void On(const CodeChunk&) {}  // Of sessions that only fetch.

  // The zygote.
  void OnZygoteFrame(const Frame& frame);
  void OnReady(std::string_view body);
  void OnFailed(std::string_view body);
  void OnImported(std::string_view body);
  void OnZygoteCollected(std::string_view body);
  void OnZygoteImporting(std::string_view body);
  void OnForked(std::string_view body);
  void OnExited(std::string_view body);
  void OnProcessExit(pid_t pid, int status);
  void OnZygoteExit(int status);
  // Not null: it ended while it imported a file of the whole collection.
  std::optional<WorkerLost> ZygoteObituary(int status) const;
  void TellZygoteToExit();
  // Without a zygote its forks are our children, or those of the warm process's reaper.
  void AdoptForked();
  std::optional<int> StatusOf(pid_t pid);

  // The pool.
  bool StartWorker(Place& place);
  void Order(Place& place, PythonProcess& process, std::uint8_t kind);
  void StartFresh(Place& place);
  void OnFreshFrame(Place& place, const Frame& frame);
  void OnWorkerExit(Place& place, int status);
  std::string Name(const Place& place) const;
  Place* Holder(LeaseId lease);
  Place* PlaceOf(WorkerId id);

  // What waits for a worker.
  void Pump();
  std::deque<Assign>::iterator Awaiting(LeaseId lease);  // In waiting_.
  std::vector<Seat> Seats(std::int32_t avoid) const;
  bool Hand(const Assign& assign);
  bool AllIdle() const;
  void GiveBack(const Assign& assign);
  void Forward(AgentMessage message);
  void GiveCredit(std::size_t batches);

  // Time.
  void ArmTick();
  void Tick();
  bool Busy() const;
  void Sweep();
  void Watch(Place& place);
  void WatchZygote();
  bool IsOverdue(Place& place);
  void Weigh(Place& place);
  void Recycle(Place& place);

  // The end.
  TreeMarks MarksOf(const Place& place) const;
  std::vector<pid_t> OthersThan(const Place& place) const;
  void KillPlace(Place& place);
  void KillAll();
  void Doom(const std::vector<pid_t>& pids);
  void ReapDoomed();
  void CheckStopped();

  EventLoop& loop_;
  const AgentOptions options_;
  std::function<void(AgentMessage)> send_;
  UniqueFd life_read_;
  UniqueFd life_write_;      // Closes when we are gone, however: every process sees that.
  std::uint32_t taken_ = 0;  // Assigns, ever.
  std::string setup_;
  std::unique_ptr<WarmProcess> warm_;  // Outlives what it has started.
  std::unique_ptr<PythonProcess> zygote_;
  pid_t zygote_pid_ = 0;  // Also when it has become the single worker.
  bool zygote_told_to_exit_ = false;
  bool zygote_may_exit_ = false;  // Its end is no fault.
  bool ready_ = false;
  std::string why_fresh_;       // Not empty: no worker can be forked.
  std::optional<Begin> begin_;  // With our own limits in it.
  WorkerId first_worker_{};
  ItemKeys whole_;                 // What the zygote collected.
  bool collecting_whole_ = false;  // COLLECT is not answered yet.
  std::string importing_;          // Meanwhile: the file or folder that the zygote imports, or "".
  Time importing_since_{};
  Hang importing_hang_;
  std::vector<Place> places_;  // Made by Begin; stays where it is.
  std::size_t losses_ = 0;
  bool gave_up_ = false;  // Too many losses: nothing is started again.
  std::deque<Assign> waiting_;
  std::optional<LeaseId> alone_;  // The lease that must run alone, while it runs.
  // Ended; destroyed by the next tick, when none of their callbacks can be running.
  std::vector<std::unique_ptr<Worker>> buried_;
  std::vector<std::unique_ptr<PythonProcess>> buried_processes_;
  std::optional<fastest::Stop> stop_;
  std::vector<pid_t> doomed_;  // Killed, perhaps not gone yet.
  std::optional<Time> killed_at_;
  bool finished_ = false;
  EventLoop::TimerId tick_{};
  bool armed_ = false;
  Time next_tick_{};
  Time next_sweep_{};
};

}  // namespace fastest
