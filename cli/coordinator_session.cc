#include "cli/coordinator_session.h"

#include <fmt/format.h>

#include <algorithm>

namespace fastest {
namespace {

constexpr std::chrono::milliseconds kTick{100};
constexpr std::uint32_t kMostWorkers = 4096;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestDifferences = 2'000;
// Of code for one agent: less than a link's window, so that work for it need not wait long.
constexpr std::size_t kMostWaitingCode = std::size_t{512} << 10;

// What an agent says of itself comes from elsewhere: only plain characters reach a terminal and the reports, and it
// stays short.
std::string Printable(std::string text, std::size_t longest = kLongestName) {
  text.resize(std::min(text.size(), longest));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return text;
}

}  // namespace

CoordinatorSession::CoordinatorSession(ZmqContext& context, EventLoop& loop, RunOptions options, std::string setup,
                                       Planner planner, Finisher finisher, std::function<void()> on_finished)
    : loop_(loop),
      options_(options),
      setup_(std::move(setup)),
      planner_(std::move(planner)),
      finisher_(std::move(finisher)),
      on_finished_(std::move(on_finished)),
      run_(std::move(options)),
      link_(context, loop,
            {[this](AgentId agent, const Hello& hello) { return Answer(agent, hello); },
             [this](AgentId agent, AgentMessage message) { Hear(agent, std::move(message)); },
             [this](AgentId agent, const std::string& why) { Lose(agent, why); },
             [this](const std::string& text) { on_stranger_(text); }}),
      started_(loop.now()),
      attended_(loop.now()) {
  loop_.After(kTick, [this] { Tick(); });
}

void CoordinatorSession::Keep(Journal* journal) {
  AddReporter(journal);
  link_.BeforeAcknowledging([this, journal] { journal->Commit(loop_.now()); });
}

void CoordinatorSession::OpenToNetwork(NetworkOptions network, std::function<void(const std::string&)> on_stranger) {
  network_ = std::move(network);
  on_stranger_ = std::move(on_stranger);
  if (network_->keys) link_.Secure(*network_->keys);
  if (network_->sync == nullptr) return;
  loop_.AddPump([this] {
    return network_->sync->Pump([this](AgentId agent) { return link_.waiting_bytes(agent) < kMostWaitingCode; },
                                [this](AgentId agent, CodeChunk chunk) { link_.Send(agent, std::move(chunk)); });
  });
}

std::variant<Welcome, Refused> CoordinatorSession::Answer(AgentId agent, const Hello& hello) {
  CodeServer* const sync = network_ ? network_->sync.get() : nullptr;
  if (!hello.fetch.empty()) {
    if (sync == nullptr || sync->digest() != hello.fetch)
      return Refused{"the coordinator has no such code to give", ""};
    sync->Join(agent);
    return Welcome{options_.run_id, agent, WorkerId{}, ""};
  }
  if (hello.workers == 0 || hello.workers > kMostWorkers)
    return Refused{fmt::format("{} workers: allowed are 1 to {}", hello.workers, kMostWorkers), ""};
  if (network_ && !hello.code_digest.empty() && !network_->code_digest.empty() &&
      hello.code_digest != network_->code_digest) {
    if (sync != nullptr && hello.code_digest != sync->digest()) return sync->Offer();
    if (sync != nullptr) return Welcome{options_.run_id, agent, run_.next_worker(), setup_};
    // It has compared, and comes once more to say so; its link may say it twice.
    if (!hello.differences.empty() && refused_for_code_.insert(hello.name + ": " + hello.differences).second) {
      on_stranger_(fmt::format("agent {} is refused: its code differs: {}", Printable(hello.name),
                               Printable(hello.differences, kLongestDifferences)));
    }
    return Refused{"the code differs from the coordinator's (hint: --sync or --allow-skew code on the coordinator)",
                   network_->code_manifest};
  }
  return Welcome{options_.run_id, agent, run_.next_worker(), setup_};
}

bool CoordinatorSession::HearFetcher(AgentId agent, AgentMessage& message) {
  CodeServer* const sync = network_ ? network_->sync.get() : nullptr;
  if (sync == nullptr || !sync->Has(agent)) return false;
  if (const auto* wanted = std::get_if<CodeWanted>(&message)) sync->Want(agent, *wanted);
  if (std::holds_alternative<Goodbye>(message)) {
    sync->Forget(agent);
    link_.Forget(agent);
  }
  return true;
}

void CoordinatorSession::Lose(AgentId agent, const std::string& why) {
  if (!network_ || network_->sync == nullptr || !network_->sync->Has(agent)) return Apply(Run::Lost{agent, why});
  network_->sync->Forget(agent);
  on_stranger_(fmt::format("an agent was lost while it fetched the code ({})", why));
}

void CoordinatorSession::Hear(AgentId agent, AgentMessage message) {
  if (HearFetcher(agent, message)) return;
  if (network_ && network_->paths) network_->paths->FromAgent(agent, &message);
  if (auto* hello = std::get_if<Hello>(&message)) {
    hello->name = Printable(hello->name);
    return Apply(Run::Joined{agent, std::move(*hello)});
  }
  if (auto* leaving = std::get_if<Leaving>(&message)) leaving->why = Printable(leaving->why);
  const bool goodbye = std::holds_alternative<Goodbye>(message);
  Apply(Run::Said{agent, std::move(message)});
  if (goodbye) link_.Forget(agent);
}

// The coordinator of a run over several machines does not end when it is alone, but not never either; nor does it wait
// for ever for the rest of those that it expects.
void CoordinatorSession::WatchAgents() {
  if (!network_) return;
  if ((gathered_ && run_.present() > 0) || (network_->sync && network_->sync->busy())) attended_ = loop_.now();
  if (most_agents_ == 0U && run_.present() == 0) return Apply(Run::Abandoned{why_no_more_});
  const bool complete = most_agents_ && run_.ready() > 0 && run_.ready() >= *most_agents_;
  if ((complete || loop_.now() - started_ >= network_->enough_after) && !std::exchange(hurried_, true))
    return Apply(Run::Hurry{});
  if (loop_.now() - attended_ < network_->abandoned_after) return;
  const auto waited = std::chrono::ceil<std::chrono::seconds>(network_->abandoned_after).count();
  const std::string others =
      refused_for_code_.empty() ? "" : fmt::format("; {} refused, whose code differs", refused_for_code_.size());
  if (run_.present() == 0)
    return Apply(Run::Abandoned{fmt::format("no agent for {} s (--agents-timeout{})", waited, others)});
  gathered_ = true;
  attended_ = loop_.now();  // They need a moment to go.
  Apply(
      Run::Abandoned{fmt::format("{} of the {} agents that --expect-agents asks for were ready within {} s "
                                 "(--agents-timeout; --min-agents says how many are enough{})",
                                 run_.ready(), options_.expect_agents, waited, others)});
}

void CoordinatorSession::ExpectAtMost(std::uint32_t agents, std::string why) {
  most_agents_ = agents;
  why_no_more_ = std::move(why);
}

void CoordinatorSession::Interrupt(bool now, const std::string& why) { Apply(Run::Interrupted{now, why}); }

void CoordinatorSession::Apply(Run::Input input) {
  if (run_.finished()) return;
  Deliver(run_.Apply(loop_.now(), std::move(input)));
}

void CoordinatorSession::Deliver(Run::Effects effects) {
  for (auto& [agent, message] : effects.messages) {
    const bool refused = std::holds_alternative<Refused>(message);
    if (network_ && network_->paths) network_->paths->ToAgent(agent, &message);
    link_.Send(agent, std::move(message));
    if (refused) link_.Forget(agent);
  }
  for (const Event& event : effects.events) {
    if (const auto* end = std::get_if<RunFinished>(&event)) {
      is_finishing_ = true;
      finisher_(*end, [this](const RunFinished& whole) { Conclude(whole); });
    } else {
      Tell(event);
    }
  }
  if (effects.wants_plan) {
    gathered_ = true;
    planner_(*effects.wants_plan, [this](std::variant<Plan, Run::NoPlan> planned) {
      if (auto* plan = std::get_if<Plan>(&planned)) return Apply(std::move(*plan));
      Apply(std::get<Run::NoPlan>(std::move(planned)));
    });
  }
  if (run_.finished() && !is_finishing_ && !std::exchange(told_finished_, true)) on_finished_();
}

void CoordinatorSession::Tell(const Event& event) {
  for (Reporter* reporter : reporters_) reporter->OnEvent(event);
}

void CoordinatorSession::Conclude(const RunFinished& end) {
  exit_code_ = end.exit_code;
  Tell(end);
  told_finished_ = true;
  on_finished_();
}

void CoordinatorSession::Tick() {
  if (told_finished_) return;
  WatchAgents();
  if (told_finished_) return;
  if (run_.waits_for_time()) Apply(Run::Ticked{});
  for (Reporter* reporter : reporters_) reporter->OnTick(Seconds(loop_.now() - started_).count());
  loop_.After(kTick, [this] { Tick(); });
}

}  // namespace fastest
