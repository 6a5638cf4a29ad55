#include "native/sequence_matcher.h"

#include <string>
#include <string_view>

#include "tests/catch.h"

namespace fastest::native {
namespace {

Pacer Patient() {
  return Pacer([] { return true; });
}

std::vector<Symbol> SymbolsOf(std::string_view text) { return {text.begin(), text.end()}; }

// As "=0,1:0,1 -1,2:1,1": what became of a, in ranges of a and b.
std::string Codes(std::string_view a, std::string_view b, std::string_view junk = "", bool autojunk = true) {
  Pacer pacer = Patient();
  std::vector<uint8_t> is_junk(128);
  for (const char character : junk) is_junk[static_cast<size_t>(character)] = 1;
  SequenceMatcher matcher(128, is_junk, autojunk, &pacer);
  const std::vector<Symbol> first = SymbolsOf(a), second = SymbolsOf(b);
  matcher.SetB(second);
  matcher.SetA(first);
  std::string told;
  for (const Opcode& code : matcher.Opcodes()) {
    told += told.empty() ? "" : " ";
    told += code.edit == Edit::kEqual ? '=' : static_cast<char>(code.edit);
    told += std::to_string(code.a_begin) + "," + std::to_string(code.a_end) + ":" + std::to_string(code.b_begin) + "," +
            std::to_string(code.b_end);
  }
  return told;
}

TEST_CASE("Opcodes are those of difflib's documentation") {
  CHECK(Codes("qabxcd", "abycdf") == "-0,1:0,0 =1,3:0,2 ^3,4:2,3 =4,6:3,5 +6,6:5,6");
}

TEST_CASE("Nothing against nothing has no opcodes") {
  CHECK(Codes("", "") == "");
  CHECK(Codes("", "ab") == "+0,0:0,2");
  CHECK(Codes("ab", "") == "-0,2:0,0");
}

TEST_CASE("Of several longest blocks the first in a is taken, and of those the first in b") {
  CHECK(Codes("ab", "acab") == "+0,0:0,2 =0,2:2,4");
  CHECK(Codes("abxab", "ab") == "=0,2:0,2 -2,5:2,2");
  CHECK(Codes("ab", "abxab") == "=0,2:0,2 +2,2:2,5");
}

TEST_CASE("Junk starts no match but extends one") {
  CHECK(Codes(" abcd", "abcd abcd") == "+0,0:0,4 =0,5:4,9");
  CHECK(Codes(" abcd", "abcd abcd", " ") == "-0,1:0,0 =1,5:0,4 +5,5:4,9");
  CHECK(Codes("  ", "  ", " ") == "=0,2:0,2");
}

TEST_CASE("From 200 elements on, popular ones start no match") {
  const std::string b = std::string(150, 'x') + std::string(60, 'y');
  CHECK(Codes("qx", b) == "^0,2:0,210");
  CHECK(Codes("qx", b, "", /*autojunk=*/false) == "-0,1:0,0 =1,2:0,1 +2,2:1,210");
  CHECK(Codes("qx", b.substr(0, 199)) == "-0,1:0,0 =1,2:0,1 +2,2:1,199");
}

TEST_CASE("A matcher may be given one pair of sequences after the other") {
  Pacer pacer = Patient();
  SequenceMatcher matcher(128, {}, true, &pacer);
  const std::vector<Symbol> first = SymbolsOf("abcabba"), second = SymbolsOf("cbabac"), third = SymbolsOf("zzz");
  for (int round = 0; round < 3; ++round) {
    matcher.SetB(second);
    matcher.SetA(first);
    CHECK(matcher.CountMatches() == 3);
    CHECK(matcher.MatchingBlocks() == std::vector<Match>{{0, 2, 2}, {2, 5, 1}, {7, 6, 0}});
    matcher.SetA(third);
    CHECK(matcher.CountMatches() == 0);
    matcher.SetB(third);
    CHECK(matcher.CountMatches() == 3);
  }
}

TEST_CASE("Work ends soon after the pacer was told to stop") {
  int asked = 0;
  Pacer pacer([&] { return ++asked < 2; });
  SequenceMatcher matcher(4, {}, /*autojunk=*/false, &pacer);
  std::vector<Symbol> a, b;
  for (uint32_t i = 0; i < 4000; ++i) {
    a.push_back(i * 7 % 5 % 4);
    b.push_back(i * 3 % 11 % 4);
  }
  matcher.SetB(b);
  matcher.SetA(a);
  matcher.CountMatches();
  CHECK(pacer.is_stopped());
  CHECK(asked == 2);
}

}  // namespace
}  // namespace fastest::native
