#include "report/text_width.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("wide, combining and invisible characters have their columns") {
  CHECK(TextWidth("abc") == 3);
  CHECK(TextWidth("漢字") == 4);
  CHECK(TextWidth("e\u0301") == 1);
  CHECK(TextWidth("a\u200Bb") == 2);
  CHECK(TextWidth("😀") == 2);
  CHECK(TextWidth("a\tb") == -1);
}

TEST_CASE("escape sequences take no room") {
  CHECK(VisibleWidth("\x1b[31m\x1b[1mred\x1b[0m") == 3);
  CHECK(WithoutEscapes("\x1b[31mred\x1b[0m and \x1b[1mbold") == "red and bold");
}

TEST_CASE("a byte that is no UTF-8 counts as one character") {
  CHECK(CodepointCount("a\xff\xe6z") == 4);
  CHECK(CodepointCount("\xe6\xbc") == 2);
}

TEST_CASE("a long text loses its middle") {
  CHECK(ElideMiddle("short", 10) == "short");
  CHECK(ElideMiddle("0123456789abcdef", 10) == "012...cdef");
  CHECK(VisibleWidth(ElideMiddle("漢字漢字漢字漢字", 10)) <= 10);
  CHECK(ElideMiddle("\x1b[31m0123456789abcdef\x1b[0m", 10) == "012...cdef");
}

TEST_CASE("a message is cut as pytest cuts it") {
  CHECK(TrimmedMessage(" - ", "first\nsecond", "", 20) == " - first");
  CHECK(TrimmedMessage(" - ", "0123456789", "", 12) == " - 012345...");
  CHECK(TrimmedMessage(" - ", "0123456789", "", 5).empty());
  CHECK(TrimmedMessage(" (", "漢字漢字", ")", 12) == " (漢字漢字)");
  CHECK(TrimmedMessage(" (", "漢字漢字", ")", 10) == " (漢字...)");
}

}  // namespace
}  // namespace fastest
