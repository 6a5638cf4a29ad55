#include "coordinator/skew.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Ready(const std::string& python, const std::string& pytest, const std::string& plugin) {
  return R"({"implementation": "cpython", "python": ")" + python + R"(", "pytest": ")" + pytest +
         R"(", "pluggy": "1.6", "plugins": [["cov", "pytest-cov", ")" + plugin + R"("]]})";
}

}  // namespace

TEST_CASE("equal agents differ in nothing") {
  CHECK_FALSE(ReadySkew(Ready("3.11", "9.2", "6"), Ready("3.11", "9.2", "6"), {}));
  CHECK_FALSE(PlatformSkew("Linux-x86_64", "Linux-x86_64", {}));
}

TEST_CASE("what differs is listed with the option that allows it") {
  CHECK(*ReadySkew(Ready("3.11", "9.2", "6"), Ready("3.12", "9.1", "7"), {}) ==
        "python 3.12 there, 3.11 here; pytest 9.1 there, 9.2 here; pytest-cov 7 there, 6 here "
        "(hint: --allow-skew plugins,pytest,python on the coordinator)");
  CHECK(*ReadySkew(Ready("3.11", "9.2", "6"), R"({"implementation": "cpython", "python": "3.11", "pytest": "9.2",
        "pluggy": "1.6", "plugins": []})",
                   {}) == "pytest-cov is not there, 6 here (hint: --allow-skew plugins on the coordinator)");
}

TEST_CASE("what is allowed does not count") {
  CHECK_FALSE(ReadySkew(Ready("3.11", "9.2", "6"), Ready("3.12", "9.2", "6"), {"python"}));
  CHECK_FALSE(PlatformSkew("Linux-x86_64", "Linux-aarch64", {"platform"}));
  CHECK(ReadySkew(Ready("3.11", "9.2", "6"), Ready("3.12", "9.1", "6"), {"python"}));
}

TEST_CASE("an answer that is no JSON object is refused, not read") {
  CHECK(ReadySkew(Ready("3.11", "9.2", "6"), "[]", {}));
  CHECK(ReadySkew(Ready("3.11", "9.2", "6"), R"({"python": 3, "plugins": [1, ["a"]]})", {}));
}
