#include "discovery/ignore_rules.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("globs match as gitignore says") {
  struct Case {
    const char* pattern;
    const char* path;
    bool matches;
  };
  const Case cases[] = {
      {"*.o", "a.o", true},          {"*.o", "d/a.o", false}, {"a?c", "abc", true},
      {"a?c", "a/c", false},         {"[a-c]x", "bx", true},  {"[!a-c]x", "bx", false},
      {"**/x", "x", true},           {"**/x", "a/b/x", true}, {"a/**/x", "a/x", true},
      {"a/**/x", "a/b/c/x", true},   {"a/**", "a/b/c", true}, {"a/**", "b/a", false},
      {"a\\*b", "a*b", true},        {"a\\*b", "axb", false}, {"foo*bar", "foo/bar", false},
      {"*a*b*c", "xxaxxbxxc", true},
  };
  for (const Case& one : cases) {
    INFO(one.pattern << " against " << one.path);
    CHECK(MatchesGlobPath(one.pattern, one.path) == one.matches);
  }
}

TEST_CASE("the last pattern that matches decides, a deeper folder's last of all") {
  IgnoreRules rules;
  rules.Add("", "# comment\n*.log\n!keep.log\nbuild/\n/only_here\ndocs/*.txt\n");
  CHECK(rules.Ignores("a.log", false));
  CHECK(rules.Ignores("deep/a.log", false));
  CHECK_FALSE(rules.Ignores("keep.log", false));
  CHECK(rules.Ignores("x/build", true));
  CHECK_FALSE(rules.Ignores("x/build", false));
  CHECK(rules.Ignores("only_here", false));
  CHECK_FALSE(rules.Ignores("x/only_here", false));
  CHECK(rules.Ignores("docs/a.txt", false));
  CHECK_FALSE(rules.Ignores("docs/x/a.txt", false));
  const std::size_t outer = rules.size();
  rules.Add("deep", "!a.log\n");
  CHECK_FALSE(rules.Ignores("deep/a.log", false));
  CHECK(rules.Ignores("a.log", false));
  rules.Truncate(outer);
  CHECK(rules.Ignores("deep/a.log", false));
}
