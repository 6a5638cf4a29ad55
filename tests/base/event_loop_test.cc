#include "base/event_loop.h"

#include <unistd.h>

#include "base/unique_fd.h"
#include "tests/catch.h"

using namespace std::chrono_literals;
using fastest::EventLoop;
using fastest::UniqueFd;

TEST_CASE("timers fire in order of their time") {
  EventLoop loop;
  std::string fired;
  loop.After(2ms, [&] {
    fired += 'b';
    loop.Stop();
  });
  loop.After(1ms, [&] { fired += 'a'; });
  loop.Run();
  CHECK(fired == "ab");
}

TEST_CASE("a cancelled timer does not fire") {
  EventLoop loop;
  bool fired = false;
  const auto timer = loop.After(1ms, [&] { fired = true; });
  loop.After(3ms, [&] { loop.Stop(); });
  loop.Cancel(timer);
  loop.Run();
  CHECK_FALSE(fired);
}

TEST_CASE("a readable descriptor calls its watch until it is unwatched") {
  EventLoop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd in(ends[0]), out(ends[1]);
  REQUIRE(::write(out.get(), "x", 1) == 1);
  int calls = 0;
  loop.WatchRead(in.get(), [&] {
    if (++calls == 3) {
      loop.UnwatchRead(in.get());
      loop.After(1ms, [&] { loop.Stop(); });
    }
  });
  loop.Run();
  CHECK(calls == 3);
}

TEST_CASE("a busy pump keeps the loop from sleeping") {
  EventLoop loop;
  int turns = 0;
  loop.AddPump([&] {
    if (++turns == 5) loop.Stop();
    return true;
  });
  loop.Run();
  CHECK(turns == 5);
}
