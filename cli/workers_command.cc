#include "cli/workers_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "agent/frame.h"
#include "agent/warm_wire.h"
#include "base/file_system.h"
#include "base/local_socket.h"
#include "base/pipe.h"
#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/invocation.h"
#include "cli/persistent.h"

namespace fastest {
namespace {

constexpr int kPatience = 2000;  // Milliseconds, as poll takes them.

struct Warm {
  std::string socket;  // Path.
  UniqueFd connection;
  std::optional<wire::WarmStatus> status;  // Nothing: it does not answer.
};

std::optional<Frame> ReadFrame(int socket) {
  FrameReader reader;
  for (pollfd wait{socket, POLLIN, 0}; ::poll(&wait, 1, kPatience) == 1;) {
    std::string bytes;
    const ReadEnd end = ReadAvailable(socket, bytes);
    reader.Append(bytes);
    const auto frame = reader.Next();
    if (!frame.ok()) return std::nullopt;
    if (*frame) return **frame;
    if (end == ReadEnd::kClosed) return std::nullopt;
  }
  return std::nullopt;
}

Result<std::vector<Warm>> FindAll(const std::string& folder) {
  auto entries = ListDirectory(folder);
  if (!entries.ok()) return entries.error();
  std::vector<Warm> found;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(".sock")) continue;
    Warm warm{folder + '/' + entry.name, {}, std::nullopt};
    warm.connection = ConnectLocal(warm.socket);
    if (!warm.connection.valid() || PeerUser(warm.connection.get()) != ::geteuid()) {
      // Its process was killed, and nobody has come since; the next run there starts another.
      continue;
    }
    SendAvailable(warm.connection.get(), EncodeFrame(wire::kAskStatus, "{}"), {});
    const auto frame = ReadFrame(warm.connection.get());
    if (frame && frame->kind == wire::kStatus) {
      const auto status = wire::DecodeStatus(frame->body);
      if (status.ok()) warm.status = *status;
    }
    found.push_back(std::move(warm));
  }
  std::sort(found.begin(), found.end(), [](const Warm& a, const Warm& b) { return a.socket < b.socket; });
  return found;
}

std::string Rounded(double seconds) {
  const auto whole = static_cast<long>(seconds);
  if (whole < 120) return fmt::format("{} s", whole);
  return whole < 7200 ? fmt::format("{} min", whole / 60) : fmt::format("{} h", whole / 3600);
}

std::string LineOf(const Warm& warm) {
  if (!warm.status) return warm.socket + ": does not answer";
  const wire::WarmStatus& status = *warm.status;
  const std::string idle =
      status.active > 0 ? fmt::format("{} running", status.active) : "idle " + Rounded(status.idle);
  return fmt::format("pid {}  {}  age {}  {}  runs {}  {} MiB  {}", status.pid,
                     status.project.empty() ? "(no run yet)" : status.project, Rounded(status.age), idle, status.runs,
                     status.memory >> 20, status.loaded);
}

int ListAll(const std::vector<Warm>& all) {
  for (const Warm& warm : all) std::printf("%s\n", LineOf(warm).c_str());
  if (all.empty()) std::puts("no warm processes");
  return 0;
}

// `project`: only its own; "": all.
int StopThose(const std::vector<Warm>& all, const std::string& project) {
  int stopped = 0;
  for (const Warm& warm : all) {
    // One that is busy is not asked whose it is: it reads this when it has time.
    if (!project.empty() && (!warm.status || warm.status->project != project)) continue;
    SendAvailable(warm.connection.get(), EncodeFrame(wire::kQuit, "{}"), {});
    ReadFrame(warm.connection.get());  // It closes when it ends.
    std::printf("%s: %s\n", warm.status ? "stopped" : "told to stop", LineOf(warm).c_str());
    ++stopped;
  }
  if (stopped == 0)
    std::printf("no warm processes%s\n", project.empty() ? "" : fmt::format(" of {} (hint: --all)", project).c_str());
  return 0;
}

}  // namespace

int WorkersCommand(const std::vector<std::string>& words) {
  const bool list = words.size() == 1 && words[0] == "list";
  const bool stop =
      !words.empty() && words[0] == "stop" && (words.size() == 1 || (words.size() == 2 && words[1] == "--all"));
  if (!list && !stop) return Fail(Error{"workers: allowed are list, stop and stop --all"});
  auto folder = WarmFolder();
  auto all = folder.ok() ? FindAll(*folder) : folder.error();
  if (!all.ok()) return Fail(Error{"workers: " + all.error().message});
  if (list) return ListAll(*all);
  if (words.size() == 2) return StopThose(*all, "");
  const auto invocation = ReadInvocation({});
  if (!invocation.ok()) return Fail(Error{"workers: " + invocation.error().message});
  return StopThose(*all, invocation->config.rootdir);
}

}  // namespace fastest
