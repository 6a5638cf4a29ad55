#include "agent/record_order.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

std::vector<std::uint32_t> TakeAll(RecordOrder& order) {
  std::vector<std::uint32_t> numbers;
  while (const auto record = order.Next()) numbers.push_back(record->number);
  return numbers;
}

}  // namespace

TEST_CASE("records come out in the order of their numbers") {
  RecordOrder order;
  for (const std::uint32_t number : {2, 0, 3}) REQUIRE(order.Add({number, 66, ""}));
  CHECK(TakeAll(order) == std::vector<std::uint32_t>{0});
  REQUIRE(order.Add({1, 66, ""}));
  CHECK(TakeAll(order) == std::vector<std::uint32_t>{1, 2, 3});
}

TEST_CASE("a record that came before is refused") {
  RecordOrder order;
  REQUIRE(order.Add({0, 66, ""}));
  CHECK_FALSE(order.Add({0, 66, ""}));
  TakeAll(order);
  CHECK_FALSE(order.Add({0, 66, ""}));
}

TEST_CASE("the rest of a dead worker's records comes out over gaps") {
  RecordOrder order;
  REQUIRE(order.Add({5, 66, ""}));
  REQUIRE(order.Add({2, 66, ""}));
  const auto rest = order.TakeRest();
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].number == 2);
  CHECK(rest[1].number == 5);
}
