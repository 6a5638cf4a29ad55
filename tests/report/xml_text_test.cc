#include "report/xml_text.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("elements are written as ElementTree writes them") {
  const XmlElement element{"a", {{"b", "<\"&\">\n\t"}}, "x<y>\"\r", {{"c", {}, "", {}}, {"d", {}, "t", {}}}};
  CHECK(XmlText(element) == "<a b=\"&lt;&quot;&amp;&quot;&gt;&#10;&#09;\">x&lt;y&gt;\"\r<c /><d>t</d></a>");
}

TEST_CASE("characters that XML cannot hold are shown as pytest shows them") {
  CHECK(VisibleXml("a\x07"
                   "b\x7f\n\xEF\xBF\xBE",
                   true) == "a#x07b#x7F\n#xFFFE");
  CHECK(VisibleXml("😀", true) == "😀");
  CHECK(VisibleXml("😀", false) == "#x1F600");
}

}  // namespace
}  // namespace fastest
