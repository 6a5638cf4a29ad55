// Failed items that run again: the part of Run that does --retries.
//
// An attempt is the item under one lease. A failed attempt that is not the last is told as "rerun" (the word and the
// form of pytest-rerunfailures), counts as no failure, and puts the item back; the next attempt runs after the delay,
// if possible in another worker. What a crash, a hang or a timeout left behind is an attempt like any other.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "coordinator/run.h"

namespace fastest {
namespace {

using Json = nlohmann::ordered_json;

// The failed report as one of an attempt that does not count.
TestReport AsRerun(TestReport report, std::uint32_t attempt) {
  Json envelope = Json::parse(report.envelope, nullptr, false);
  if (!envelope.is_object()) envelope = Json::object();
  if (!envelope.contains("report") || !envelope["report"].is_object()) envelope["report"] = Json::object();
  envelope["report"]["outcome"] = "rerun";
  envelope["report"]["rerun"] = attempt;
  envelope["retried"] = true;  // By us: no plugin's doing.
  envelope["status"] = {"rerun", "R", {"RERUN", {{"yellow", true}}}};
  report.outcome = Outcome::kOther;
  report.envelope = envelope.dump(-1, ' ', false, Json::error_handler_t::replace);
  return report;
}

}  // namespace

// An error in the teardown of a fixture wider than the item: no retry of the item makes it good.
bool IsOfWiderFixture(const TestReport& report) {
  if (report.phase != Phase::kTeardown || report.outcome != Outcome::kFailed) return false;
  const Json envelope = Json::parse(report.envelope, nullptr, false);
  return envelope.is_object() && envelope.contains("wider");
}

// The item's attempt is over: whether another follows.
bool Run::RetryItem(ItemId item, WorkerId worker) {
  if (options_.retries == 0 || stage_ == Stage::kStopping || stage_ == Stage::kFinished) return false;
  const auto reports = unpublished_.find(Number(item));
  if (reports == unpublished_.end()) return false;
  const auto is_own_failure = [](const TestReport& report) {
    return report.outcome == Outcome::kFailed && !IsOfWiderFixture(report);
  };
  if (std::none_of(reports->second.begin(), reports->second.end(), is_own_failure)) return false;
  Attempts& attempts = attempts_[item];
  if (attempts.failed >= options_.retries) return false;
  ++attempts.failed;
  const LeaseId lease = ledger_[item].lease;
  attempts.leases.insert(lease);
  attempts.last.clear();
  for (TestReport& report : reports->second) {
    if (IsOfWiderFixture(report)) {
      Publish(item, worker, report);
      continue;
    }
    test_seconds_ += report.duration;
    if (Number(worker) < worker_busy_.size()) worker_busy_[Number(worker)] += report.duration;
    if (report.outcome == Outcome::kFailed)
      effects_.events.push_back(TestReported{item, ledger_[item].key.node_id, worker, AsRerun(report, attempts.failed),
                                             false, attempts.failed});
    attempts.last.push_back(std::move(report));
  }
  unpublished_.erase(reports);
  AgentId agent{};
  if (const auto held = leases_.find(lease); held != leases_.end()) {
    agent = held->second.agent;
    std::erase(held->second.items, item);
  }
  ledger_.Return(item);
  retries_.push_back({item, now_ + options_.retry_delay, agent, worker});
  return true;
}

// News of an attempt that is over: the teardown report that its worker held back. If it failed, fixtures of the module
// or the session did, which no retry of this item makes good.
void Run::AcceptLate(ItemId item, const ItemReport& report) {
  const auto attempts = attempts_.find(item);
  if (attempts == attempts_.end() || !attempts->second.leases.contains(report.lease)) return;
  if (report.report.phase == Phase::kTeardown && report.report.outcome == Outcome::kFailed)
    Publish(item, report.worker, report.report);
}

void Run::DispatchRetries() {
  for (auto retry = retries_.begin(); retry != retries_.end();) {
    if (ledger_[retry->item].state != Ledger::State::kWaiting) {  // A lost lease's serial items took it along.
      retry = retries_.erase(retry);
      continue;
    }
    if (retry->due > now_) {
      ++retry;
      continue;
    }
    if (!AgentWithCredit()) return;
    AgentId agent = *AgentWithCredit();
    for (const auto& [other, state] : agents_)
      if (agent == retry->agent && other != agent && state.takes_work() && state.credit > 0) agent = other;
    tasks_.push_back({ledger_[retry->item].unit, {retry->item}, PredictSeconds(retry->item), -1});
    Give(agent, {static_cast<std::uint32_t>(tasks_.size() - 1)}, true, serial_set_.contains(Number(retry->item)));
    std::get<Assign>(effects_.messages.back().second).avoid = static_cast<std::int32_t>(Number(retry->worker));
    retry = retries_.erase(retry);
  }
}

// The run ends before the attempt that was to follow: the last one's failure counts.
void Run::EndRetries() {
  for (auto& [item, attempts] : attempts_) {
    if (attempts.last.empty() || ledger_[item].state == Ledger::State::kFinished) continue;
    unpublished_.erase(Number(item));
    const WorkerId worker = ledger_[item].worker;
    for (const TestReport& report : std::exchange(attempts.last, {})) Publish(item, worker, report);
    ledger_.Finish(item);
    effects_.events.push_back(TestFinished{item, ledger_[item].key.node_id, worker, false});
  }
}

std::vector<FlakyTest> Run::Flaky() const {
  std::vector<FlakyTest> flaky;
  for (const auto& [item, attempts] : attempts_) {
    const Ledger::Item& entry = ledger_[item];
    if (attempts.failed > 0 && !attempts.failed_at_last && !attempts.skipped && entry.state == Ledger::State::kFinished)
      flaky.push_back({entry.key.node_id, attempts.failed + 1});
  }
  return flaky;
}

}  // namespace fastest
