#include "deploy/launched_agents.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "base/pipe.h"
#include "base/process.h"

namespace fastest {
namespace {

constexpr std::size_t kLongestLine = 2'000;

// What comes from elsewhere must not steer this terminal.
std::string Plain(std::string line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (line.size() > kLongestLine) line.resize(kLongestLine);
  for (char& c : line)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = '?';
  return line;
}

}  // namespace

LaunchedAgents::LaunchedAgents(EventLoop& loop, LaunchPlan plan, std::string secret, Handlers handlers)
    : loop_(loop), plan_(std::move(plan)), secret_(std::move(secret)), handlers_(std::move(handlers)) {}

LaunchedAgents::~LaunchedAgents() {
  Signal(SIGKILL);
  for (auto& running : all_) {
    if (running->pid_fd.valid()) loop_.UnwatchRead(running->pid_fd.get());
    if (running->output.valid()) loop_.UnwatchRead(running->output.get());
  }
}

Status LaunchedAgents::Start(const std::string& endpoint) {
  endpoint_ = endpoint;
  for (const Launch& launch : plan_.launches) {
    all_.push_back(std::make_unique<Running>());
    all_.back()->launch = &launch;
    if (const Status started = Start(*all_.back()); !started.ok()) return started.error();
  }
  return Ok();
}

Status LaunchedAgents::Start(Running& running) {
  auto input = MakePipe(), output = MakePipe();
  if (!input.ok()) return input.error();
  if (!output.ok()) return output.error();
  // Fits into the pipe, and while we hold its other end no SIGPIPE comes of it.
  const std::string first = secret_ + "\n";
  if (::write(input->second.get(), first.data(), first.size()) != static_cast<ssize_t>(first.size()))
    return Error{"cannot write into a pipe"};
  SpawnOptions spawn;
  spawn.argv = running.launch->command(endpoint_, running.attempt);
  spawn.fds = {{input->first.get(), 0}, {output->second.get(), 1}, {output->second.get(), 2}};
  spawn.own_group = true;
  const auto pid = Spawn(spawn);
  if (!pid.ok()) return Error{fmt::format("{} (hint: {})", pid.error().message, plan_.missing)};
  running.verdict = Verdict::kGoOn;
  running.lifeline = std::move(input->second);
  running.output = std::move(output->first);
  SetNonBlocking(running.output.get());
  loop_.WatchRead(running.output.get(), [this, &running] { OnOutput(running); });
  Spawned(running, *pid);
  return Ok();
}

Status LaunchedAgents::StartTidying(Running& running) {
  auto null = OpenNull();
  if (!null.ok()) return null.error();
  SpawnOptions spawn;
  spawn.argv = running.launch->tidy(endpoint_, running.attempt);
  spawn.fds = {{null->get(), 0}, {null->get(), 1}, {null->get(), 2}};
  spawn.own_group = true;
  const auto pid = Spawn(spawn);
  if (!pid.ok()) return pid.error();
  Spawned(running, *pid);
  return Ok();
}

void LaunchedAgents::Spawned(Running& running, pid_t pid) {
  running.pid = pid;
  running.pid_fd = OpenPidFd(pid);
  loop_.WatchRead(running.pid_fd.get(), [this, &running] { OnExit(running); });
}

void LaunchedAgents::OnOutput(Running& running) {
  const ReadEnd end = ReadAvailable(running.output.get(), running.text);
  for (std::size_t newline; (newline = running.text.find('\n')) != std::string::npos;) {
    OnLine(running, running.text.substr(0, newline));
    running.text.erase(0, newline + 1);
  }
  if (running.text.size() > kLongestLine) OnLine(running, std::exchange(running.text, {}));
  if (end == ReadEnd::kClosed) {
    loop_.UnwatchRead(running.output.get());
    running.output.reset();
  }
}

void LaunchedAgents::OnLine(Running& running, std::string line) {
  line = Plain(std::move(line));
  if (line.empty() || running.verdict != Verdict::kGoOn) return;
  const Verdict verdict = running.launch->judge ? running.launch->judge(line, running.attempt) : Verdict::kGoOn;
  if (verdict == Verdict::kIgnore) return;
  running.verdict = verdict;
  if (verdict != Verdict::kGoOn && running.pid > 0) ::kill(running.pid, SIGTERM);  // Not reaped: it is ours.
  if (verdict == Verdict::kAgain) return;
  running.last_line = line;
  handlers_.say(running.launch->label + ": " + line);
  const std::uint32_t lost = running.launch->losses ? running.launch->losses(line) : 0;
  if (lost == 0) return;
  running.lost = std::min(running.lost + lost, running.launch->agents);
  TellFewer();
}

void LaunchedAgents::OnExit(Running& running) {
  const auto status = Reap(running.pid);
  if (!status) return;
  running.pid = 0;
  loop_.UnwatchRead(running.pid_fd.get());
  running.pid_fd.reset();
  if (running.gone) {  // It was the tidying.
    running.ended = true;
    return CheckEnded();
  }
  // A master connection that ssh has left behind may keep the other end open: nothing more is waited for.
  if (running.output.valid()) OnOutput(running);
  if (!running.text.empty()) OnLine(running, std::exchange(running.text, {}));
  if (running.output.valid()) loop_.UnwatchRead(running.output.get());
  running.output.reset();
  running.lifeline.reset();
  if (running.verdict == Verdict::kAgain && !on_ended_) {
    ++running.attempt;
    if (Start(running).ok()) return;
  }
  if (!on_ended_) {
    const std::string why = running.launch->why(*status, running.last_line);
    if (!why.empty()) handlers_.say(fmt::format("fastest: error: {}: {}", running.launch->label, why));
  }
  running.gone = true;
  TellFewer();
  if (running.launch->tidy && StartTidying(running).ok()) return;
  running.ended = true;
  CheckEnded();
}

std::uint32_t LaunchedAgents::Possible() const {
  return std::accumulate(all_.begin(), all_.end(), 0U, [](std::uint32_t sum, const auto& running) {
    return running->gone ? sum : sum + running->launch->agents - running->lost;
  });
}

void LaunchedAgents::TellFewer() {
  if (!on_ended_) handlers_.on_fewer(Possible(), plan_.nobody);
}

void LaunchedAgents::Signal(int signal) {
  for (const auto& running : all_)
    if (running->pid > 0) ::kill(running->pid, signal);
}

void LaunchedAgents::End(std::function<void()> ended) {
  on_ended_ = std::move(ended);
  for (auto& running : all_) running->lifeline.reset();
  loop_.After(kPatience, [this] { Signal(SIGTERM); });
  loop_.After(2 * kPatience, [this] { Signal(SIGKILL); });
  CheckEnded();
}

void LaunchedAgents::CheckEnded() {
  if (!on_ended_) return;
  if (std::any_of(all_.begin(), all_.end(), [](const auto& running) { return !running->ended; })) return;
  std::exchange(on_ended_, [] {})();
}

}  // namespace fastest
