#include "coordinator/ledger.h"

#include "tests/catch.h"

using namespace fastest;

namespace {
constexpr UnitId kUnit{1}, kOther{2};
constexpr LeaseId kLease{5}, kLater{6};
}  // namespace

TEST_CASE("equal node ids of a unit are items of their own, the same in every process") {
  Ledger ledger;
  std::vector<ItemId> fresh;
  const auto first = ledger.Enter(kUnit, {"a", "b", "a"}, &fresh);
  CHECK(fresh.size() == 3);
  fresh.clear();
  const auto again = ledger.Enter(kUnit, {"a", "a", "b"}, &fresh);
  CHECK(fresh.empty());
  CHECK(again == std::vector<ItemId>{first[0], first[2], first[1]});
  CHECK(ledger.Find(kUnit, {"a", 1}) == first[2]);
}

TEST_CASE("an id in another unit is another item") {
  Ledger ledger;
  std::vector<ItemId> fresh;
  ledger.Enter(kUnit, {"a"}, &fresh);
  ledger.Enter(kOther, {"a"}, &fresh);
  CHECK(ledger.size() == 2);
}

TEST_CASE("only the lease that holds an item may report it") {
  Ledger ledger;
  std::vector<ItemId> fresh;
  const ItemId item = ledger.Enter(kUnit, {"a"}, &fresh)[0];
  ledger.Lease(item, kLease);
  CHECK(ledger.Accepts(item, kLease));
  CHECK_FALSE(ledger.Accepts(item, kLater));
  ledger.Return(item);
  CHECK_FALSE(ledger.Accepts(item, kLease));
  ledger.Lease(item, kLater);
  CHECK_FALSE(ledger.Accepts(item, kLease));
}

TEST_CASE("a finished item takes no further news and counts once") {
  Ledger ledger;
  std::vector<ItemId> fresh;
  const ItemId item = ledger.Enter(kUnit, {"a"}, &fresh)[0];
  ledger.Lease(item, kLease);
  ledger.Finish(item);
  CHECK_FALSE(ledger.Accepts(item, kLease));
  CHECK(ledger.finished() == 1);
  CHECK(ledger.Unfinished().empty());
}
