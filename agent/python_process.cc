#include "agent/python_process.h"

#include "agent/warm_process.h"
#include "base/pipe.h"

namespace fastest {
namespace {

constexpr int kControlFd = 3;  // As docs/protocol.md numbers them.
constexpr int kLifeFd = 4;
constexpr int kNotStarted = 127 << 8;  // As a shell has it.

}  // namespace

SpawnOptions PythonProcess::HowToStart(const PythonOptions& options) {
  SpawnOptions spawn;
  spawn.argv = {options.python, options.worker_dir + "/fastest/__main__.py"};
  if (!options.bytecode_cache) spawn.argv.emplace_back("--no-cache");
  spawn.environment = options.environment;
  spawn.directory = options.directory;
  return spawn;
}

Result<PythonProcess::Ends> PythonProcess::MakeEnds(const PythonOptions& options, int life) {
  Ends ends;
  auto control = MakeSocketPair();
  if (!control.ok()) return control.error();
  ends.control = std::move(control->first);
  ends.theirs.push_back(std::move(control->second));
  ends.spawn = HowToStart(options);
  ends.spawn.fds = {{ends.theirs.back().get(), kControlFd}, {life, kLifeFd}};
  if (options.attached) return ends;
  auto pipe = MakePipe();
  if (!pipe.ok()) return pipe.error();
  auto null = OpenNull();
  if (!null.ok()) return null.error();
  const int input = null->get(), output = pipe->second.get();
  ends.output = std::move(pipe->first);
  ends.theirs.push_back(std::move(pipe->second));
  ends.theirs.push_back(*std::move(null));
  ends.spawn.fds.insert(ends.spawn.fds.end(), {{input, 0}, {output, 1}, {output, 2}});
  ends.spawn.own_group = true;
  return ends;
}

Result<std::unique_ptr<PythonProcess>> PythonProcess::Start(EventLoop& loop, const PythonOptions& options, int life,
                                                            Handlers handlers) {
  auto ends = MakeEnds(options, life);
  if (!ends.ok()) return ends.error();
  const auto pid = Spawn(ends->spawn);
  if (!pid.ok()) return pid.error();
  std::unique_ptr<PythonProcess> process(
      new PythonProcess(loop, std::move(ends->control), std::move(ends->output), std::move(handlers)));
  process->BeChild(*pid);
  return process;
}

Result<std::unique_ptr<PythonProcess>> PythonProcess::StartWarm(EventLoop& loop, const PythonOptions& options, int life,
                                                                Handlers handlers, WarmProcess& warm) {
  auto made = MakeEnds(options, life);
  if (!made.ok()) return made.error();
  std::unique_ptr<PythonProcess> process(
      new PythonProcess(loop, std::move(made->control), std::move(made->output), std::move(handlers)));
  PythonProcess* self = process.get();
  self->warm_ = &warm;
  // Their ends stay open here until it is settled who gets them.
  const auto ends = std::make_shared<Ends>(*std::move(made));
  warm.Launch(ends->spawn.fds, {[self, ends](pid_t pid) {
                                  ends->theirs.clear();
                                  self->pid_ = pid;
                                  if (self->handlers_.started) self->handlers_.started(pid);
                                },
                                [self](int status) { self->Ended(status); },
                                [self, ends] {
                                  self->StartCold(*ends);
                                  ends->theirs.clear();
                                }});
  return process;
}

PythonProcess::PythonProcess(EventLoop& loop, UniqueFd control, UniqueFd output, Handlers handlers)
    : loop_(loop),
      handlers_(std::move(handlers)),
      control_(loop, std::move(control), handlers_.frame, handlers_.garbage) {
  if (output.valid()) output_.emplace(loop, std::move(output), kOutputCap, handlers_.output);
}

PythonProcess::~PythonProcess() {
  if (warm_ != nullptr) warm_->Forget();
  if (pid_fd_.valid()) loop_.UnwatchRead(pid_fd_.get());
}

void PythonProcess::BeChild(pid_t pid) {
  pid_ = pid;
  pid_fd_ = OpenPidFd(pid);
  loop_.WatchRead(pid_fd_.get(), [this] { Reaped(); });
}

void PythonProcess::StartCold(const Ends& ends) {
  const auto pid = Spawn(ends.spawn);
  if (!pid.ok()) {
    loop_.After({}, [this] { Ended(kNotStarted); });  // Not before StartWarm has returned.
    return;
  }
  BeChild(*pid);
  if (handlers_.started) handlers_.started(*pid);
}

void PythonProcess::ReadAll() {
  if (output_) output_->ReadAll();
  control_.ReadAll();
}

void PythonProcess::FlushOutput() {
  if (output_) output_->Flush();
}

void PythonProcess::Reaped() {
  const auto status = Reap(pid_);
  if (!status) return;
  loop_.UnwatchRead(pid_fd_.get());
  Ended(*status);
}

void PythonProcess::Ended(int status) {
  ReadAll();
  FlushOutput();
  handlers_.exit(status);
}

}  // namespace fastest
