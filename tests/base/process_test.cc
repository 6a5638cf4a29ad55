#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/pipe.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

int WaitFor(pid_t pid) {
  const UniqueFd ended = OpenPidFd(pid);
  pollfd wait{ended.get(), POLLIN, 0};
  REQUIRE(::poll(&wait, 1, 10'000) == 1);
  const auto status = Reap(pid);
  REQUIRE(status.has_value());
  return *status;
}

}  // namespace

TEST_CASE("a program is started with descriptors at the numbers asked for, even crossed") {
  const FdPair a = *MakePipe(), b = *MakePipe();
  SpawnOptions options;
  options.argv = {"sh", "-c",
                  "echo one >&" + std::to_string(b.second.get()) + "; echo two >&" + std::to_string(a.second.get())};
  options.fds = {{a.second.get(), b.second.get()}, {b.second.get(), a.second.get()}};
  const auto pid = Spawn(options);
  REQUIRE(pid.ok());
  CHECK(WaitFor(*pid) == 0);
  std::string one, two;
  SetNonBlocking(a.first.get());
  SetNonBlocking(b.first.get());
  ReadAvailable(a.first.get(), one);
  ReadAvailable(b.first.get(), two);
  CHECK(one == "one\n");
  CHECK(two == "two\n");
}

TEST_CASE("a program gets its folder and environment, and default signals") {
  ::signal(SIGPIPE, SIG_IGN);
  const FdPair out = *MakePipe();
  SpawnOptions options;
  options.argv = {"sh", "-c", "pwd; echo $FASTEST_TEST; kill -PIPE $$"};
  options.directory = "/";
  options.environment = {{"FASTEST_TEST", "yes"}};
  options.fds = {{out.second.get(), 1}};
  const auto pid = Spawn(options);
  REQUIRE(pid.ok());
  const int status = WaitFor(*pid);
  CHECK(DescribeStatus(status) == "SIGPIPE");
  SetNonBlocking(out.first.get());
  std::string text;
  ReadAvailable(out.first.get(), text);
  CHECK(text == "/\nyes\n");
}

TEST_CASE("a program that is not there is an error that names it") {
  SpawnOptions options;
  options.argv = {"/nowhere/program"};
  const auto pid = Spawn(options);
  REQUIRE_FALSE(pid.ok());
  CHECK(pid.error().message == "cannot start /nowhere/program: No such file or directory");
}

TEST_CASE("wait statuses are described") {
  CHECK(DescribeStatus(3 << 8) == "exit status 3");
  CHECK(DescribeStatus(SIGSEGV) == "SIGSEGV");
}

TEST_CASE("descendants are found over generations, without the roots") {
  const std::vector<ProcessEntry> all{{5, 4, 0, 0, 'S'}, {4, 3, 0, 0, 'S'}, {3, 1, 0, 0, 'S'}, {9, 1, 0, 0, 'S'}};
  const auto found = DescendantsOf(all, {3});
  REQUIRE(found.size() == 2);
  CHECK(found[0].pid + found[1].pid == 9);
}

TEST_CASE("a process is known by the environment that it was started with") {
  const FdPair in = *MakePipe(), out = *MakePipe();
  SpawnOptions options;
  options.argv = {"sh", "-c", "echo; read -r end"};  // One program throughout: during an exec /proc tells nothing.
  options.environment = {{"FASTEST_MARK", "gw1"}};
  options.fds = {{in.first.get(), 0}, {out.second.get(), 1}};
  const auto pid = Spawn(options);
  REQUIRE(pid.ok());
  char line = 0;
  REQUIRE(::read(out.first.get(), &line, 1) == 1);  // It is past its start.
  CHECK(StartedWith(*pid, "FASTEST_MARK=gw1"));
  CHECK(StartedWith(*pid, "FASTEST_MARK="));
  CHECK_FALSE(StartedWith(*pid, "FASTEST_MARK=gw"));
  CHECK_FALSE(StartedWith(*pid, "MARK=gw1"));
  ::kill(*pid, SIGKILL);
  CHECK(DescribeStatus(WaitFor(*pid)) == "SIGKILL");
}
