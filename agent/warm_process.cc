#include "agent/warm_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/process_tree.h"
#include "base/inheritance.h"
#include "base/local_socket.h"
#include "base/pipe.h"

namespace fastest {
namespace {

using namespace std::chrono_literals;

// About what a cold start takes: a warm process that is silent for longer is no help.
constexpr Duration kPatience = 300ms;
constexpr std::size_t kMostFds = 128;
constexpr int kFirstClientFd = 3;

std::string InWords(const wire::WarmStatus& warm) {
  return fmt::format("warm process {} ({}): run {} in {:.0f} s, {} MiB", warm.pid, warm.loaded, warm.runs, warm.age,
                     warm.memory >> 20);
}

}  // namespace

WarmProcess::WarmProcess(EventLoop& loop, WarmOptions options, SpawnOptions start)
    : loop_(loop), options_(std::move(options)), start_(std::move(start)) {}

WarmProcess::~WarmProcess() { Forget(); }

void WarmProcess::Launch(const std::vector<SpawnOptions::PlacedFd>& fds, Handlers handlers) {
  handlers_ = std::move(handlers);
  fds_ = fds;
  auto claim = MakePipe();
  if (!claim.ok() || ::write(claim->second.get(), "1", 1) != 1) return Fail("no pipe");
  claim_ = std::move(claim->first);
  SetNonBlocking(claim_.get());
  fds_.insert(fds_.begin(), {claim_.get(), -1});
  for (const int fd : InheritedFds()) {
    const bool taken = std::any_of(fds.begin(), fds.end(), [fd](const auto& placed) { return placed.as == fd; });
    if (!taken) fds_.push_back({fd, fd});
  }
  if (fds_.size() > kMostFds) return Fail(fmt::format("{} descriptors are inherited", fds_.size()));
  for (auto& [fd, as] : fds_) {
    copies_.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!copies_.back().valid()) return Fail("no descriptor is left");
    if (as >= 0) options_.launch.fds.push_back(as);
  }
  places_ = {options_.place, options_.launch.exact};
  if (!FindOne()) StartOne();
}

void WarmProcess::Forget() {
  if (pid_ == 0) Claim();
  handlers_ = {};
  loop_.Cancel(patience_);
}

std::optional<int> WarmProcess::TakeStatus(pid_t pid) {
  if (!channels_.empty()) channels_.back()->ReadAll();
  const auto found = statuses_.extract(pid);
  return found.empty() ? std::nullopt : std::optional(found.mapped());
}

// ---- asking ----

bool WarmProcess::FindOne() {
  while (!places_.empty()) {
    UniqueFd socket = ConnectLocal(places_.back() + ".sock");
    places_.pop_back();
    if (!socket.valid() || PeerUser(socket.get()) != ::geteuid()) continue;
    Ask(std::move(socket), true);
    patience_ = loop_.After(kPatience, [this] { LosePatience(); });
    return true;
  }
  return false;
}

void WarmProcess::StartOne() {
  auto sockets = MakeSocketPair();
  auto null = OpenNull();
  if (!sockets.ok() || !null.ok()) return Fail("no descriptor is left");
  SpawnOptions spawn = start_;
  spawn.argv.insert(spawn.argv.end(), {"--warm", options_.place});
  spawn.own_group = true;
  spawn.fds = {{sockets->second.get(), kFirstClientFd}, {null->get(), 0}, {null->get(), 1}, {null->get(), 2}};
  const auto pid = Spawn(spawn);
  if (!pid.ok()) return Fail(pid.error().message);
  Ask(std::move(sockets->first), false);
}

void WarmProcess::Ask(UniqueFd socket, bool found) {
  found_ = found;
  // Of one that has declined nothing counts any more, its end least of all.
  const auto is_current = [this, number = channels_.size() + 1] { return channels_.size() == number; };
  const auto closed = [this, is_current] {
    if (is_current()) OnClosed();
  };
  channels_.push_back(std::make_unique<FrameChannel>(
      loop_, std::move(socket),
      [this, is_current](const Frame& frame) {
        if (is_current()) OnFrame(frame);
      },
      [closed](const std::string&) { closed(); }, closed));
  std::vector<UniqueFd> fds;
  fds.reserve(copies_.size());
  for (const UniqueFd& copy : copies_) fds.emplace_back(::fcntl(copy.get(), F_DUPFD_CLOEXEC, 3));
  channels_.back()->Send(wire::kLaunch, wire::EncodeLaunch(options_.launch), std::move(fds));
}

// ---- answers ----

void WarmProcess::OnFrame(const Frame& frame) {
  if (frame.kind == wire::kBegun) return OnBegun(frame.body);
  if (frame.kind == wire::kEnded) return OnEnded(frame.body);
  if (frame.kind == wire::kDeclined) OnDeclined(wire::DecodeDeclined(frame.body));
}

void WarmProcess::OnBegun(std::string_view body) {
  const auto begun = wire::DecodeBegun(body);
  if (!begun.ok() || failed_ || pid_ != 0) return;
  loop_.Cancel(patience_);
  pid_ = begun->pid;
  reaper_ = begun->reaper;
  copies_.clear();
  options_.tell(InWords(begun->warm));
  if (handlers_.started) handlers_.started(pid_);
}

void WarmProcess::OnEnded(std::string_view body) {
  const auto ended = wire::DecodeEnded(body);
  if (!ended.ok()) return;
  if (ended->pid == pid_) return End(ended->status);
  statuses_[ended->pid] = ended->status;
}

void WarmProcess::OnDeclined(const std::string& why) {
  if (pid_ != 0 || failed_) return;
  if (!found_) return Fail(why);
  options_.tell("a warm process has ended: " + why);
  loop_.Cancel(patience_);
  if (!FindOne()) StartOne();
}

void WarmProcess::OnClosed() {
  if (ended_ || failed_) return;
  if (pid_ != 0) {  // Its reaper was killed: nobody would tell of its end.
    KillTree({pid_, "", "", reaper_}, {});
    return End(SIGKILL);
  }
  if (Claim()) {
    Fail("the warm process ended");
  } else {
    End(SIGKILL);
  }
}

void WarmProcess::LosePatience() {
  channels_.back()->ReadAll();  // The loop may have been at something else all the time.
  if (pid_ == 0 && !failed_ && found_ && Claim()) Fail("the warm process did not answer");
}

bool WarmProcess::Claim() {
  char byte = 0;
  return claim_.valid() && ::read(claim_.get(), &byte, 1) == 1;
}

void WarmProcess::Fail(const std::string& why) {
  Claim();
  failed_ = true;
  copies_.clear();
  loop_.Cancel(patience_);
  options_.tell("cold start: " + why);
  if (handlers_.failed) handlers_.failed();
}

void WarmProcess::End(int status) {
  if (std::exchange(ended_, true)) return;
  if (handlers_.ended) handlers_.ended(status);
}

}  // namespace fastest
