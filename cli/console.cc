#include "cli/console.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace fastest {
namespace {

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

void Console::Flush() {
  WriteAll(STDOUT_FILENO, text_);
  text_.clear();
}

void Console::Complain(std::string_view text) {
  Flush();
  WriteAll(STDERR_FILENO, "fastest: error: " + std::string(text) + "\n");
}

void Console::Warn(std::string_view text) {
  Flush();
  WriteAll(STDERR_FILENO, "fastest: warning: " + std::string(text) + "\n");
}

}  // namespace fastest
