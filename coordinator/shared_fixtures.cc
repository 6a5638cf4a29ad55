#include "coordinator/shared_fixtures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fastest {

SharedFixtures::Outcome SharedFixtures::Take(const SharedSaid& said) {
  using What = SharedSaid::What;
  if (said.what == What::kAcquire) {
    Acquire(said);
    return Settle();
  }
  Fixture& fixture = fixtures_[said.key];
  const bool held =
      fixture.state == State::kSettingUp || fixture.state == State::kReady || fixture.state == State::kTearingDown;
  const bool owns = held && fixture.owner == said.worker;
  if (said.what == What::kRetire && (!owns || fixture.state != State::kReady)) {
    Tell(SharedAnswer::What::kTearDown, said.key, {said.worker, said.ticket}, "");  // Nobody else has to do with it.
    return Settle();
  }
  if (said.what == What::kRelease) fixture.users.erase(said.worker);
  if (!owns) return Settle();
  if (said.what == What::kRetire) fixture.retiring = said.ticket;
  if (said.what == What::kRetired) PassOn(said.key, fixture);
  if (said.what == What::kFailed && fixture.state == State::kSettingUp) Fail(said.key, fixture, said.text, false);
  if (said.what == What::kReady && fixture.state == State::kSettingUp) {
    fixture.state = State::kReady;
    fixture.text = said.text;
    fixture.deaths = 0;
    for (const Waiting& one : std::exchange(fixture.waiting, {})) {
      fixture.users.insert(one.worker);
      Tell(SharedAnswer::What::kValue, said.key, one, fixture.text);
    }
  }
  return Settle();
}

void SharedFixtures::Acquire(const SharedSaid& said) {
  Fixture& fixture = fixtures_[said.key];
  const Waiting asker{said.worker, said.ticket};
  switch (fixture.state) {
    case State::kFree:
      return SetUp(said.key, fixture, asker);
    case State::kSettingUp:
    case State::kTearingDown:
      fixture.waiting.push_back(asker);
      return;
    case State::kReady:
      fixture.users.insert(said.worker);
      return Tell(SharedAnswer::What::kValue, said.key, asker, fixture.text);
    case State::kFailed:
      // pytest remembers a failed set-up. Who asks again has forgotten it on purpose: for a retry.
      if (!fixture.told.insert(said.worker).second && !fixture.gave_up) return SetUp(said.key, fixture, asker);
      return Tell(fixture.gave_up ? SharedAnswer::What::kGaveUp : SharedAnswer::What::kFailed, said.key, asker,
                  fixture.text);
  }
}

void SharedFixtures::SetUp(const std::string& key, Fixture& fixture, const Waiting& owner) {
  fixture.state = State::kSettingUp;
  fixture.owner = owner.worker;
  fixture.text.clear();
  fixture.users.clear();
  fixture.told.clear();
  fixture.retiring.clear();
  Tell(SharedAnswer::What::kSetUp, key, owner, "");
}

void SharedFixtures::Fail(const std::string& key, Fixture& fixture, std::string text, bool gave_up) {
  fixture.state = State::kFailed;
  fixture.text = std::move(text);
  fixture.gave_up = gave_up;
  fixture.told.insert(fixture.owner);
  for (const Waiting& one : std::exchange(fixture.waiting, {})) {
    fixture.told.insert(one.worker);
    Tell(gave_up ? SharedAnswer::What::kGaveUp : SharedAnswer::What::kFailed, key, one, fixture.text);
  }
}

void SharedFixtures::PassOn(const std::string& key, Fixture& fixture) {
  fixture.state = State::kFree;
  fixture.text.clear();
  fixture.retiring.clear();
  if (fixture.waiting.empty()) return;
  const Waiting next = fixture.waiting.front();
  fixture.waiting.erase(fixture.waiting.begin());
  SetUp(key, fixture, next);
}

void SharedFixtures::LoseOwner(const std::string& key, Fixture& fixture) {
  if (fixture.state == State::kSettingUp && ++fixture.deaths == kMostDeaths)
    return Fail(key, fixture,
                fmt::format("{} workers ended while they set it up, gw{} last", kMostDeaths, Number(fixture.owner)),
                true);
  if (fixture.state != State::kSettingUp)
    outcome_.notices.push_back(fmt::format(
        "gw{} ended before it had torn down the shared fixture {}: that teardown is lost", Number(fixture.owner), key));
  PassOn(key, fixture);
}

SharedFixtures::Outcome SharedFixtures::Gone(WorkerId worker) {
  live_.erase(worker);
  for (auto& [key, fixture] : fixtures_) {
    fixture.users.erase(worker);
    fixture.told.erase(worker);
    std::erase_if(fixture.waiting, [&](const Waiting& one) { return one.worker == worker; });
    const bool owned = fixture.owner == worker && fixture.state != State::kFree && fixture.state != State::kFailed;
    if (owned) LoseOwner(key, fixture);
  }
  return Settle();
}

SharedFixtures::Outcome SharedFixtures::Stop() {
  stopping_ = true;
  return Settle();
}

void SharedFixtures::Tell(SharedAnswer::What what, const std::string& key, const Waiting& to, const std::string& text) {
  outcome_.answers.push_back({to.worker, what, key, to.ticket, text});
}

bool SharedFixtures::MayRetire(const Fixture& fixture) const {
  if (fixture.retiring.empty() || fixture.state != State::kReady) return false;
  if (!fixture.users.empty()) return false;
  return !stopping_ || std::all_of(live_.begin(), live_.end(), [&](WorkerId worker) {
    return worker == fixture.owner || std::any_of(fixtures_.begin(), fixtures_.end(), [&](const auto& one) {
             return one.second.owner == worker && !one.second.retiring.empty();
           });
  });
}

SharedFixtures::Outcome SharedFixtures::Settle() {
  std::vector<std::string> ready;  // Found first: each answer changes what the next question sees.
  for (const auto& [key, fixture] : fixtures_)
    if (MayRetire(fixture)) ready.push_back(key);
  for (const std::string& key : ready) {
    Fixture& fixture = fixtures_.at(key);
    fixture.state = State::kTearingDown;
    Tell(SharedAnswer::What::kTearDown, key, {fixture.owner, fixture.retiring}, "");
  }
  return std::exchange(outcome_, {});
}

}  // namespace fastest
