#include "scheduler/grouping.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

using Groups = std::vector<std::vector<std::uint32_t>>;

std::vector<GroupItem> Items(std::vector<std::string_view> ids) {
  std::vector<GroupItem> items;
  for (const auto id : ids) items.push_back({id, "", 1.0});
  return items;
}

}  // namespace

TEST_CASE("a file stays together even where its items are scattered") {
  CHECK(GroupItems(Items({"a.py::t1", "b.py::t1", "a.py::t2"}), GroupRule::kFile, 10) == Groups{{0, 2}, {1}});
}

TEST_CASE("a file that is too large is cut between functions") {
  CHECK(GroupItems(Items({"a.py::t1", "a.py::t2", "a.py::t3", "a.py::t4"}), GroupRule::kFile, 2) ==
        Groups{{0, 1}, {2, 3}});
}

TEST_CASE("a class that nothing is known of is not cut") {
  const auto items = Items({"a.py::T::t1", "a.py::T::t2", "a.py::T::U::t3", "a.py::f"});
  CHECK(GroupItems(items, GroupRule::kFile, 1) == Groups{{0, 1, 2}, {3}});
}

TEST_CASE("a class is cut inside a divisible method") {
  auto items =
      Items({"a.py::T::t1", "a.py::T::t2[1]", "a.py::T::t2[2]", "a.py::T::t2[3]", "a.py::T::t3[1]", "a.py::T::t3[2]"});
  for (auto& item : items) item.divisible = item.node_id.find("t2") != std::string_view::npos;
  CHECK(GroupItems(items, GroupRule::kFile, 1) == Groups{{0, 1}, {2}, {3, 4, 5}});
}

TEST_CASE("a divisible class is cut anywhere") {
  auto items = Items({"a.py::T::t1", "a.py::T::t2[1]", "a.py::T::t2[2]", "a.py::T::t3"});
  for (auto& item : items) item.class_divisible = true;
  CHECK(GroupItems(items, GroupRule::kFile, 2) == Groups{{0, 1}, {2, 3}});
}

TEST_CASE("parameters stay together unless their function alone is too large") {
  const auto items = Items({"a.py::f[1]", "a.py::f[2]", "a.py::g[1]", "a.py::g[2]", "a.py::g[3]"});
  CHECK(GroupItems(items, GroupRule::kFile, 2) == Groups{{0, 1}, {2, 3}, {4}});
}

TEST_CASE("parameters may look like node ids") {
  CHECK(GroupItems(Items({"a.py::f[x::y]", "a.py::f[x::z]"}), GroupRule::kScope, 1) == Groups{{0, 1}});
}

TEST_CASE("loadfile and loadscope never cut") {
  const auto items = Items({"a.py::t1", "a.py::T::t2", "a.py::t3"});
  CHECK(GroupItems(items, GroupRule::kFileWhole, 1) == Groups{{0, 1, 2}});
  CHECK(GroupItems(items, GroupRule::kScope, 1) == Groups{{0, 2}, {1}});
}

TEST_CASE("items of one xdist_group stay together across files") {
  auto items = Items({"a.py::t1", "b.py::t1", "b.py::t2"});
  items[0].mark = items[2].mark = "db";
  CHECK(GroupItems(items, GroupRule::kMark, 1) == Groups{{0, 2}, {1}});
}

TEST_CASE("the longest part of a group is a class, or an item of functions") {
  const auto items = Items({"a.py::t1", "a.py::T::t2", "a.py::T::t3", "a.py::t4[1]", "a.py::t4[2]", "a.py::t4[3]"});
  const std::vector<std::uint32_t> all{0, 1, 2, 3, 4, 5};
  CHECK(LongestPart(items, all, GroupRule::kFile) == 2);
  CHECK(LongestPart(items, {0, 3, 4, 5}, GroupRule::kFile) == 1);
  CHECK(LongestPart(items, all, GroupRule::kFileWhole) == 6);
}

TEST_CASE("a long part that would end late comes first, the longest before all") {
  auto items = Items({"a.py::f", "a.py::T::t1", "a.py::T::t2", "b.py::g", "b.py::h", "b.py::i"});
  items[4].seconds = 6;
  items[2].seconds = 4;
  CHECK(PartsInOrder(items, GroupRule::kFile, 9) == Groups{{4}, {0}, {1, 2}, {3}, {5}});
  CHECK(PartsInOrder(items, GroupRule::kFile, 5.5) == Groups{{4}, {1, 2}, {3}, {5}, {0}});
  CHECK(PartsInOrder(items, GroupRule::kFile, 14) == Groups{{0}, {1, 2}, {3}, {4}, {5}});
}

TEST_CASE("nothing is late while nothing is known") {
  auto items = Items({"a.py::f", "a.py::g"});
  for (auto& item : items) item.seconds = 0;
  CHECK(PartsInOrder(items, GroupRule::kFile, 0) == Groups{{0}, {1}});
}
