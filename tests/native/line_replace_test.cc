#include "native/line_replace.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace fastest::native {
namespace {

using Lines = std::vector<std::u32string>;

// The delta as difflib prints it, without line ends.
Lines Told(const Lines& a, const Lines& b, Form form, bool may_go_on = true) {
  Text text;
  for (const Lines& side : {a, b})
    for (const std::u32string& line : side) text.Add(line);
  Spaces spaces;
  for (const char32_t character : text.characters()) spaces.push_back(character == U' ' || character == U'\t');
  Pacer pacer([&] { return may_go_on; });
  bool out_of_room = false;
  Lines told;
  for (const DeltaLine& line : Replace(text, static_cast<uint32_t>(a.size()), spaces, form, &pacer, &out_of_room)) {
    const std::u32string head = {static_cast<char32_t>(line.tag), U' '};
    told.push_back(head + (line.tag == '?' ? line.marks : line.tag == '+' ? b[line.line - a.size()] : a[line.line]));
  }
  CHECK_FALSE(out_of_room);
  return told;
}

TEST_CASE("Lines that are alike become a pair with marks, in both forms") {
  for (const Form form : {Form::kRecursive, Form::kWindowed})
    CHECK(Told({U"abcDefghiJkl"}, {U"abcdefGhijkl"}, form) ==
          Lines{U"- abcDefghiJkl", U"?    ^  ^  ^", U"+ abcdefGhijkl", U"?    ^  ^  ^"});
}

TEST_CASE("Marks keep the line's tabs and end at the last of them") {
  CHECK(Told({U"\tabcDefghiJkl\t"}, {U"\tabcdefGhijkl\t"}, Form::kRecursive) ==
        Lines{U"- \tabcDefghiJkl\t", U"? \t   ^  ^  ^", U"+ \tabcdefGhijkl\t", U"? \t   ^  ^  ^"});
  CHECK(Told({U"abcdefgh"}, {U"abcdefghi"}, Form::kRecursive) == Lines{U"- abcdefgh", U"+ abcdefghi", U"?         +"});
}

TEST_CASE("Lines that are not alike are told plainly, the shorter side first") {
  for (const Form form : {Form::kRecursive, Form::kWindowed}) {
    CHECK(Told({U"a"}, {U"x", U"y"}, form) == Lines{U"- a", U"+ x", U"+ y"});
    CHECK(Told({U"a", U"b"}, {U"x"}, form) == Lines{U"+ x", U"- a", U"- b"});
    CHECK(Told({U"a"}, {U"x"}, form) == Lines{U"- a", U"+ x"});
  }
}

TEST_CASE("The best pair of all splits the block; equal lines elsewhere stay") {
  CHECK(Told({U"1", U"abcdefgh", U"same", U"2"}, {U"abcdefgX", U"3", U"same"}, Form::kRecursive) ==
        Lines{U"- 1", U"- abcdefgh", U"?        ^", U"+ abcdefgX", U"?        ^", U"+ 3", U"  same", U"- 2"});
}

TEST_CASE("Of pairs that are equally good the first in b is taken, and of those the first in a") {
  CHECK(Told({U"abcd1", U"abcd2"}, {U"abcd3"}, Form::kRecursive) ==
        Lines{U"- abcd1", U"?     ^", U"+ abcd3", U"?     ^", U"- abcd2"});
  CHECK(Told({U"abcd1"}, {U"abcd3", U"abcd4"}, Form::kRecursive) ==
        Lines{U"- abcd1", U"?     ^", U"+ abcd3", U"?     ^", U"+ abcd4"});
}

TEST_CASE("The windowed form sees lines at most ten away") {
  Lines a(12, U"x"), b = {U"abcdefgh"};
  a[10] = U"abcdefgi";
  CHECK(Told(a, b, Form::kWindowed).size() == 12 + 3);
  a[10] = U"x";
  a[11] = U"abcdefgi";
  CHECK(Told(a, b, Form::kWindowed).size() == 12 + 1);
  CHECK(Told(a, b, Form::kRecursive).size() == 12 + 3);
}

TEST_CASE("A long chain of equally good pairs needs no deep stack") {
  Lines a, b;
  for (uint32_t i = 0; i < 1500; ++i) {
    a.push_back(std::u32string(U"abcdefgh") + static_cast<char32_t>(0x4E00 + i));
    b.push_back(std::u32string(U"abcdefgh") + static_cast<char32_t>(0x6E00 + i));
  }
  CHECK(Told(a, b, Form::kRecursive).size() == 4 * a.size());
}

TEST_CASE("A pacer that says stop ends the work") {
  const Lines a(3000, U"abcdefgh"), b(3000, U"abcdefgi");
  CHECK(Told(a, b, Form::kRecursive, /*may_go_on=*/false).size() < 4 * a.size());
}

}  // namespace
}  // namespace fastest::native
