#include "report/color_choice.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("colour follows pytest's order of precedence") {
  struct Case {
    ColorEnvironment environment;
    bool color;
  };
  // option, PY_COLORS, NO_COLOR, FORCE_COLOR, TERM, tty
  const auto c = GENERATE(values<Case>({{{"auto", "", "", "", "xterm", true}, true},
                                        {{"auto", "", "", "", "xterm", false}, false},
                                        {{"auto", "", "", "", "dumb", true}, false},
                                        {{"auto", "", "1", "", "xterm", true}, false},
                                        {{"auto", "", "1", "1", "xterm", false}, false},
                                        {{"auto", "", "", "1", "dumb", false}, true},
                                        {{"auto", "1", "1", "", "", false}, true},
                                        {{"auto", "0", "", "1", "xterm", true}, false},
                                        {{"yes", "0", "1", "", "dumb", false}, true},
                                        {{"no", "1", "", "1", "xterm", true}, false}}));
  CHECK(UseColor(c.environment) == c.color);
}

}  // namespace
}  // namespace fastest
