#include "cli/run_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "base/file_system.h"
#include "base/machine.h"
#include "base/pipe.h"
#include "base/signals.h"
#include "cli/ci_environment.h"
#include "cli/console.h"
#include "cli/controller_host.h"
#include "cli/coordinator_session.h"
#include "cli/exit_code.h"
#include "cli/installation.h"
#include "cli/invocation.h"
#include "cli/link_keys.h"
#include "cli/linked_agent.h"
#include "cli/options.h"
#include "cli/own_code.h"
#include "cli/persistent.h"
#include "cli/planner.h"
#include "cli/pytest_alone.h"
#include "cli/reporting.h"
#include "cli/resume.h"
#include "cli/settings.h"
#include "cli/sharding.h"
#include "cli/subcommand_options.h"
#include "cli/sync.h"
#include "deploy/launched_agents.h"
#include "discovery/discovery.h"
#include "protocol/endpoint.h"

namespace fastest {
namespace {

using nlohmann::json;

// So long --expect-agents are waited for where --min-agents are enough.
constexpr std::chrono::seconds kEnoughAfter{60};
constexpr int kBecomePytest = -1;
constexpr const char* kEmptyHistory =
    R"( (hint: for a first run, echo '{"format":"fastest-history","version":1}' into it))";

std::string NewRunId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string MakeSetup(const Invocation& invocation, const Reporting& reporting, bool attached) {
  const json setup = {{"argv", invocation.options.pytest_argv},
                      {"run_id", invocation.options.run_id},
                      {"testrun_uid", TestrunUid(invocation.options)},
                      {"n", invocation.workers},
                      {"full_reports", reporting.needs_full_reports()},
                      {"color", reporting.color()},
                      {"columns", reporting.columns()},
                      {"collect", invocation.options.collect},
                      {"fast_protocol", invocation.options.fast_protocol},
                      {"diff_budget", invocation.options.diff_budget},
                      {"retries", invocation.options.retries},
                      {"attached", attached}};
  return setup.dump(-1, ' ', false, json::error_handler_t::replace);
}

Dist DistOf(const std::string& word) {
  if (word == "loadfile") return Dist::kLoadFile;
  if (word == "loadscope") return Dist::kLoadScope;
  if (word == "loadgroup") return Dist::kLoadGroup;
  return Dist::kLoad;
}

bool NeedsDiscovery(const Invocation& invocation) { return invocation.workers > 1 || invocation.options.sharded(); }

Status ReadHistory(const Invocation& invocation, Console& console, History* history) {
  const std::string& given = invocation.options.history;
  if (given.empty()) {
    if (!NeedsDiscovery(invocation)) return Ok();
    *history = History::Load(StateFolder(invocation));
    if (!history->problem().empty()) console.Warn(history->problem());
    return Ok();
  }
  auto read = History::Read(given);
  if (!read.ok()) {
    const bool is_there = std::filesystem::exists(given);
    return Error{fmt::format("--history: {}{}", read.error().message, is_there ? "" : kEmptyHistory)};
  }
  *history = std::move(*read);
  return Ok();
}

// A shard's retry must cut as it did: what it measured goes into its report, and fastest merge takes it on.
void KeepHistory(const Invocation& invocation, const Run& run, History& history, Console& console) {
  const auto durations = run.Durations();
  if (durations.empty() || !invocation.options.history.empty() || invocation.options.sharded()) return;
  const Status kept = history.Record(StateFolder(invocation), durations);
  if (!kept.ok() && history.problem().empty()) console.Warn(kept.error().message);
}

// `history` is filled before the run asks it.
RunOptions MakeRunOptions(const Invocation& invocation, const History& history, bool remote) {
  RunOptions run;
  run.history = [&history](const std::string& node_id) { return history.ItemSeconds(node_id); };
  run.run_id = invocation.options.run_id;
  run.wall_start = WallSeconds();
  run.workers = invocation.workers;
  run.limits = {invocation.options.hang_timeout.value_or(0), invocation.options.max_worker_restart.value_or(-1),
                invocation.options.worker_memory_limit.value_or(0)};
  run.max_failures = static_cast<std::uint32_t>(std::max(invocation.guess.maxfail, 0));
  run.continue_on_collection_errors = invocation.guess.continue_on_collection_errors;
  run.max_warnings = invocation.guess.max_warnings;
  if (invocation.options.optimizer == "optimized") run.optimizer = Optimizer::kOptimized;
  if (invocation.options.optimizer == "aggressive") run.optimizer = Optimizer::kAggressive;
  run.batch_size = invocation.options.batch_size;
  run.dist = DistOf(invocation.options.dist);
  const NetworkWords& network = invocation.options.network;
  run.remote = remote;
  if (remote) {
    run.expect_agents = network.expect_agents;
    run.min_agents = network.min_agents;
    if (network.expect_agents == 1) run.expect_agents = std::max(run.min_agents, 1U);  // --min-agents alone.
    run.allowed_skew = network.allow_skew;
  }
  run.retries = invocation.options.retries;
  run.retry_delay = std::chrono::duration_cast<Duration>(Seconds(invocation.options.retry_delay));
  run.fail_on_flaky = invocation.options.fail_on_flaky;
  run.duplicate_tail = remote && invocation.options.duplicate_tail;
  return run;
}

// The plan before Python is up, and again if Python disagrees with what was read natively.
class PlanMaker {
 public:
  PlanMaker(const Invocation& invocation, const History& history, Console& console)
      : invocation_(invocation), history_(history), console_(console) {}

  void Prepare() {
    request_ = MakeDiscoveryRequest(invocation_.config, invocation_.guess, invocation_.options, invocation_.directory);
    auto found = Discover(request_);
    if (found.ok()) discovery_ = std::move(*found);
  }

  Plan operator()(const std::string& ready) {
    const Options& options = invocation_.options;
    if (NeedsDiscovery(invocation_)) {
      DiscoveryRequest truth = CorrectByReady(request_, ready);
      if (!options.network.listen.empty()) {  // An agent's tree may lie elsewhere, and lack what is here.
        truth.config.rootdir = request_.config.rootdir;
        truth.config.args = request_.config.args;
      }
      if (!discovery_ || !SamePlan(request_, truth)) {
        auto found = Discover(truth);
        discovery_ = found.ok() ? std::move(*found) : Discovery{};
      }
      for (const std::string& line : UncalledHooks(ready, invocation_.options.workers_auto))
        console_.Write("fastest: warning: " + line + "\n");
      for (const std::string& warning : discovery_->warnings) console_.Write("fastest: warning: " + warning + "\n");
    }
    const Discovery& found = discovery_ ? *discovery_ : kNothing;
    std::optional<ShardCut> cut;
    if (options.sharded())
      cut = invocation_.told_shard ? invocation_.told_shard->cut : MakeShardCut(found, history_, options, ready);
    return MakePlan(found, ready, options, invocation_.workers, history_, cut ? &*cut : nullptr);
  }

 private:
  const Invocation& invocation_;
  const History& history_;
  Console& console_;
  DiscoveryRequest request_;
  std::optional<Discovery> discovery_;
  const Discovery kNothing;
};

Result<NetworkOptions> PrepareNetwork(Invocation& invocation) {
  const NetworkWords& words = invocation.options.network;
  if (words.listen.empty()) return Error{"coordinator: --listen tcp://127.0.0.1:PORT is missing"};
  const auto endpoint = ReadEndpoint(words.listen, true);
  if (!endpoint.ok()) return Error{fmt::format("--listen {}: {}", words.listen, endpoint.error().message)};
  NetworkOptions network;
  auto keys = ReadCoordinatorKeys(words);
  if (!keys.ok()) return keys.error();
  network.keys = std::move(*keys);
  if (!network.keys && !endpoint->is_loopback())
    return Error{
        fmt::format("--listen {}: without keys only loopback is allowed (hint: fastest keygen --join-secret, "
                    "then --join-secret fastest-keys/join.secret for the coordinator and each agent)",
                    words.listen)};
  if (!words.allow_skew.contains("code")) {
    const auto code = ReadOwnCode(OutputsOf(invocation));
    if (!code.ok()) return code.error();
    network.code_digest = code->digest();
    network.code_manifest = code->Text();
  }
  if (words.sync)
    if (const Status sync = PrepareSync(&invocation, &network); !sync.ok()) return sync.error();
  network.abandoned_after = std::chrono::duration_cast<Duration>(Seconds(words.agents_timeout));
  network.enough_after = std::min(Duration(kEnoughAfter), network.abandoned_after);
  return network;
}

// A run over several machines has several workers, however many each machine has.
void PlanForAgents(Invocation* invocation) {
  const NetworkWords& words = invocation->options.network;
  const PytestGuess& guess = invocation->guess;
  if (guess.interactive || guess.order_preserving || invocation->options.dist == "no") return;
  invocation->workers = std::max(2U, invocation->agent_workers * words.expect_agents);
}

// The planner, with what the controller process (where plugins want one) has to add to the plan. `alone`: there is no
// plan but pytest's own.
CoordinatorSession::Planner PlannerWith(const Invocation& invocation, bool coordinator, PlanMaker& planner,
                                        ControllerHost& controller, bool* alone) {
  return [&, coordinator, alone](const std::string& ready, CoordinatorSession::Planned planned) {
    if (const std::string why = WhyAlone(ready); !why.empty()) {
      const Status possible = CanBeAlone(invocation, why, coordinator);
      *alone = possible.ok();
      if (*alone) std::fprintf(stderr, "fastest: %s: pytest itself runs this suite, in one process\n", why.c_str());
      return planned(Run::NoPlan{possible.ok() ? "" : "ERROR: " + possible.error().message + "\n", kUsage});
    }
    controller.Start(ready);  // It loads while we plan.
    Plan plan = planner(ready);
    controller.AwaitOpening(
        [plan = std::move(plan), planned = std::move(planned)](const ControllerHost::Opening& opening) {
          if (const auto* failed = std::get_if<Run::NoPlan>(&opening)) return planned(*failed);
          planned(ApplyOpening(plan, std::get<std::string>(opening)));
        });
  };
}

// Null: none is kept.
Result<std::unique_ptr<Journal>> StartJournal(Invocation& invocation, bool coordinator, Console& console) {
  if (!invocation.journal) return std::unique_ptr<Journal>();
  const CodeManifest code = ReadCodeBelow(invocation.config.rootdir, OutputsOf(invocation));
  JournalOpened opened;
  if (auto& known = invocation.resumption; known && known->contents) {
    const std::string changed = TakeChangedCode(code, &*known->contents, &opened);
    if (!changed.empty()) console.Warn(changed);
    opened.part = known->contents->restored.part;
    console.Write(fmt::format("fastest: run {} goes on: {} tests have their result\n", invocation.options.run_id,
                              known->contents->restored.complete()));
  }
  opened.run_id = invocation.options.run_id;
  opened.version = FASTEST_VERSION;
  opened.wall_start = WallSeconds();
  opened.coordinator = coordinator;
  opened.directory = invocation.directory;
  opened.words = invocation.words;
  opened.options_digest = invocation.options_digest;
  opened.code = code.Text();
  return OpenJournal(StateFolder(invocation), opened, invocation.resumption ? &*invocation.resumption : nullptr,
                     [&console](const std::string& text) { console.Warn(text); });
}

void TellFailure(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  if (!text.empty() && !text.ends_with('\n')) std::fputc('\n', stderr);
}

// Of a run that was interrupted and has a journal.
void TellHowToGoOn(const Invocation& invocation) {
  const Options& options = invocation.options;
  const bool usual = options.state_dir.empty() || options.state_dir == invocation.config.rootdir + "/.fastest";
  const std::string state = usual ? "" : " --state-dir " + options.state_dir;
  std::fprintf(stderr, "fastest: run %s is not finished: --resume %s%s goes on with it\n", options.run_id.c_str(),
               options.run_id.c_str(), state.c_str());
}

// Lets agents come: those of other machines, and the one in this process (null: there is none).
// `launched` (null: they come by themselves) are started.
Status OpenDoors(const Invocation& invocation, std::optional<NetworkOptions> network, CoordinatorSession& session,
                 LinkedAgent* local, LaunchedAgents* launched, Journal* journal, Console& console) {
  const NetworkWords& words = invocation.options.network;
  if (network) {
    session.OpenToNetwork(std::move(*network), [](const std::string& text) {
      std::fprintf(stderr, "fastest: warning: %s\n", text.c_str());
    });
    const auto bound = session.Bind(words.listen);
    if (!bound.ok()) return bound.error();
    console.Write(fmt::format("fastest: run {} listens on {}\n", invocation.options.run_id, *bound));
    if (journal != nullptr) journal->Listen(*bound);
    console.Flush();
    if (launched != nullptr) {
      if (const Status started = launched->Start(*bound); !started.ok()) return started.error();
    }
  }
  if (local == nullptr) return Ok();
  constexpr const char* kHere = "inproc://run";
  if (const auto bound = session.Bind(kHere); !bound.ok()) return bound.error();
  return local->Connect(kHere, words.name.empty() ? HostName() : words.name, "");
}

// The agents that this process brings up itself; null: there are none. `session` is made before any of them ends.
std::unique_ptr<LaunchedAgents> PrepareLaunch(EventLoop& loop, std::optional<LaunchPlan> plan,
                                              const NetworkWords& network, Console& console,
                                              const std::unique_ptr<CoordinatorSession>& session) {
  if (!plan) return nullptr;
  const std::uint32_t own = network.with_agent ? 1 : 0;
  LaunchedAgents::Handlers handlers;
  handlers.say = [&console](const std::string& line) {
    console.Flush();
    std::fprintf(stderr, "%s\n", line.c_str());
  };
  handlers.on_fewer = [&session, own](std::uint32_t possible, const std::string& why) {
    session->ExpectAtMost(possible + own, why);
  };
  return std::make_unique<LaunchedAgents>(loop, *std::move(plan), network.secret, std::move(handlers));
}

// Where no agent has ever come it is what was asked for that is wrong.
int ExitCodeOf(const CoordinatorSession& session, bool launched) {
  const bool nobody_came = session.run().next_worker() == WorkerId{0};
  return launched && nobody_came && session.exit_code() == kInternal ? kUsage : session.exit_code();
}

// What is left of a run that is over: its exit code.
int Conclude(const Invocation& invocation, const CoordinatorSession& session, bool launched, History& history,
             bool goes_on, Console& console) {
  KeepHistory(invocation, session.run(), history, console);
  TellFailure(session.run().failure_text());
  if (goes_on) TellHowToGoOn(invocation);
  return ExitCodeOf(session, launched);
}

// Where a pytest hands its run over to us: how it is told of it.
Result<UniqueFd> TakeHandover(const Options& options) {
  if (options.handover < 0) return UniqueFd();
  auto adopted = AdoptInherited(options.handover);
  if (!adopted.ok()) return Error{"--handover: " + adopted.error().message};
  return adopted;
}

// `network`: of a coordinator for other machines; nothing: the run is this process's own. `launch`: it brings its
// agents up itself.
int Execute(Invocation& invocation, std::optional<NetworkOptions> network, std::optional<LaunchPlan> launch) {
  const bool coordinator = network.has_value();
  const bool has_agent = !coordinator || invocation.options.network.with_agent;
  Console console;
  EventLoop loop;
  ZmqContext context;
  if (invocation.options.run_id.empty()) invocation.options.run_id = NewRunId();
  const bool attached =
      !coordinator && (invocation.guess.interactive || (invocation.workers == 1 && invocation.guess.capture == "no"));
  auto journal = StartJournal(invocation, coordinator, console);  // Before reports: they may be another coordinator's.
  if (!journal.ok()) return Fail(journal.error());
  const auto refuse = [&](const Error& error) {
    if (*journal) (*journal)->Close(false);
    return Fail(error);
  };
  Reporting reporting(invocation.options, invocation.guess, attached, console);
  if (const Status files = reporting.Open(); !files.ok()) return refuse(files.error());
  const std::string setup = MakeSetup(invocation, reporting, attached);
  auto agent_options = MakeAgentOptions(invocation.options, invocation.agent_workers, attached);
  if (!agent_options.ok() && has_agent) return refuse(agent_options.error());
  const Status warm = coordinator ? Ok() : UseWarmProcess(invocation, setup, attached, console, &*agent_options);
  if (!warm.ok()) return refuse(warm.error());
  auto handover = TakeHandover(invocation.options);
  if (!handover.ok()) return refuse(handover.error());
  std::unique_ptr<CoordinatorSession> session;
  const auto launched = PrepareLaunch(loop, std::move(launch), invocation.options.network, console, session);
  ControllerHost controller(loop, agent_options.ok() ? agent_options->process : PythonOptions{}, setup,
                            invocation.workers <= 1, *std::move(handover),
                            [&] { session->Interrupt(true, "the pytest that handed over its run has gone"); });
  std::unique_ptr<LinkedAgent> local;
  int interrupts = 0;
  bool left = false;
  Signals signals(loop, {SIGINT, SIGTERM, SIGHUP, SIGWINCH}, [&](int signal) {
    if (signal == SIGWINCH) return reporting.Resize();
    if (attached && signal == SIGINT) return;  // The debugger's.
    if (signal == SIGTERM && invocation.options.network.leave_on_term && !session->run().finished()) {
      left = true;  // Agents hear nothing: they wait for who resumes the run.
      return loop.Stop();
    }
    if (session->run().finished()) return controller.Abort();
    session->Interrupt(++interrupts > 1, signal == SIGINT ? "KeyboardInterrupt" : "terminated");
  });

  History history;
  PlanMaker planner(invocation, history, console);
  bool alone = false;
  session = std::make_unique<CoordinatorSession>(
      context, loop, MakeRunOptions(invocation, history, coordinator), setup,
      PlannerWith(invocation, coordinator, planner, controller, &alone),
      [&](auto&&... end) { controller.Close(std::forward<decltype(end)>(end)...); },
      [&] { launched ? launched->End([&] { loop.Stop(); }) : loop.Stop(); });
  for (Reporter* reporter : reporting.reporters()) session->AddReporter(reporter);
  session->AddReporter(&controller);
  if (*journal) session->Keep(journal->get());
  if (invocation.resumption && invocation.resumption->contents)
    session->Resume(std::move(invocation.resumption->contents->restored));

  if (has_agent) {
    local = std::make_unique<LinkedAgent>(context, loop, std::move(*agent_options), AgentLinkOptions{},
                                          [](AgentLink::End, const std::string&) {});
    local->agent().StartZygote(setup);  // Python starts while we look for tests.
  }
  if (const Status read = ReadHistory(invocation, console, &history); !read.ok()) return refuse(read.error());
  if (NeedsDiscovery(invocation)) planner.Prepare();

  if (const Status opened =
          OpenDoors(invocation, std::move(network), *session, local.get(), launched.get(), journal->get(), console);
      !opened.ok())
    return refuse(opened.error());
  loop.AddPump([&] {
    console.Flush();
    return false;
  });
  loop.Run();
  console.Flush();
  const bool goes_on = *journal && (*journal)->Close(interrupts == 0 && !left);
  if (left || alone) return left ? kDrained : kBecomePytest;
  return reporting.ExitCodeOf(Conclude(invocation, *session, launched != nullptr, history, goes_on, console));
}

// The end of a finished run, from its journal.
int TellAgain(const Invocation& invocation) {
  Console console;
  Reporting reporting(invocation.options, invocation.guess, false, console);
  if (const Status opened = reporting.Open(); !opened.ok()) return Fail(opened.error());
  const std::vector<Reporter*> reporters = reporting.reporters_of_an_old_run();
  ReplayJournal(invocation.resumption->file, [&](const Event& event) {
    for (Reporter* reporter : reporters) reporter->OnEvent(event);
  });
  return reporting.ExitCodeOf(*invocation.resumption->contents->finished);
}

int Command(const std::vector<std::string>& words, bool coordinator, std::optional<LaunchPlan> launch) {
  auto invocation = ReadInvocation(words);
  if (invocation.ok()) {
    const Status place = CheckSubcommand(invocation->options, coordinator ? "coordinator" : "");
    if (!place.ok()) return Fail(place.error());
    if (invocation->options.help) return RunPytest(*invocation);
    if (coordinator && !launch && !invocation->options.network.with_agent && IsForPytest(*invocation))
      return Fail(
          Error{"coordinator: with these options pytest only lists, which needs no agents (hint: leave "
                "coordinator and its options out)"});
  }
  if (invocation.ok() && !invocation->options.resume.empty()) {
    invocation = ResumedInvocation(*invocation);
    if (invocation.ok() && !invocation->resumption->file.empty()) return TellAgain(*invocation);
  }
  if (!invocation.ok()) return Fail(invocation.error());
  invocation->journal = coordinator || invocation->options.journal || !invocation->options.run_id.empty();
  const Options& options = invocation->options;
  if (options.version) {
    std::printf("fastest %s\n", FASTEST_VERSION);
    return 0;
  }
  std::optional<NetworkOptions> network;
  if (coordinator) {
    if (launch) invocation->options.network.secret = Hex(RandomDigest());
    auto prepared = PrepareNetwork(*invocation);
    if (!prepared.ok()) return Fail(prepared.error());
    network = std::move(*prepared);
    PlanForAgents(&*invocation);
  }
  if (invocation->guess.collect_only && options.static_only) return DiscoverCommand(words);
  if (IsForPytest(*invocation)) return RunPytest(*invocation);
  const int status = Execute(*invocation, std::move(network), std::move(launch));
  return status == kBecomePytest ? RunPytest(*invocation) : status;  // All that the run had open is closed.
}

}  // namespace

int RunCommand(const std::vector<std::string>& words, bool coordinator) {
  return Command(words, coordinator, std::nullopt);
}

int LaunchingCommand(const std::vector<std::string>& words, LaunchPlan plan) {
  std::uint32_t agents = std::find(words.begin(), words.end(), "--with-agent") == words.end() ? 0 : 1;
  for (const Launch& launch : plan.launches) agents += launch.agents;
  std::vector<std::string> all = {"--listen",     plan.listen, "--expect-agents", std::to_string(agents),
                                  "--min-agents", "1"};
  all.insert(all.end(), words.begin(), words.end());
  return Command(all, true, std::move(plan));
}

int DiscoverCommand(const std::vector<std::string>& words) {
  auto invocation = ReadInvocation(words);
  if (!invocation.ok()) return Fail(invocation.error());
  const Time start = Now();
  auto found =
      Discover(MakeDiscoveryRequest(invocation->config, invocation->guess, invocation->options, invocation->directory));
  if (!found.ok()) return Fail(found.error());
  for (const std::string& warning : found->warnings) std::fprintf(stderr, "fastest: warning: %s\n", warning.c_str());
  std::fputs(ListDiscovered(*found, Now() - start).c_str(), stdout);
  for (const std::string& missing : found->missing) Console().Complain("file or directory not found: " + missing);
  return found->missing.empty() ? 0 : kUsage;
}

}  // namespace fastest
