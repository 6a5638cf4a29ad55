#include "discovery/source_text.h"

#include "tests/catch.h"

using namespace fastest;
using Parts = std::vector<std::string_view>;

TEST_CASE("splitting passes over brackets, strings and comments") {
  CHECK(SplitTopLevel("a, (b, c), 'd,e', [f,  # g, h\n i],") == Parts{"a", "(b, c)", "'d,e'", "[f,  # g, h\n i]"});
  CHECK(SplitTopLevel("a,  # first\n b  # last") == Parts{"a", "b"});
  CHECK(SplitTopLevel("").empty());
}

TEST_CASE("a lone equals sign is found, comparisons are not") {
  CHECK(FindTopLevel("a == b", '=') == std::string_view::npos);
  CHECK(FindTopLevel("a = b == c", '=') == 2);
  CHECK(FindTopLevel("f(x=1)", '=') == std::string_view::npos);
  CHECK(FindTopLevel("a += 1", '=') == std::string_view::npos);
}

TEST_CASE("collapsing keeps a statement's shape") {
  CHECK(CollapseBrackets("x = {1: (2, 3),  # no )\n 4: ')'}", 1) == "x = {0}");
  CHECK(CollapseBrackets("f()[a]", 1) == "f()[0]");
  CHECK(CollapseBrackets("@p('a', [(1, 2), (3, ')')])", 3) == "@p('a', [(0), (0)])");
}

TEST_CASE("the length of a literal list is known only where nothing unpacks or computes it") {
  CHECK(LiteralLength("[1, (2, 3), [4]]") == 3U);
  CHECK(LiteralLength("(1,)") == 1U);
  CHECK(LiteralLength("[]") == 0U);
  CHECK_FALSE(LiteralLength("[*a, 1]"));
  CHECK_FALSE(LiteralLength("[x for x in y]"));
  CHECK_FALSE(LiteralLength("CASES"));
  CHECK_FALSE(LiteralLength("[1] + [2]"));
}

TEST_CASE("string literals give their value, others nothing") {
  CHECK(StringValue("'a\\'b'") == "a'b");
  CHECK(StringValue("r\"a\\b\"") == "a\\b");
  CHECK(StringValue("'''x'''") == "x");
  CHECK_FALSE(StringValue("f'x'"));
  CHECK_FALSE(StringValue("'a' + 'b'"));
}
