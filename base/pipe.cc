#include "base/pipe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace fastest {

Result<FdPair> MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return Error{fmt::format("cannot make a pipe: {}", ::strerror(errno))};
  return FdPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<FdPair> MakeSocketPair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return Error{fmt::format("cannot make a socket: {}", ::strerror(errno))};
  }
  return FdPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<UniqueFd> OpenNull() {
  UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return Error{fmt::format("cannot open /dev/null: {}", ::strerror(errno))};
  return fd;
}

Result<UniqueFd> AdoptInherited(int fd) {
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return Error{"file descriptor " + std::to_string(fd) + " is not open"};
  return UniqueFd(fd);
}

void SetNonBlocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

ReadEnd ReadAvailable(int fd, std::string& bytes, std::size_t limit) {
  char chunk[65536];
  std::size_t taken = 0;
  while (taken < limit) {
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ReadEnd::kEmpty;
    if (got <= 0) return ReadEnd::kClosed;
    bytes.append(chunk, static_cast<std::size_t>(got));
    taken += static_cast<std::size_t>(got);
  }
  return ReadEnd::kEmpty;
}

std::size_t SendAvailable(int socket, std::string_view bytes, std::span<const int> fds) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(fds.size_bytes()));
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    ::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  while (true) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return 0;
  }
}

}  // namespace fastest
