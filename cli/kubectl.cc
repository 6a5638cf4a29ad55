#include "cli/kubectl.h"

#include <signal.h>

#include "base/pipe.h"
#include "base/process.h"

namespace fastest {
namespace {

// One running kubectl: its three streams and its end. The loop stops when it has ended.
class Child {
 public:
  Child(EventLoop& loop, std::string input, Kubectl::Listen listen)
      : loop_(loop), input_(std::move(input)), listen_(std::move(listen)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    CloseInput();
    loop_.UnwatchRead(output_.get());
    loop_.UnwatchRead(errors_.get());
    loop_.UnwatchRead(end_.get());
  }

  Status Start(std::vector<std::string> argv) {
    auto input = MakeSocketPair(), output = MakePipe(), errors = MakePipe();
    if (!input.ok()) return input.error();
    if (!output.ok()) return output.error();
    if (!errors.ok()) return errors.error();
    SpawnOptions options;
    options.argv = std::move(argv);
    options.fds = {{input->second.get(), 0}, {output->second.get(), 1}, {errors->second.get(), 2}};
    options.own_group = true;  // Ctrl-C is for us: we end it ourselves, and tidy up with another one.
    auto pid = Spawn(options);
    if (!pid.ok()) return pid.error();
    pid_ = *pid;
    end_ = OpenPidFd(pid_);
    feed_ = std::move(input->first);
    output_ = std::move(output->first);
    errors_ = std::move(errors->first);
    SetNonBlocking(output_.get());
    SetNonBlocking(errors_.get());
    loop_.WatchWrite(feed_.get(), [this] { Feed(); });
    loop_.WatchRead(output_.get(), [this] { Read(output_.get(), &done.output); });
    loop_.WatchRead(errors_.get(), [this] { Read(errors_.get(), &done.errors); });
    loop_.WatchRead(end_.get(), [this] { loop_.Stop(); });
    return Ok();
  }

  // After the loop has stopped.
  void Finish() {
    auto status = Reap(pid_);
    if (!status) {
      ::kill(pid_, SIGKILL);
      while (!status) status = Reap(pid_);
    }
    done.ok = *status == 0;
    Read(output_.get(), &done.output);
    Read(errors_.get(), &done.errors);
  }

  Kubectl::Finished done;

 private:
  void Feed() {
    input_.erase(0, SendAvailable(feed_.get(), input_, {}));
    if (input_.empty()) CloseInput();
  }

  void CloseInput() {
    if (feed_.valid()) loop_.UnwatchWrite(feed_.get());
    feed_ = UniqueFd();
  }

  void Read(int fd, std::string* to) {
    for (;;) {
      const std::size_t before = to->size();
      const ReadEnd end = ReadAvailable(fd, *to);
      const bool more = to->size() > before;
      if (to == &done.output && listen_ && more) {
        listen_(done.output);
        done.output.clear();
      }
      if (end == ReadEnd::kClosed) loop_.UnwatchRead(fd);
      if (end == ReadEnd::kClosed || !more) return;
    }
  }

  EventLoop& loop_;
  std::string input_;
  Kubectl::Listen listen_;
  pid_t pid_ = -1;
  UniqueFd feed_, output_, errors_, end_;
};

}  // namespace

Result<Kubectl::Finished> Kubectl::Run(const std::vector<std::string>& words, std::string input, const Listen& listen) {
  std::vector<std::string> argv = {program_};
  argv.insert(argv.end(), common_.begin(), common_.end());
  argv.insert(argv.end(), words.begin(), words.end());
  Child child(loop_, std::move(input), listen);
  if (const Status started = child.Start(std::move(argv)); !started.ok()) return started.error();
  if (!interrupted_) loop_.Run();
  child.Finish();
  return std::move(child.done);
}

void Kubectl::Pause(Duration time) {
  if (interrupted_) return;
  const EventLoop::TimerId timer = loop_.After(time, [this] { loop_.Stop(); });
  loop_.Run();
  loop_.Cancel(timer);
}

void Kubectl::Interrupt() {
  interrupted_ = true;
  loop_.Stop();
}

}  // namespace fastest
