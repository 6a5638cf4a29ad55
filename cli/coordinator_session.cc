#include "cli/coordinator_session.h"

namespace fastest {
namespace {

constexpr std::chrono::milliseconds kTick{100};

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
      link_(
          context, loop,
          [this](AgentId agent, const Hello& hello) -> std::variant<Welcome, Refused> {
            Welcome welcome{options_.run_id, "", agent, run_.next_worker(), setup_};
            Apply(Run::Joined{agent, hello});
            return welcome;
          },
          [this](AgentId agent, AgentMessage message) {
            const bool goodbye = std::holds_alternative<Goodbye>(message);
            Apply(Run::Said{agent, std::move(message)});
            if (goodbye) link_.Forget(agent);
          },
          [this](AgentId agent) { Apply(Run::Lost{agent}); }),
      started_(loop.now()) {
  loop_.After(kTick, [this] { Tick(); });
}

void CoordinatorSession::Keep(Journal* journal) {
  AddReporter(journal);
  link_.BeforeAcknowledging([this, journal] { journal->Commit(loop_.now()); });
}

void CoordinatorSession::Interrupt(bool now, const std::string& why) { Apply(Run::Interrupted{now, why}); }

void CoordinatorSession::Apply(Run::Input input) {
  if (run_.finished()) return;
  Deliver(run_.Apply(loop_.now(), std::move(input)));
}

void CoordinatorSession::Deliver(Run::Effects effects) {
  for (auto& [agent, message] : effects.messages) link_.Send(agent, std::move(message));
  for (const Event& event : effects.events) {
    if (const auto* end = std::get_if<RunFinished>(&event)) {
      is_finishing_ = true;
      finisher_(*end, [this](const RunFinished& whole) { Conclude(whole); });
    } else {
      Tell(event);
    }
  }
  if (effects.wants_plan) {
    planner_(*effects.wants_plan, [this](std::variant<Plan, Ready> planned) {
      if (auto* plan = std::get_if<Plan>(&planned)) return Apply(std::move(*plan));
      Apply(Run::Said{AgentId{}, std::get<Ready>(std::move(planned))});
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
  if (run_.waits_for_time()) Apply(Run::Ticked{});
  for (Reporter* reporter : reporters_) reporter->OnTick(Seconds(loop_.now() - started_).count());
  loop_.After(kTick, [this] { Tick(); });
}

}  // namespace fastest
