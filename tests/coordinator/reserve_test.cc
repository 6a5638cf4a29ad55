#include "coordinator/reserve.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

using Ids = std::vector<ItemId>;

Reserve Three() {
  Reserve reserve;
  reserve.Add({ItemId{0}, ItemId{1}}, 2);
  reserve.Add({ItemId{2}}, 1);
  reserve.Add({ItemId{3}, ItemId{4}}, 3);
  return reserve;
}

}  // namespace

TEST_CASE("whole parts are taken, at least one, in their order") {
  Reserve reserve = Three();
  CHECK(reserve.TakeFront(0.1) == Ids{ItemId{0}, ItemId{1}});
  CHECK(reserve.seconds() == 4);
  CHECK(reserve.TakeFront(2) == Ids{ItemId{2}, ItemId{3}, ItemId{4}});
  CHECK(reserve.empty());
  CHECK(reserve.seconds() == 0);
}

TEST_CASE("of a number of items, too, whole parts are taken") {
  Reserve reserve = Three();
  CHECK(reserve.TakeFrontItems(2) == Ids{ItemId{0}, ItemId{1}});
  CHECK(reserve.TakeFrontItems(2) == Ids{ItemId{2}, ItemId{3}, ItemId{4}});
  CHECK(reserve.TakeFrontItems(2).empty());
}

TEST_CASE("from the back, too, parts are taken in their order") {
  Reserve reserve = Three();
  CHECK(reserve.TakeBack(3.5) == Ids{ItemId{2}, ItemId{3}, ItemId{4}});
  CHECK(reserve.seconds() == 2);
}

TEST_CASE("an empty reserve has nothing to give") {
  Reserve reserve;
  CHECK(reserve.TakeFront(1).empty());
  CHECK(reserve.TakeBack(1).empty());
}
