// One real coordinator (session, run, link, terminal report, cache) against simulated agents over TCP on loopback; says
// what a test costs it in CPU and memory.
//
// bench_coordinator [--agents 1000] [--workers 2] [--tests 1000000] [--files 10000] [--item-seconds 0.02]
//                   [--fail-every 1000] [--processes 4] [--journal 0|1]
//
// Agents share a few processes. A simulated worker takes --item-seconds for a test (0: nothing), and its agent tells
// what happened every few milliseconds, as a real one does that polls its rings. Prints one JSON object. CPU is that of
// this process, ZeroMQ's thread and the kernel's share included; the agents' processes do not count.

#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cli/coordinator_session.h"
#include "cli/resume.h"
#include "protocol/agent_link.h"
#include "report/cache_writer.h"
#include "report/terminal_reporter.h"

namespace fastest {
namespace {

struct Settings {
  std::uint32_t agents = 1000;
  std::uint32_t workers = 2;  // Of each agent.
  std::uint32_t tests = 1'000'000;
  std::uint32_t files = 10'000;
  double item_seconds = 0.02;
  std::uint32_t fail_every = 1000;
  std::uint32_t processes = 4;
  std::uint32_t journal = 0;  // 1: keeps one, as `fastest coordinator` does.
  std::uint32_t watch = 0;    // 1: tells every 2 seconds how far it is.
  std::string folder;

  std::uint32_t tests_a_file() const { return tests / files; }
};

constexpr std::chrono::milliseconds kTick{5};

std::string FilePath(std::uint32_t file) { return fmt::format("tests/unit/area_{:02}/test_{:05}.py", file % 40, file); }

std::string ReadyJson(const Settings& settings) {
  return fmt::format(R"({{"platform": "linux", "python": "3.11.7", "pytest": "9.2.0", "rootdir": "{}",
      "options": {{"lf": false, "verbose": -1}}, "ini": {{}}, "header": []}})",
                     settings.folder);
}

// About what a failed assertion weighs.
std::string FailureEnvelope() { return R"({"report": {}, "text": ")" + std::string(1500, 'x') + R"("})"; }

class SimulatedAgent {
 public:
  SimulatedAgent(ZmqContext& context, EventLoop& loop, const Settings& settings)
      : loop_(loop),
        settings_(settings),
        link_(
            context, loop, AgentLinkOptions{}, [this](const CoordinatorMessage& message) { Receive(message); },
            [this](AgentLink::End, const std::string& why) {
              std::fprintf(stderr, "agent: %s\n", why.c_str());
              over_ = true;
            }),
        workers_(settings.workers) {}

  void Connect(const std::string& endpoint) {
    Hello hello;
    hello.name = "simulated";
    hello.workers = settings_.workers;
    const Status connected = link_.Connect(endpoint, hello);
    CHECK(connected.ok());
    link_.Send(Ready{true, ReadyJson(settings_), 0});
  }

  void Tick() {
    for (std::uint32_t i = 0; i < workers_.size(); ++i) Work(WorkerId{first_ + i}, workers_[i]);
  }

  bool over() const { return over_ || (said_goodbye_ && link_.drained()); }

 private:
  struct Worker {
    std::optional<Assign> assign;
    std::size_t unit = 0;
    std::uint32_t item = 0;
    std::uint32_t begun = ~0U;  // The unit that was collected last.
    Time free_at{};
  };

  void Receive(const CoordinatorMessage& message) {
    if (const auto* welcome = std::get_if<Welcome>(&message)) first_ = Number(welcome->first_worker);
    if (std::holds_alternative<Begin>(message)) link_.Send(Credit{2 * settings_.workers});
    if (std::holds_alternative<Walk>(message)) {
      Walked walked;
      for (std::uint32_t i = 0; i < settings_.files; ++i) walked.paths.push_back(FilePath(i));
      link_.Send(std::move(walked));
    }
    if (const auto* assign = std::get_if<Assign>(&message)) waiting_.push_back(*assign);
    if (const auto* revoke = std::get_if<Revoke>(&message)) GiveBack(revoke->lease);
    if (std::holds_alternative<Stop>(message)) {
      link_.Send(Goodbye{});
      said_goodbye_ = true;
    }
  }

  // Only what waits is given back: a real worker gives back what it has not begun, too.
  void GiveBack(LeaseId lease) {
    Revoked revoked{lease, {}};
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (at->lease != lease) continue;
      for (const Assignment& unit : at->units) revoked.parts.push_back({unit.unit, true, {}});
      waiting_.erase(at);
      link_.Send(std::move(revoked));
      link_.Send(LeaseDone{lease, WorkerId{}});
      link_.Send(Credit{1});
      return;
    }
    link_.Send(std::move(revoked));
  }

  void Work(WorkerId id, Worker& worker) {
    const Time now = loop_.now();
    const auto item_time = std::chrono::duration_cast<Duration>(Seconds(settings_.item_seconds));
    if (worker.free_at == Time{} || now - worker.free_at > std::chrono::milliseconds(200)) worker.free_at = now;
    while (worker.free_at <= now) {
      if (!worker.assign && !Take(worker)) return;
      const Assignment& unit = worker.assign->units[worker.unit];
      if (worker.begun != Number(unit.unit)) Collect(id, worker, unit);
      const std::size_t items = unit.items.empty() ? settings_.tests_a_file() : unit.items.size();
      if (worker.item == items) {
        NextUnit(id, worker);
        continue;
      }
      Run(id, worker, unit);
      ++worker.item;
      worker.free_at += item_time;
    }
  }

  bool Take(Worker& worker) {
    if (waiting_.empty()) {
      worker.free_at = loop_.now();
      return false;
    }
    worker.assign = std::move(waiting_.front());
    waiting_.pop_front();
    worker.unit = 0;
    worker.item = 0;
    worker.begun = ~0U;
    return true;
  }

  void NextUnit(WorkerId id, Worker& worker) {
    worker.item = 0;
    worker.begun = ~0U;
    if (++worker.unit < worker.assign->units.size()) return;
    link_.Send(LeaseDone{worker.assign->lease, id});
    link_.Send(Credit{1});
    worker.assign.reset();
  }

  std::string NodeId(UnitId unit, std::uint32_t item) const {
    return fmt::format("{}::TestSomething::test_behaviour_of_part[{}]", FilePath(Number(unit)), item);
  }

  void Collect(WorkerId id, Worker& worker, const Assignment& unit) {
    worker.begun = Number(unit.unit);
    Collected collected;
    collected.worker = id;
    collected.lease = worker.assign->lease;
    collected.unit = unit.unit;
    for (std::uint32_t i = 0; i < settings_.tests_a_file(); ++i) collected.node_ids.push_back(NodeId(unit.unit, i));
    link_.Send(std::move(collected));
  }

  void Run(WorkerId id, const Worker& worker, const Assignment& unit) {
    const LeaseId lease = worker.assign->lease;
    const ItemKey key = unit.items.empty() ? ItemKey{NodeId(unit.unit, worker.item), 0} : unit.items[worker.item];
    const std::uint32_t number = Number(unit.unit) * settings_.tests_a_file() + worker.item;
    const bool fails = settings_.fail_every > 0 && number % settings_.fail_every == 0;
    for (const Phase phase : {Phase::kSetup, Phase::kCall, Phase::kTeardown}) {
      ItemReport report{id, lease, unit.unit, key, {phase, Outcome::kPassed, 1e9, 1e9, settings_.item_seconds / 3, ""}};
      if (fails && phase == Phase::kCall) {
        report.report.outcome = Outcome::kFailed;
        report.report.envelope = FailureEnvelope();
      }
      link_.Send(std::move(report));
    }
    link_.Send(ItemFinished{id, lease, unit.unit, key});
  }

  EventLoop& loop_;
  const Settings& settings_;
  AgentLink link_;
  std::vector<Worker> workers_;
  std::deque<Assign> waiting_;
  std::uint32_t first_ = 0;
  bool said_goodbye_ = false;
  bool over_ = false;
};

int RunAgents(const Settings& settings, const std::string& endpoint, std::uint32_t count) {
  EventLoop loop;
  ZmqContext context;
  std::vector<std::unique_ptr<SimulatedAgent>> agents;
  for (std::uint32_t i = 0; i < count; ++i) {
    agents.push_back(std::make_unique<SimulatedAgent>(context, loop, settings));
    agents.back()->Connect(endpoint);
  }
  std::function<void()> tick = [&] {
    bool over = true;
    for (const auto& agent : agents) {
      agent->Tick();
      over = over && agent->over();
    }
    if (over) return loop.Stop();
    loop.After(kTick, tick);
  };
  loop.After(kTick, tick);
  loop.Run();
  return 0;
}

std::vector<pid_t> StartAgents(const Settings& settings, const std::string& endpoint) {
  std::vector<pid_t> started;
  for (std::uint32_t i = 0; i < settings.processes; ++i) {
    const std::uint32_t count = settings.agents / settings.processes + (i < settings.agents % settings.processes);
    const pid_t pid = ::fork();
    CHECK(pid >= 0);
    if (pid == 0) ::_exit(RunAgents(settings, endpoint, count));
    started.push_back(pid);
  }
  return started;
}

Plan MakePlan(const Settings& settings) {
  Plan plan;
  plan.mode = CollectMode::kFile;
  plan.collect_first = false;
  plan.ready = ReadyJson(settings);
  plan.start = "{}";
  for (std::uint32_t i = 0; i < settings.files; ++i) {
    PlannedUnit unit;
    unit.path = FilePath(i);
    unit.seconds = settings.tests_a_file() * std::max(settings.item_seconds, 0.001);
    unit.items = settings.tests_a_file();
    plan.units.push_back(std::move(unit));
  }
  return plan;
}

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double PeakBytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

double AnonymousBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return 1024.0 * std::atof(line.c_str() + 8);
  return 0;
}

int Measure(const Settings& settings) {
  // Forked before this process has threads; they connect again until it listens.
  const std::string endpoint = fmt::format("tcp://127.0.0.1:{}", 20000 + ::getpid() % 20000);
  const std::vector<pid_t> agents = StartAgents(settings, endpoint);

  EventLoop loop;
  ZmqContext context;
  RunOptions options;
  options.run_id = "bench";
  options.workers = settings.agents * settings.workers;
  std::size_t written = 0;
  // As with --expect-agents: the plan is made, and the clock starts, when all agents are there.
  const double alone = AnonymousBytes();
  double before = 0, cpu = 0;
  Time start{};
  std::function<void()> await;
  CoordinatorSession session(
      context, loop, options, "{}",
      [&](const std::string&, const CoordinatorSession::Planned& planned) {
        await = [&, planned] {
          if (Number(session.run().next_worker()) < options.workers) {
            loop.After(std::chrono::milliseconds(50), await);
            return;
          }
          before = AnonymousBytes();
          cpu = CpuSeconds();
          start = Now();
          planned(MakePlan(settings));
        };
        loop.After(std::chrono::milliseconds(50), await);
      },
      [](RunFinished end, const std::function<void(RunFinished)>& told) { told(std::move(end)); },
      [&] { loop.Stop(); });
  Screen screen;
  TerminalReporter terminal(screen, [&](std::string_view text) { written += text.size(); });
  CacheWriter cache([](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); });
  session.AddReporter(&terminal);
  session.AddReporter(&cache);
  std::unique_ptr<Journal> journal;
  if (settings.journal > 0) {
    JournalOpened opened;
    opened.run_id = options.run_id;
    journal = *OpenJournal(settings.folder, opened, nullptr, [](const std::string& text) { std::puts(text.c_str()); });
    session.Keep(journal.get());
  }
  const auto bound = session.Bind(endpoint);
  if (!bound.ok()) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    for (const pid_t pid : agents) ::kill(pid, SIGKILL);
    return 1;
  }
  std::function<void()> watch = [&] {
    std::fprintf(stderr, "cpu %.1f s, %.0f MB, %zu results\n", CpuSeconds(), AnonymousBytes() / 1e6,
                 session.run().Durations().size());
    loop.After(std::chrono::seconds(2), watch);
  };
  if (settings.watch > 0) loop.After(std::chrono::seconds(2), watch);
  loop.Run();
  ::malloc_trim(0);  // What is free but not given back is nobody's.
  const double used = CpuSeconds() - cpu, wall = Seconds(Now() - start).count(), after = AnonymousBytes();
  const double peak = PeakBytes();
  const double failure_text = settings.fail_every == 0 ? 0.0
                                                       : 1.0 * settings.tests / settings.fail_every *
                                                             static_cast<double>(FailureEnvelope().size());
  for (const pid_t pid : agents) {
    int status = 0;
    ::kill(pid, SIGKILL);  // An agent whose goodbye nobody acknowledges waits 20 s for the coordinator.
    ::waitpid(pid, &status, 0);
  }
  const double tests = settings.tests;
  const std::string told = fmt::format(
      R"({{"agents": {}, "workers": {}, "tests": {}, "exit_code": {}, "results": {}, "wall": {:.2f}, "cpu": {:.2f}, )"
      R"("cpu_microseconds_a_test": {:.2f}, "bytes_a_test": {:.0f}, "peak_bytes_a_test": {:.0f}, "bytes_an_agent": {:.0f}, "join_cpu": {:.2f}}})",
      settings.agents, options.workers, settings.tests, session.exit_code(), session.run().Durations().size(), wall,
      used, 1e6 * used / tests, (after - before - failure_text) / tests, (peak - before - failure_text) / tests,
      (before - alone) / settings.agents, cpu);
  std::puts(told.c_str());
  return session.run().Durations().size() == settings.tests ? 0 : 1;
}

Settings ReadSettings(int argc, char** argv) {
  Settings settings;
  const std::pair<const char*, std::uint32_t*> numbers[] = {
      {"--agents", &settings.agents}, {"--workers", &settings.workers},       {"--tests", &settings.tests},
      {"--files", &settings.files},   {"--fail-every", &settings.fail_every}, {"--processes", &settings.processes},
      {"--watch", &settings.watch},   {"--journal", &settings.journal}};
  for (int i = 1; i + 1 < argc; i += 2) {
    for (const auto& [name, number] : numbers)
      if (std::strcmp(argv[i], name) == 0) *number = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--item-seconds") == 0) settings.item_seconds = std::atof(argv[i + 1]);
  }
  settings.files = std::max(settings.files, 1U);
  settings.tests = settings.files * settings.tests_a_file();
  return settings;
}

}  // namespace
}  // namespace fastest

int main(int argc, char** argv) {
  fastest::Settings settings = fastest::ReadSettings(argc, argv);
  char folder[] = "/tmp/bench-coordinator-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return 1;
  settings.folder = folder;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;  // Two descriptors an agent.
  ::setrlimit(RLIMIT_NOFILE, &files);
  const int code = fastest::Measure(settings);
  std::filesystem::remove_all(folder);
  return code;
}
