#include "discovery/fnmatch.h"

#include "tests/discovery/tree.h"

using fastest::ExpandGlob;
using fastest::FnMatch;
using fastest::NameMatches;
using fastest::PathMatches;
using fastest::Tree;
using Words = std::vector<std::string>;

TEST_CASE("patterns match as Python's fnmatch") {
  struct Case {
    const char* name;
    const char* pattern;
    bool matches;
  };
  const auto c = GENERATE(values<Case>({{"test_a.py", "test_*.py", true},
                                        {"test_a.pyc", "test_*.py", false},
                                        {"a/b.py", "*.py", true},
                                        {"abc", "a?c", true},
                                        {"ac", "a?c", false},
                                        {"b1", "[a-c][0-9]", true},
                                        {"b1", "[!a-c]1", false},
                                        {"]", "[]]", true},
                                        {"[x", "[x", true},
                                        {"", "*", true},
                                        {"aXbXc", "a*X*c", true},
                                        {"a-c", "a[-]c", true}}));
  CHECK(FnMatch(c.name, c.pattern) == c.matches);
}

TEST_CASE("a pattern with a slash is for the whole path, one without for its last part") {
  CHECK(PathMatches("/r/tests/test_a.py", "test_*.py"));
  CHECK(PathMatches("/r/tests/test_a.py", "tests/*.py"));
  CHECK_FALSE(PathMatches("/r/tests/test_a.py", "other/*.py"));
  CHECK(PathMatches("/r/tests/test_a.py", "/r/*"));
  CHECK_FALSE(PathMatches("/r/tests/test_a.py", "tests"));
}

TEST_CASE("a name matches by prefix or by pattern") {
  CHECK(NameMatches("test_a", {"test"}));
  CHECK(NameMatches("a_ok", {"check", "*_ok"}));
  CHECK_FALSE(NameMatches("a_test", {"test"}));
}

TEST_CASE("globs expand sorted, ** through directories, hidden ones left out") {
  const Tree tree{{"b/tests/x", ""}, {"a/tests/x", ""}, {".c/tests/x", ""}, {"a/q/tests/x", ""}};
  CHECK(ExpandGlob(tree.root(), "*/tests") == Words{"a/tests", "b/tests"});
  CHECK(ExpandGlob(tree.root(), "**/tests") == Words{"a/q/tests", "a/tests", "b/tests"});
  CHECK(ExpandGlob(tree.root(), "./a") == Words{"./a"});
  CHECK(ExpandGlob(tree.root(), "gone").empty());
  CHECK(ExpandGlob(tree.root(), tree.root() + "/?/tests") == Words{tree.root() + "/a/tests", tree.root() + "/b/tests"});
}
