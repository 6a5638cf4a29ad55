#include "agent/placement.h"

#include <vector>

#include "tests/catch.h"

using namespace fastest;

TEST_CASE(
    "a batch goes to the idle (who has collected it, of several), then to who can be started, then to the least busy") {
  constexpr Seat kIdle{true, false, 0}, kEmpty{false, false, 0}, kBusy{true, false, 1}, kFull{true, false, 2},
      kClosed{true, true, 0}, kIdleAvoided{true, false, 0, true}, kFullAvoided{true, false, 2, true},
      kIdleKnows{true, false, 0, false, true}, kBusyKnows{true, false, 1, false, true};
  struct Case {
    std::vector<Seat> seats;
    std::optional<std::size_t> chosen;
  };
  const auto c = GENERATE_COPY(values<Case>({{{kBusy, kEmpty, kIdle}, 2},
                                             {{kBusy, kEmpty, kEmpty}, 1},
                                             {{kFull, kBusy, kBusy}, 1},
                                             {{kIdle, kIdle}, 0},
                                             {{kFull, kFull}, std::nullopt},
                                             {{kClosed, kBusy}, 1},
                                             {{kClosed}, std::nullopt},
                                             {{kIdleAvoided, kBusy}, 1},
                                             {{kIdleAvoided, kFull}, 0},
                                             {{kFullAvoided, kEmpty}, 1},
                                             {{kIdle, kIdleKnows}, 1},
                                             {{kBusyKnows, kIdle}, 1}}));
  CHECK(ChooseSeat(c.seats) == c.chosen);
}
