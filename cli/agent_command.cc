#include "cli/agent_command.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "base/machine.h"
#include "base/signals.h"
#include "cli/console.h"
#include "cli/link_keys.h"
#include "cli/linked_agent.h"
#include "cli/own_code.h"

namespace fastest {
namespace {

// Never an outcome of a run (0 to 6): what starts agents must be able to tell them apart.
constexpr int kDone = 0;
constexpr int kOrphaned = 75;  // EX_TEMPFAIL
constexpr int kRefused = 78;   // EX_CONFIG: starting it again does not help.
constexpr int kDrained = 143;  // As a process that SIGTERM ended.

// So long the coordinator has to hear our goodbye.
constexpr std::chrono::seconds kGoodbyeTime{5};
constexpr std::size_t kMostDifferences = 20;

struct Work {
  Options options;
  std::uint32_t workers = 1;
  AgentOptions agent;
  std::optional<AgentKeys> keys;
  CodeManifest code;
  std::string code_digest;  // What we say that we have.
};

Duration Span(double seconds) { return std::chrono::duration_cast<Duration>(Seconds(seconds)); }

int Fail(const Error& error) {
  Console().Complain(error.message);
  return kRefused;
}

// One session with the coordinator, from Hello to its end.
class AgentSession {
 public:
  explicit AgentSession(Work* work)
      : work_(work),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int) { OnSignal(); }),
        agent_(context_, loop_, work->agent, {work->keys, Span(work->options.network.orphan_timeout)},
               [this](AgentLink::End end, const std::string& why) { OnEnd(end, why); }) {
    loop_.AddPump([this] {
      Check();
      return false;
    });
  }

  // The exit code, or nothing: begin again, with nothing of this session.
  std::optional<int> Run() {
    const NetworkWords& network = work_->options.network;
    const Status connected =
        agent_.Connect(network.connect, network.name.empty() ? HostName() : network.name, work_->code_digest);
    if (!connected.ok()) return Fail(connected.error());
    loop_.Run();
    return exit_code_;
  }

 private:
  void End(std::optional<int> exit_code) {
    exit_code_ = exit_code;
    loop_.Stop();
  }

  // The first one drains, the second one ends at once.
  void OnSignal() {
    if (std::exchange(told_to_stop_, true)) return agent_.agent().Shutdown("the agent was told to stop at once");
    agent_.agent().Drain("it was told to stop");
    loop_.After(Span(work_->options.network.grace),
                [this] { agent_.agent().Shutdown("its tests did not end within the grace period"); });
  }

  void OnEnd(AgentLink::End end, const std::string& why) {
    if (told_to_stop_) return End(kDrained);
    if (end == AgentLink::End::kExpired) {
      std::fprintf(stderr, "fastest: %s: it begins anew\n", why.c_str());
      return End(std::nullopt);
    }
    if (end == AgentLink::End::kRefused && !agent_.link().refused_manifest().empty()) return OnOtherCode(why);
    Console().Complain(why);
    End(end == AgentLink::End::kRefused ? kRefused : kOrphaned);
  }

  void OnOtherCode(const std::string& why) {
    const std::string& theirs = agent_.link().refused_manifest();
    const std::vector<std::string> differences = CompareManifests(theirs, work_->code);
    const std::string digest = Hex(Blake2b(theirs));
    if (differences.empty() && digest != work_->code_digest) {  // What differs is no code: we have theirs.
      work_->code_digest = digest;
      return End(std::nullopt);
    }
    Console().Complain(why);
    for (std::size_t i = 0; i < std::min(differences.size(), kMostDifferences); ++i)
      std::fprintf(stderr, "  %s\n", differences[i].c_str());
    if (differences.size() > kMostDifferences)
      std::fprintf(stderr, "  and %zu more\n", differences.size() - kMostDifferences);
    End(kRefused);
  }

  void Check() {
    if (!agent_.ended()) return;
    if (!goodbye_) goodbye_ = loop_.now();
    const bool heard = agent_.finished() || !agent_.link().welcomed();
    if (!heard && loop_.now() - *goodbye_ < kGoodbyeTime) return;
    End(told_to_stop_ ? kDrained : kDone);
  }

  Work* work_;
  EventLoop loop_;
  ZmqContext context_;
  Signals signals_;
  LinkedAgent agent_;
  bool told_to_stop_ = false;
  std::optional<Time> goodbye_;
  std::optional<int> exit_code_;
};

Result<Work> Prepare(const std::vector<std::string>& words) {
  Work work;
  Options& options = work.options;
  if (const Status scanned = ScanOptions(words, true, &options); !scanned.ok()) return scanned.error();
  const NetworkWords& network = options.network;
  if (network.connect.empty()) return Error{"agent: --connect tcp://HOST:PORT is missing"};
  if (!options.pytest_argv.empty())
    return Error{
        fmt::format("agent: unknown argument {} (pytest's arguments are the coordinator's)", options.pytest_argv[0])};
  auto keys = ReadAgentKeys(network);
  if (!keys.ok()) return keys.error();
  work.keys = *keys;
  if (!work.keys && !IsLoopback(network.connect))
    return Error{
        fmt::format("--connect {}: without keys only loopback is allowed (hint: --join-secret FILE with the "
                    "coordinator's join secret)",
                    network.connect)};
  work.workers =
      std::max(options.workers.value_or(options.workers_auto ? UsableProcessors() : 2 * UsableProcessors()), 1U);
  auto agent = MakeAgentOptions(options, work.workers, false);
  if (!agent.ok()) return agent.error();
  work.agent = std::move(*agent);
  auto code = ReadOwnCode({});
  if (!code.ok()) return code.error();
  work.code = std::move(*code);
  work.code_digest = work.code.digest();
  return work;
}

}  // namespace

int AgentCommand(const std::vector<std::string>& words) {
  auto work = Prepare(words);
  if (!work.ok()) return Fail(work.error());
  for (;;) {
    const std::optional<int> exit_code = AgentSession(&*work).Run();
    if (exit_code) return *exit_code;
  }
}

}  // namespace fastest
