// Agents as they come and go: the part of Run that admits them, begins with them and takes back what they held.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/run.h"
#include "coordinator/skew.h"

namespace fastest {
namespace {

// So many agents may go before all is collected in one process.
constexpr int kMostLostCollectors = 3;
// Batches that an agent may ask for ahead, a worker.
constexpr std::uint32_t kMostCredit = 64;

}  // namespace

std::uint32_t Run::present() const {
  return static_cast<std::uint32_t>(
      std::count_if(agents_.begin(), agents_.end(), [](const auto& one) { return !one.second.gone; }));
}

std::uint32_t Run::ready() const {
  return static_cast<std::uint32_t>(std::count_if(
      agents_.begin(), agents_.end(), [](const auto& one) { return one.second.ready && !one.second.gone; }));
}

std::string Run::NameOf(AgentId agent) const {
  const auto known = agents_.find(agent);
  return known == agents_.end() || known->second.figures.name.empty() ? std::to_string(Number(agent))
                                                                      : known->second.figures.name;
}

void Run::On(const Joined& joined) {
  Agent& agent = agents_[joined.agent];
  agent.workers = joined.hello.workers;
  agent.is_coordinators = joined.hello.code_digest.empty();
  agent.figures = {joined.hello.name, WorkerId{next_worker_}, joined.hello.workers, 0, 0, ""};
  next_worker_ += joined.hello.workers;
  worker_busy_.resize(next_worker_);
  agent_of_.resize(next_worker_, joined.agent);
  if (first_platform_.empty()) first_platform_ = joined.hello.platform;
  if (stage_ == Stage::kStopping) {
    effects_.messages.emplace_back(joined.agent, Stop{Stop::How::kDone, ""});  // It came too late.
  } else if (const auto differs = PlatformSkew(first_platform_, joined.hello.platform, options_.allowed_skew)) {
    Dismiss(joined.agent, *differs);
  }
}

void Run::On(AgentId agent, Ready& ready) {
  if (!ready.ok) return DoWithout(agent, ready);
  if (agents_[agent].ready) return;
  if (!Admit(agent, ready.answer)) return;
  agents_[agent].ready = true;
  if (planned_) return Begin(agent);
  AskForPlan();
}

// Its pytest can't be loaded. Others may do better: the run ends only where nobody is left who could, or where it is
// the run that is wrong (a usage error) and not the machine.
void Run::DoWithout(AgentId agent, const Ready& ready) {
  const bool its_own_fault =
      ready.exit_code == static_cast<std::uint32_t>(ExitCode::kInternalError) && !agents_[agent].is_coordinators;
  const bool others = its_own_fault || present() > 1 || agents_.size() < options_.expect_agents || !leases_.empty();
  if (!options_.remote || !others) return On(NoPlan{ready.answer, static_cast<int>(ready.exit_code)});
  std::string why = ready.answer;
  while (!why.empty() && why.back() == '\n') why.pop_back();
  Dismiss(agent, "pytest does not start there: " + why);
}

void Run::On(const NoPlan& none) {
  failure_text_ = none.why;
  failure_code_ = none.exit_code;
  stop_reason_.clear();  // What could not be collected is not why.
  stop_place_.clear();
  RequestStop(Stop::How::kKill, "");
}

// What all agents must have in common is what the first one has.
bool Run::Admit(AgentId agent, const std::string& ready) {
  if (first_ready_.empty()) first_ready_ = ready;
  const auto differs = ReadySkew(first_ready_, ready, options_.allowed_skew);
  if (!differs) return true;
  Dismiss(agent, *differs);
  return false;
}

void Run::Dismiss(AgentId agent, const std::string& why) {
  effects_.messages.emplace_back(agent, Refused{why, ""});
  effects_.events.push_back(Notice{fmt::format("agent {} is refused: {}", NameOf(agent), why), true});
  agents_[agent].gone = true;
  agents_[agent].figures.end = "refused";
  ++refused_;
  AskForPlan();
  TakeBack(agent);  // Its link is forgotten: no Lost follows.
}

// Who was refused does not come again: the others do not wait for it, unless so many were asked for.
void Run::AskForPlan() {
  const std::uint32_t rest = options_.expect_agents - std::min(refused_, options_.expect_agents);
  if (ready_at_ != Time{} || ready() == 0 || ready() < std::max(rest, options_.min_agents)) return;
  ready_at_ = now_;
  effects_.wants_plan = first_ready_;
}

void Run::On(const Hurry&) {
  if (options_.min_agents > 0) options_.expect_agents = std::min(options_.expect_agents, options_.min_agents);
  AskForPlan();
}

void Run::Begin(AgentId agent) {
  if (agents_[agent].begun || agents_[agent].gone) return;
  agents_[agent].begun = true;
  effects_.messages.emplace_back(agent, fastest::Begin{plan_.mode, plan_.single, plan_.single ? 1 : options_.workers,
                                                       plan_.start, options_.limits});
  AskForWalk();
}

// One agent tells pytest's own list of files; if it goes before it has, another does.
void Run::AskForWalk() {
  if (!planned_ || plan_.mode != CollectMode::kFile || walked_ || (walker_ && !agents_[*walker_].gone)) return;
  for (const auto& [agent, state] : agents_) {
    if (!state.takes_work()) continue;
    walker_ = agent;
    effects_.messages.emplace_back(agent, Walk{});
    return;
  }
}

void Run::On(AgentId agent, Credit& credit) {
  Agent& state = agents_[agent];
  const std::uint32_t most = kMostCredit * std::max(state.workers, 1U);
  const std::uint32_t paid = std::min(state.owed, credit.batches);
  state.owed -= paid;
  state.credit = std::min(state.credit + std::min(credit.batches - paid, most), most);
  state.has_asked = true;
  state.queued = QueuedLeases(state, credit.idle, state.given - std::min(credit.taken, state.given));
}

Run::LeaseState* Run::LiveLease(AgentId agent, LeaseId lease) {
  const auto found = leases_.find(lease);
  return found == leases_.end() || !found->second.alive || found->second.agent != agent ? nullptr : &found->second;
}

void Run::On(AgentId agent, Leaving& leaving) {
  agents_[agent].leaving = true;
  agents_[agent].figures.end = "left";
  if (stage_ != Stage::kStopping)
    effects_.events.push_back(Notice{fmt::format("agent {} leaves: {}", NameOf(agent), leaving.why), false});
}

void Run::On(AgentId agent, SharedSaid& said) {
  if (Number(said.worker) < agent_of_.size() && agent_of_[Number(said.worker)] == agent) Pass(shared_.Take(said));
}

void Run::Pass(SharedFixtures::Outcome outcome) {
  for (SharedAnswer& answer : outcome.answers)
    effects_.messages.emplace_back(agent_of_[Number(answer.worker)], std::move(answer));
  for (std::string& notice : outcome.notices) effects_.events.push_back(Notice{std::move(notice), true});
}

void Run::On(AgentId agent, Goodbye& goodbye) {
  agents_[agent].gone = true;
  TakeBack(agent);
  if (!goodbye.why.empty() && stage_ != Stage::kStopping && !agents_[agent].leaving)
    effects_.events.push_back(Notice{goodbye.why, false});
}

void Run::On(const Lost& lost) {
  agents_[lost.agent].gone = true;
  agents_[lost.agent].figures.end = "lost";
  const std::string why = lost.why.empty() ? "" : " (" + lost.why + ")";
  effects_.events.push_back(
      Notice{fmt::format("agent {} is lost{}: its items run again", NameOf(lost.agent), why), true});
  for (const auto& [id, lease] : leases_) {
    if (lease.agent != lost.agent || !lease.alive) continue;
    BlameLease(id, lease);
    BlameFiles(lease);
  }
  TakeBack(lost.agent);
  // Which file it was went down with it.
  const bool collected = plan_.mode == CollectMode::kFile || whole_entered_;
  if (collected || !agents_[lost.agent].begun || stage_ != Stage::kCollecting) return;
  if (++lost_collectors_ < kMostLostCollectors) return;
  internal_error_ = true;
  effects_.events.push_back(
      Notice{fmt::format("{} agents were lost while they collected the tests: does the import of a file end them?",
                         kMostLostCollectors),
             true});
  RequestStop(Stop::How::kKill, "the agents that collected were lost");
}

// However an agent went, once it is marked as gone: what it had goes to others.
void Run::TakeBack(AgentId agent) {
  for (std::uint32_t i = 0; i < agent_of_.size(); ++i)
    if (agent_of_[i] == agent) Pass(shared_.Gone(WorkerId{i}));
  for (auto& [id, lease] : leases_)
    if (lease.agent == agent && lease.alive) ReturnLease(id);
  TakeBackHeld(agent, std::nullopt);
  AskForWalk();
}

// Items whose teardown reports were held back by the agent, or by this worker of it: they run again for these. When
// all workers are ending it is too late for that: a report that is missing is red.
void Run::TakeBackHeld(AgentId agent, std::optional<WorkerId> worker) {
  const bool too_late = stage_ == Stage::kStopping;
  if (too_late && incomplete_ok_) return;
  std::vector<ItemId> back;
  for (std::uint32_t i = 0; i < ledger_.size(); ++i) {
    const Ledger::Item& item = ledger_[ItemId{i}];
    if (!item.held || (worker && item.worker != *worker)) continue;
    if (const auto lease = leases_.find(item.lease); lease == leases_.end() || lease->second.agent != agent) continue;
    ledger_.Reopen(ItemId{i});
    if (too_late) {
      FailItem(ItemId{i}, item.worker, Phase::kTeardown,
               fmt::format("agent {} was lost before it told how the teardown went", NameOf(agent)));
    } else {
      back.push_back(ItemId{i});
    }
  }
  QueueAgain(back);
}

void Run::On(const Abandoned& abandoned) {
  internal_error_ = true;
  effects_.events.push_back(Notice{abandoned.why, true});
  if (!planned_) failure_text_ = "ERROR: " + abandoned.why + "\n";
  stop_reason_ = abandoned.why;
  RequestStop(Stop::How::kKill, abandoned.why);  // Agents that came, though not enough.
}

void Run::CheckFinished() {
  if (agents_.empty() && !(options_.remote && stage_ == Stage::kStopping)) return;
  const auto is_awaited = [this](const auto& one) { return !one.second.gone && !IsLeftBehind(one.first); };
  if (std::any_of(agents_.begin(), agents_.end(), is_awaited)) return;
  for (const auto& [agent, state] : agents_) {
    if (state.gone) continue;
    effects_.messages.emplace_back(agent, Stop{Stop::How::kKill, "its last test has its result"});
    effects_.events.push_back(
        Notice{fmt::format("agent {} is not waited for: its last test has its result", NameOf(agent)), false});
  }
  if (stage_ != Stage::kStopping) {
    if (options_.remote) return;  // Others may come.
    internal_error_ = internal_error_ || !failure_code_;
    effects_.events.push_back(Notice{"every agent is gone", true});
  }
  Finish();
}

}  // namespace fastest
