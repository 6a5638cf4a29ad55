#include "base/local_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/inheritance.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

struct Folder {
  std::string path = "/tmp/fastest-local-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
};

UniqueFd ListenAt(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 1) == 0);
  return fd;
}

}  // namespace

TEST_CASE("a private folder is made, and kept if it is private") {
  const Folder folder;
  const std::string path = folder.path + "/mine";
  CHECK(MakePrivateFolder(path).ok());
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(MakePrivateFolder(path).ok());
}

TEST_CASE("a folder that others can enter, a link and a file are refused") {
  const Folder folder;
  std::filesystem::create_directory(folder.path + "/open");
  ::chmod((folder.path + "/open").c_str(), 0750);
  std::filesystem::create_directory_symlink(folder.path, folder.path + "/link");
  std::ofstream(folder.path + "/file") << "x";
  for (const char* name : {"/open", "/link", "/file", "/absent/deep"})
    CHECK_FALSE(MakePrivateFolder(folder.path + name).ok());
}

TEST_CASE("a socket is reached whatever the length of its path") {
  const Folder folder;
  const UniqueFd listener = ListenAt(folder.path + "/s.sock");
  const std::string deep = folder.path + '/' + std::string(150, 'd');
  std::filesystem::create_directory(deep);
  std::filesystem::rename(folder.path + "/s.sock", deep + "/s.sock");
  const UniqueFd connection = ConnectLocal(deep + "/s.sock");
  REQUIRE(connection.valid());
  CHECK(PeerUser(connection.get()) == ::geteuid());
}

TEST_CASE("where nobody listens there is no connection") {
  const Folder folder;
  { const UniqueFd gone = ListenAt(folder.path + "/dead.sock"); }
  CHECK_FALSE(ConnectLocal(folder.path + "/dead.sock").valid());
  CHECK_FALSE(ConnectLocal(folder.path + "/none.sock").valid());
  CHECK_FALSE(ConnectLocal("/no/such/folder/x.sock").valid());
}

TEST_CASE("what is inherited is told, and changes with it") {
  const std::string before = InheritedState();
  CHECK(before == InheritedState());
  const mode_t mask = ::umask(0123);
  CHECK(before != InheritedState());
  ::umask(mask);
  CHECK(before == InheritedState());
  const UniqueFd kept(::dup(0)), closed(::fcntl(0, F_DUPFD_CLOEXEC, 3));
  const std::vector<int> fds = InheritedFds();
  CHECK(std::count(fds.begin(), fds.end(), kept.get()) == 1);
  CHECK(std::count(fds.begin(), fds.end(), closed.get()) == 0);
}
