#include "deploy/launch.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("a word is quoted for a POSIX shell only where it must be") {
  CHECK(ShellQuoted("/usr/bin/python3.11") == "/usr/bin/python3.11");
  CHECK(ShellQuoted("") == "''");
  CHECK(ShellQuoted("a b;$(c)") == "'a b;$(c)'");
  CHECK(ShellLine({"echo", "a b", ""}) == "echo 'a b' ''");
  CHECK(ShellQuoted("it's") == R"('it'\''s')");
}

TEST_CASE("the agent's script says what is missing before it becomes the agent") {
  const std::string text = TextOf({"/my code", "fastest", "tcp://127.0.0.1:7", {"-n", "2"}});
  CHECK(text ==
        "cd '/my code' 2>/dev/null || { echo 'no folder /my code here' >&2; exit 66; }; "
        "command -v fastest >/dev/null || { echo 'no program fastest here' >&2; exit 127; }; "
        "exec fastest agent --lifeline --connect \"tcp://127.0.0.1:7\" -n 2");
}

TEST_CASE("the port of an endpoint is what follows the last colon") {
  CHECK(PortOf("tcp://0.0.0.0:4711") == "4711");
  CHECK(PortOf("tcp://[::1]:80") == "80");
}
