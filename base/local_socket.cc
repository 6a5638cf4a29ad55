#include "base/local_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_system.h"

namespace fastest {

UniqueFd ConnectLocal(const std::string& path) {
  const UniqueFd folder(::open(std::string(ParentPath(path)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return {};
  const std::string name = fmt::format("/proc/self/fd/{}/{}", folder.get(), BaseName(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return {};
  ::memcpy(address.sun_path, name.c_str(), name.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

std::optional<uid_t> PeerUser(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{fmt::format("cannot make the folder {}: {}", path, ::strerror(errno))};
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Error{fmt::format("{}: {}", path, ::strerror(errno))};
  std::string wrong;
  if (!S_ISDIR(status.st_mode)) {
    wrong = "it is no folder";
  } else if (status.st_uid != ::geteuid()) {
    wrong = fmt::format("it belongs to user {}", status.st_uid);
  } else if ((status.st_mode & 077) != 0) {
    wrong = fmt::format("its mode is {:04o}", status.st_mode & 07777);
  }
  if (wrong.empty()) return Ok();
  return Error{
      fmt::format("{}: {} (allowed is a folder of user {} with mode 0700; hint: remove it)", path, wrong, ::geteuid())};
}

}  // namespace fastest
