#include "cli/agent_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/machine.h"
#include "base/pipe.h"
#include "base/signals.h"
#include "cli/code_fetch.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/link_keys.h"
#include "cli/linked_agent.h"
#include "cli/own_code.h"
#include "cli/subcommand_options.h"
#include "protocol/endpoint.h"

namespace fastest {
namespace {

// Never an outcome of a run (0 to 6): what starts agents must be able to tell them apart.
constexpr int kDone = 0;

// So long the coordinator has to hear our goodbye.
constexpr std::chrono::seconds kGoodbyeTime{5};
constexpr double kDifferencesTime = 5;
constexpr std::size_t kMostDifferences = 20;
constexpr std::size_t kLongestSecret = 4'096;

struct Work {
  Options options;
  std::uint32_t workers = 1;
  AgentOptions agent;
  std::optional<AgentKeys> keys;
  CodeManifest code;
  std::string code_digest;       // What we say that we have.
  std::string differences;       // Not empty: we were refused for these, and say so once before we end.
  std::optional<Refused> offer;  // The coordinator's code, to be fetched.
  std::optional<FetchedCode> fetched;
};

Duration Span(double seconds) { return std::chrono::duration_cast<Duration>(Seconds(seconds)); }

// On a node of Slurm its name there: several may be one machine.
std::string OwnName() {
  const std::string node = Environment("SLURMD_NODENAME");
  return node.empty() ? HostName() : node;
}

// Seconds without a word from the coordinator.
double Patience(const Work& work) {
  const double usual = work.options.network.orphan_timeout;
  return work.differences.empty() ? usual : std::min(usual, kDifferencesTime);
}

std::string Shortened(const std::vector<std::string>& differences) {
  const std::size_t shown = std::min(differences.size(), kMostDifferences);
  const auto end = differences.begin() + static_cast<std::ptrdiff_t>(shown);
  const std::string rest = differences.size() > shown ? fmt::format(", and {} more", differences.size() - shown) : "";
  return fmt::format("{}{}", fmt::join(differences.begin(), end, ", "), rest);
}

// One session with the coordinator, from Hello to its end.
class AgentSession {
 public:
  explicit AgentSession(Work* work)
      : work_(work),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int) { OnSignal(); }),
        agent_(context_, loop_, work->agent, {work->keys, Span(Patience(*work))},
               [this](AgentLink::End end, const std::string& why) { OnEnd(end, why); }) {
    loop_.AddPump([this] {
      Check();
      return false;
    });
    if (work->options.network.lifeline) loop_.WatchRead(STDIN_FILENO, [this] { OnLifeline(); });
  }

  // The exit code, or nothing: begin again, with nothing of this session.
  std::optional<int> Run() {
    const NetworkWords& network = work_->options.network;
    const Status connected = agent_.Connect(network.connect, network.name.empty() ? OwnName() : network.name,
                                            work_->code_digest, work_->differences);
    if (!connected.ok()) return Fail(connected.error(), kRefused);
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
    const auto at_once = [this] { agent_.agent().Shutdown("it was terminated together with its workers"); };
    if (agent_.ExpectTermination(at_once)) return at_once();
    agent_.agent().Drain("it was told to stop");
    loop_.After(Span(work_->options.network.grace),
                [this] { agent_.agent().Shutdown("its tests did not end within the grace period"); });
  }

  // Whoever started us is gone, and the coordinator with it: nobody waits for what runs here.
  void OnLifeline() {
    std::string ignored;
    if (ReadAvailable(STDIN_FILENO, ignored) != ReadEnd::kClosed) return;
    loop_.UnwatchRead(STDIN_FILENO);
    cut_off_ = true;
    agent_.agent().Shutdown("what started it has gone");
    loop_.After(kGoodbyeTime, [this] { End(told_to_stop_ ? kDrained : kOrphaned); });
  }

  void OnEnd(AgentLink::End end, const std::string& why) {
    if (told_to_stop_) return End(kDrained);
    if (!work_->differences.empty()) return End(kRefused);
    if (end == AgentLink::End::kExpired) {
      std::fprintf(stderr, "fastest: %s: it begins anew\n", why.c_str());
      return End(std::nullopt);
    }
    if (end == AgentLink::End::kRefused && !agent_.link().refused().tree.empty()) {
      work_->offer = agent_.link().refused();
      return End(std::nullopt);
    }
    if (end == AgentLink::End::kRefused && !agent_.link().refused().manifest.empty()) return OnOtherCode(why);
    Console().Complain(why);
    End(end == AgentLink::End::kRefused ? kRefused : kOrphaned);
  }

  void OnOtherCode(const std::string& why) {
    const std::string& theirs = agent_.link().refused().manifest;
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
    work_->differences = Shortened(differences);
    End(std::nullopt);  // Once more, to tell the coordinator.
  }

  void Check() {
    if (!agent_.ended()) return;
    if (cut_off_ && !goodbye_) return End(told_to_stop_ ? kDrained : kOrphaned);
    if (!goodbye_) goodbye_ = loop_.now();
    const bool heard = agent_.finished() || !agent_.link().welcomed();
    if (!heard && !cut_off_ && loop_.now() - *goodbye_ < kGoodbyeTime) return;
    End(told_to_stop_ ? kDrained : kDone);
  }

  Work* work_;
  EventLoop loop_;
  ZmqContext context_;
  Signals signals_;
  LinkedAgent agent_;
  bool told_to_stop_ = false;
  bool cut_off_ = false;  // The lifeline has ended.
  std::optional<Time> goodbye_;
  std::optional<int> exit_code_;
};

// The first line of standard input. Byte by byte: what follows is the lifeline's.
Result<std::string> ReadSecretLine() {
  std::string line;
  for (char c = 0; line.size() < kLongestSecret; line += c) {
    if (::read(STDIN_FILENO, &c, 1) != 1) return Error{"--lifeline: standard input has ended before the join secret"};
    if (c == '\n') break;
  }
  if (line.size() < kLeastJoinSecret) return Error{"--lifeline: the first line of standard input is no join secret"};
  SetNonBlocking(STDIN_FILENO);
  return line;
}

Result<Work> Prepare(const std::vector<std::string>& words) {
  Work work;
  Options& options = work.options;
  if (const Status scanned = ScanOptions(words, true, &options); !scanned.ok()) return scanned.error();
  if (const Status place = CheckSubcommand(options, "agent"); !place.ok()) return place.error();
  const NetworkWords& network = options.network;
  if (network.connect.empty()) return Error{"agent: --connect tcp://HOST:PORT is missing"};
  if (!options.pytest_argv.empty())
    return Error{
        fmt::format("agent: unknown argument {} (pytest's arguments are the coordinator's)", options.pytest_argv[0])};
  if (network.lifeline) {
    auto secret = ReadSecretLine();
    if (!secret.ok()) return secret.error();
    options.network.secret = *std::move(secret);
  }
  auto keys = ReadAgentKeys(network);
  if (!keys.ok()) return keys.error();
  work.keys = *keys;
  const auto endpoint = ReadEndpoint(network.connect, false);
  if (!endpoint.ok()) return Error{fmt::format("--connect {}: {}", network.connect, endpoint.error().message)};
  if (!work.keys && !endpoint->is_loopback())
    return Error{
        fmt::format("--connect {}: without keys only loopback is allowed (hint: --join-secret FILE with the "
                    "coordinator's join secret)",
                    network.connect)};
  work.workers =
      std::max(options.workers.value_or(options.workers_auto ? UsableProcessors() : 2 * UsableProcessors()), 1U);
  auto agent = MakeAgentOptions(options, work.workers, false);
  if (!agent.ok()) return agent.error();
  work.agent = std::move(*agent);
  // With --sync-dir the code is not here but comes from the coordinator: what else is here is not looked at.
  auto code = network.sync_dir.empty() ? ReadOwnCode({}) : Result<CodeManifest>(CodeManifest());
  if (!code.ok()) return code.error();
  work.code = std::move(*code);
  work.code_digest = work.code.digest();
  return work;
}

// The exit code, if the coordinator's code can't be had.
std::optional<int> Fetch(Work* work) {
  const Refused offer = *std::exchange(work->offer, std::nullopt);
  if (work->fetched && Hex(Blake2b(offer.tree)) == work->fetched->digest)
    return Fail(Error{"the coordinator offers the code that this agent has, and refuses it"}, kRefused);
  work->fetched.reset();
  auto got = FetchCode(offer, work->options, work->keys);
  if (auto* end = std::get_if<FetchEnd>(&got)) {
    if (end->exit_code) Console().Complain(end->why);
    return end->exit_code;
  }
  work->fetched = std::move(std::get<FetchedCode>(got));
  work->code_digest = work->fetched->digest;
  return std::nullopt;
}

}  // namespace

int AgentCommand(const std::vector<std::string>& words) {
  auto work = Prepare(words);
  if (!work.ok()) return Fail(work.error(), kRefused);
  for (;;) {
    const std::optional<int> exit_code = AgentSession(&*work).Run();
    if (exit_code) return *exit_code;
    if (!work->offer) continue;
    if (const std::optional<int> end = Fetch(&*work)) return *end;
  }
}

}  // namespace fastest
