#include "scheduler/shard_cut.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/catch.h"

using namespace fastest;

namespace {

// A project of random shape: some files unknown to history, some long enough to be split.
std::vector<ShardFile> RandomFiles(std::mt19937& random) {
  std::vector<ShardFile> files(random() % 40);
  for (std::size_t i = 0; i < files.size(); ++i) {
    ShardFile& file = files[i];
    file.path = fmt::format("tests/test_{}.py", i);
    file.seconds = random() % 4 == 0 ? -1 : std::exponential_distribution(1.0)(random) * (random() % 9 == 0 ? 50 : 1);
    file.may_split = random() % 2 == 0;
    for (std::uint32_t k = 0; k < random() % 6 && file.seconds > 0; ++k)
      file.groups.emplace_back(fmt::format("test_{}", k), file.seconds / 8);
  }
  return files;
}

// Node ids that the project might have, foreseen or not.
std::vector<std::string> NodeIds(const std::vector<ShardFile>& files) {
  std::vector<std::string> ids = {"tests/unforeseen.py::test_a", "tests/unforeseen.py::test_b", "a.yaml", ""};
  for (const ShardFile& file : files)
    for (const char* name : {"test_0", "test_0[a::b]", "test_5", "TestB::test_x", "TestB::test_y[1]", "test_new"})
      ids.push_back(file.path + "::" + name);
  return ids;
}

}  // namespace

TEST_CASE("the cut does not depend on the order in which files and groups are learned") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    auto files = RandomFiles(random);
    const std::uint32_t total = 1 + random() % 9;
    const ShardCut cut(files, total);
    std::shuffle(files.begin(), files.end(), random);
    for (ShardFile& file : files) std::shuffle(file.groups.begin(), file.groups.end(), random);
    const ShardCut other(files, total);
    REQUIRE(other.digest() == cut.digest());
    REQUIRE(other.files() == cut.files());
    REQUIRE(other.split() == cut.split());
  }
}

TEST_CASE("every test is in exactly one shard, whatever the history says") {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const auto files = RandomFiles(random);
    const std::uint32_t total = 1 + random() % 9;
    const ShardCut cut(files, total);
    for (const std::string& id : NodeIds(files)) {
      const std::string path = id.substr(0, id.find("::"));
      int takers = 0;
      for (std::uint32_t shard = 0; shard < total; ++shard)
        takers += cut.Takes(shard, path) && cut.OfTest(id) == shard ? 1 : 0;
      INFO(id);
      REQUIRE(takers == 1);
    }
  }
}

TEST_CASE("a file that is not split is one shard's, with all its tests") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    const auto files = RandomFiles(random);
    const ShardCut cut(files, 4);
    for (const std::string& id : NodeIds(files)) {
      const std::string path = id.substr(0, id.find("::"));
      if (!cut.IsSplit(path)) REQUIRE(cut.OfTest(id) == cut.OfFile(path));
    }
  }
}

TEST_CASE("a class and the parameters of a function stay together") {
  const ShardCut cut({{"a.py", 10, true, {{"test_x", 5}, {"TestB", 5}}}}, 2);
  REQUIRE(cut.IsSplit("a.py"));
  CHECK(cut.OfTest("a.py::test_x[1]") == cut.OfTest("a.py::test_x[2::3]"));
  CHECK(cut.OfTest("a.py::TestB::test_1") == cut.OfTest("a.py::TestB::test_2[x]"));
  CHECK(cut.OfTest("a.py::test_x[1]") != cut.OfTest("a.py::TestB::test_1"));
}

TEST_CASE("shards are within a third of even where no file outweighs one") {
  std::mt19937 random(4);
  for (int round = 0; round < 100; ++round) {
    std::vector<ShardFile> files;
    double longest = 0, sum = 0;
    for (int i = 0; i < 60; ++i) {
      files.push_back({fmt::format("test_{}.py", i), std::lognormal_distribution(0.0, 1.0)(random), false, {}});
      longest = std::max(longest, files.back().seconds);
      sum += files.back().seconds;
    }
    const ShardCut cut(files, 8);
    // Graham's bound for the longest first.
    CHECK(*std::max_element(cut.loads().begin(), cut.loads().end()) <= std::max(longest, sum / 8) * 4 / 3);
  }
}

TEST_CASE("without any history files are dealt out evenly") {
  std::vector<ShardFile> files;
  for (int i = 0; i < 12; ++i) files.push_back({fmt::format("test_{}.py", i), -1, false, {}});
  const ShardCut cut(files, 3);
  std::vector<int> counts(3);
  for (const auto& [path, shard] : cut.files()) ++counts[shard];
  CHECK(counts == std::vector<int>{4, 4, 4});
}

TEST_CASE("one long file is split where it may be") {
  const std::vector<std::pair<std::string, double>> groups = {{"test_a", 5}, {"test_b", 4}};
  const ShardCut cut({{"big.py", 9, true, groups}, {"x.py", 2, true, {}}, {"y.py", 1, true, {}}}, 2);
  CHECK(cut.split().size() == 1);
  CHECK(cut.loads() == std::vector<double>{6, 6});
  CHECK(ShardCut({{"big.py", 9, false, groups}, {"x.py", 2, true, {}}}, 2).split().empty());
}

TEST_CASE("the digest differs with files, seconds, number of shards and salt") {
  const std::vector<ShardFile> files = {{"a.py", 1, false, {}}, {"b.py", 2, false, {}}};
  const std::string digest = ShardCut(files, 2).digest();
  CHECK(digest.size() == 16);
  CHECK(ShardCut(files, 3).digest() != digest);
  CHECK(ShardCut(files, 2, "-k x").digest() != digest);
  CHECK(ShardCut({{"a.py", 1.1, false, {}}, {"b.py", 2, false, {}}}, 2).digest() != digest);
  CHECK(ShardCut({{"a.py", 1, false, {}}}, 2).digest() != digest);
}

TEST_CASE("odd durations of a damaged history do no harm") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const ShardCut cut({{"a.py", nan, true, {}}, {"b.py", infinite, true, {{"test_a", infinite}}}, {"c.py", 0, true, {}}},
                     2);
  for (const char* id : {"a.py::t", "b.py::test_a", "b.py::t", "c.py::t"}) CHECK(cut.OfTest(id) < 2);
}

TEST_CASE("the hash is the workers' (worker/fastest/shard.py)") {
  CHECK(ShardHash("") == 0x4fd0bfc1U);
  CHECK(ShardHash("tests/test_\u00e4.py::test_x") == 0x5f164f88U);
}
