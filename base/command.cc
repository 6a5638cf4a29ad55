#include "base/command.h"

#include <poll.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/pipe.h"
#include "base/process.h"

namespace fastest {
namespace {

constexpr std::size_t kMostComplaint = std::size_t{64} << 10;

// Reads both pipes until nobody can write into them any more.
void ReadBoth(int out, int err, CommandOutput* read) {
  SetNonBlocking(out);
  SetNonBlocking(err);
  pollfd waits[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  std::string* const texts[] = {&read->out, &read->err};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
    for (int i = 0; i < 2; ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      if (ReadAvailable(waits[i].fd, *texts[i]) == ReadEnd::kClosed) waits[i].fd = -1;
    }
    if (read->err.size() > kMostComplaint) read->err.resize(kMostComplaint);
  }
}

}  // namespace

Result<CommandOutput> RunCommand(const std::vector<std::string>& argv, const std::string& directory) {
  auto out = MakePipe(), err = MakePipe();
  auto null = OpenNull();
  if (!out.ok()) return out.error();
  if (!err.ok()) return err.error();
  if (!null.ok()) return null.error();
  SpawnOptions options;
  options.argv = argv;
  options.directory = directory;
  options.fds = {{null->get(), 0}, {out->second.get(), 1}, {err->second.get(), 2}};
  const auto pid = Spawn(options);
  if (!pid.ok()) return pid.error();
  out->second.reset();
  err->second.reset();
  CommandOutput read;
  ReadBoth(out->first.get(), err->first.get(), &read);
  while (::waitpid(*pid, &read.status, 0) < 0 && errno == EINTR) {
  }
  return read;
}

}  // namespace fastest
