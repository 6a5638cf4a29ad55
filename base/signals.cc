#include "base/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "base/check.h"

namespace fastest {

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  CHECK(fd_.valid());
  loop_.WatchRead(fd_.get(), [this] { Read(); });
}

Signals::~Signals() { loop_.UnwatchRead(fd_.get()); }

void Signals::Read() {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace fastest
