#include "agent/python_process.h"

#include "base/pipe.h"
#include "base/process.h"

namespace fastest {
namespace {

constexpr int kControlFd = 3;  // As docs/protocol.md numbers them.
constexpr int kLifeFd = 4;

}  // namespace

Result<std::unique_ptr<PythonProcess>> PythonProcess::Start(EventLoop& loop, const PythonOptions& options, int life,
                                                            Handlers handlers) {
  auto control = MakeSocketPair();
  if (!control.ok()) return control.error();
  SpawnOptions spawn;
  spawn.argv = {options.python, options.worker_dir + "/fastest/__main__.py"};
  if (!options.bytecode_cache) spawn.argv.emplace_back("--no-cache");
  spawn.environment = options.environment;
  spawn.directory = options.directory;
  spawn.fds = {{control->second.get(), kControlFd}, {life, kLifeFd}};
  UniqueFd output, output_end, null;
  if (!options.attached) {
    auto pipe = MakePipe();
    if (!pipe.ok()) return pipe.error();
    auto opened = OpenNull();
    if (!opened.ok()) return opened.error();
    output = std::move(pipe->first);
    output_end = std::move(pipe->second);
    null = *std::move(opened);
    spawn.fds.insert(spawn.fds.end(), {{null.get(), 0}, {output_end.get(), 1}, {output_end.get(), 2}});
    spawn.own_group = true;
  }
  const auto pid = Spawn(spawn);
  if (!pid.ok()) return pid.error();
  return std::unique_ptr<PythonProcess>(
      new PythonProcess(loop, *pid, std::move(control->first), std::move(output), std::move(handlers)));
}

PythonProcess::PythonProcess(EventLoop& loop, pid_t pid, UniqueFd control, UniqueFd output, Handlers handlers)
    : loop_(loop),
      pid_(pid),
      pid_fd_(OpenPidFd(pid)),
      handlers_(std::move(handlers)),
      control_(loop, std::move(control), handlers_.frame, handlers_.garbage) {
  if (output.valid()) output_.emplace(loop, std::move(output), kOutputCap, handlers_.output);
  loop_.WatchRead(pid_fd_.get(), [this] { Ended(); });
}

PythonProcess::~PythonProcess() { loop_.UnwatchRead(pid_fd_.get()); }

void PythonProcess::ReadAll() {
  if (output_) output_->ReadAll();
  control_.ReadAll();
}

void PythonProcess::FlushOutput() {
  if (output_) output_->Flush();
}

void PythonProcess::Ended() {
  const auto status = Reap(pid_);
  if (!status) return;
  loop_.UnwatchRead(pid_fd_.get());
  ReadAll();
  FlushOutput();
  handlers_.exit(*status);
}

}  // namespace fastest
