#include "native/similarity.h"

#include <random>
#include <string>

#include "tests/catch.h"

namespace fastest::native {
namespace {

Pacer Patient() {
  return Pacer([] { return true; });
}

std::u32string RandomLine(std::mt19937& random, size_t longest, uint32_t alphabet) {
  std::u32string line;
  for (size_t size = random() % (longest + 1); line.size() < size;) line.push_back(U' ' + random() % alphabet);
  return line;
}

TEST_CASE("Equal lines have equal ids, and only those") {
  Text text;
  text.Add(U"a");
  text.Add(U"\u3000b");
  text.Add(U"a");
  text.Add(U"");
  CHECK(text.id(0) == text.id(2));
  CHECK(text.id(0) != text.id(1));
  CHECK(text.id(1) != text.id(3));
  CHECK(text.characters() == U"a\u3000b");
  CHECK(text.line(1).size() == 2);
  CHECK(text.line(3).empty());
}

TEST_CASE("A bound is never below the ratio, for short lines and for long ones") {
  std::mt19937 random(1);
  for (const size_t longest : {3, 20, 70, 300, 700}) {
    for (const uint32_t alphabet : {3, 20, 200}) {
      Text text;
      for (int line = 0; line < 12; ++line) text.Add(RandomLine(random, longest, alphabet));
      Pacer pacer = Patient();
      Similarity similarity(text, &pacer);
      for (uint32_t b = 0; b < text.size(); ++b) {
        similarity.SetB(b);
        for (uint32_t a = 0; a < text.size(); ++a) {
          const double bound = similarity.Bound(a, 0), ratio = similarity.ExactRatio(a);
          CHECK(bound >= ratio);
          CHECK((similarity.Bound(a, 0.75) >= 0.75 || ratio < 0.75));
        }
      }
    }
  }
}

TEST_CASE("The subsequence bound is exact for lines with one change") {
  Text text;
  const std::u32string line = U"0.13436424411240122, and more than sixty-four characters, so that there are two words";
  text.Add(line);
  text.Add(line.substr(0, 40) + U"~" + line.substr(41));
  Pacer pacer = Patient();
  Similarity similarity(text, &pacer);
  similarity.SetB(1);
  CHECK(similarity.Bound(0, 0) == similarity.ExactRatio(0));
  CHECK(similarity.ExactRatio(0) == Ratio(line.size() - 1, 2 * line.size()));
}

}  // namespace
}  // namespace fastest::native
