#include "report/json_fields.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("what only Python calls JSON is read") {
  CHECK(DumpJson(ParseJson(R"({"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity"})")) ==
        R"({"a":null,"b":[null,null],"c":"NaN \" Infinity"})");
  CHECK(DumpJson(ParseJson(R"(["\udc80 \ud83d\ude00 \ud83d \\ud83d"])")) ==
        R"(["\ufffd \ud83d\ude00 \ufffd \\ud83d"])");
}

TEST_CASE("what is no JSON is null, and so are its fields") {
  const Json json = ParseJson("{oops");
  CHECK(json.is_null());
  CHECK(TextOf(Element(Field(json, "a"), 3), "none") == "none");
}

}  // namespace
}  // namespace fastest
