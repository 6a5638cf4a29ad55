// Halves of surrogate pairs, and their stand-ins.

#include "report/surrogates.h"

#include "report/json_fields.h"
#include "report/xml_text.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

const std::string kHalf = "\xF4\x8D\xA0\x80";      // U+10D800
const std::string kLastHalf = "\xF4\x8D\xBF\xBF";  // U+10DFFF
const std::string kNoHalf = "\xF4\x8D\x9F\xBF";    // U+10D7FF

}  // namespace

TEST_CASE("stand-ins of halves are found among other characters") {
  CHECK(HasSurrogates("a" + kHalf));
  CHECK(HasSurrogates(kNoHalf + kLastHalf));
  CHECK_FALSE(HasSurrogates("a" + kNoHalf + "\U0010FFFF ä"));
  CHECK_FALSE(HasSurrogates("\xF4\x8D"));
  CHECK(SurrogateOf(0x10D800) == 0xD800);
  CHECK(SurrogateOf(0x10DFFF) == 0xDFFF);
  CHECK(SurrogateOf(0x10FFFF) == 0x10FFFF);
}

TEST_CASE("a terminal shows them as escapes") {
  CHECK(WithEscapedSurrogates("ä" + kHalf + kLastHalf + kNoHalf) == "ä\\ud800\\udfff" + kNoHalf);
}

TEST_CASE("an ASCII document has them as Python writes them") {
  const auto line = [](const std::string& text) { return WithSurrogateEscapes(DumpJson(Json(text))); };
  CHECK(line(kHalf + kLastHalf + "x") == "\"\\ud800\\udfffx\"");
  CHECK(line("\xF4\x8D\xB0\x80") == "\"\\udc00\"");
  CHECK(line("\U0001F600\U0010FFFF") == "\"\\ud83d\\ude00\\udbff\\udfff\"");
  CHECK(line("\\udbf6\\udc00" + kHalf) == "\"\\\\udbf6\\\\udc00\\ud800\"");
}

TEST_CASE("XML shows them as pytest does what XML cannot hold") { CHECK(VisibleXml(kHalf, true) == "#xD800"); }
