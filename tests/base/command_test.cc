#include "base/command.h"

#include <sys/wait.h>

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("a command's output, complaint and status come back, however much it writes") {
  const auto run =
      RunCommand({"sh", "-c", "head -c 3000000 /dev/zero; head -c 200000 /dev/zero >&2; pwd; exit 3"}, "/usr");
  REQUIRE(run.ok());
  CHECK(run->out.size() == 3000005);
  CHECK(run->out.ends_with("/usr\n"));
  CHECK(run->err.size() == std::size_t{64} << 10);
  CHECK(WEXITSTATUS(run->status) == 3);
}

TEST_CASE("a command that is not there is an error") { CHECK_FALSE(RunCommand({"no-such-program-here"}, "").ok()); }
