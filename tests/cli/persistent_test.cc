#include "cli/persistent.h"

#include <vector>

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("only what decides which plugins are loaded is a plugin word") {
  using Words = std::vector<std::string>;
  struct Case {
    Words words, kept;
  };
  const auto c = GENERATE(
      values<Case>({{{"tests", "-k", "a", "-x"}, {}},
                    {{"-p", "no:cacheprovider", "tests"}, {"-p", "no:cacheprovider"}},
                    {{"-pmine", "--assert=plain", "-q"}, {"-pmine", "--assert=plain"}},
                    {{"-o", "a=b", "--override-ini=c=d", "-oe=f"}, {"-o", "a=b", "--override-ini=c=d", "-oe=f"}},
                    {{"--disable-plugin-autoload"}, {"--disable-plugin-autoload"}},
                    {{"-q", "--", "-p", "no:x"}, {}},
                    {{"-p"}, {}}}));
  CHECK(PluginWords(c.words) == c.kept);
}

TEST_CASE("a shell's counters may differ between runs, what a program reads may not") {
  CHECK(MayDiffer("SHLVL"));
  CHECK(MayDiffer("COLUMNS"));
  CHECK_FALSE(MayDiffer("PATH"));
  CHECK_FALSE(MayDiffer("PYTHONPATH"));
  CHECK_FALSE(MayDiffer("CI"));
}
