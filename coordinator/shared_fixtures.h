// SharedFixtures: which worker of the run has set up which shared fixture (`fastest.shared`), and who uses it.
//
// One worker of all agents sets a fixture up; the others get its value, or its failure. Its teardown is that worker's,
// at the end of its session, when no other uses the fixture and, while the run ends, none can come to use it: all
// others have ended, or wait for a teardown of their own (which they are torn down to, so that the waiting has no
// circle). A worker that dies passes what it was setting up to the next that waits. Pure; keys and texts are the
// workers' own.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocol/message.h"

namespace fastest {

class SharedFixtures {
 public:
  struct Outcome {
    std::vector<SharedAnswer> answers;
    std::vector<std::string> notices;  // For a person: a teardown that is lost.
  };

  // So many workers may die while they set a fixture up; then it has failed.
  static constexpr int kMostDeaths = 3;

  void Up(WorkerId worker) { live_.insert(worker); }
  Outcome Take(const SharedSaid& said);
  // The worker's process has ended, however.
  Outcome Gone(WorkerId worker);
  // Nothing new is begun any more.
  Outcome Stop();

 private:
  enum class State { kFree, kSettingUp, kReady, kFailed, kTearingDown };
  struct Waiting {
    WorkerId worker{};
    std::string ticket;
  };
  struct Fixture {
    State state = State::kFree;
    WorkerId owner{};              // Not of kFree and kFailed.
    std::string text;              // kReady: the value. kFailed: what was said of it.
    bool gave_up = false;          // kFailed: by us.
    std::vector<Waiting> waiting;  // For kReady, in the order of their asking.
    std::set<WorkerId> users;      // Others than the owner.
    std::set<WorkerId> told;       // kFailed: who knows.
    std::string retiring;          // The owner's ticket, while it waits for its teardown.
    int deaths = 0;                // Of owners, since it was ready last.
  };

  void Acquire(const SharedSaid& said);
  void SetUp(const std::string& key, Fixture& fixture, const Waiting& owner);
  void Fail(const std::string& key, Fixture& fixture, std::string text, bool gave_up);
  void LoseOwner(const std::string& key, Fixture& fixture);
  // The next that waits sets it up; if nobody does, whoever asks next.
  void PassOn(const std::string& key, Fixture& fixture);
  void Tell(SharedAnswer::What what, const std::string& key, const Waiting& to, const std::string& text);
  bool MayRetire(const Fixture& fixture) const;
  Outcome Settle();

  std::map<std::string, Fixture> fixtures_;
  std::set<WorkerId> live_;
  bool stopping_ = false;
  Outcome outcome_;
};

}  // namespace fastest
