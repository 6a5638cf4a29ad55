#include "discovery/discovery_cache.h"

#include <filesystem>

#include "discovery/ast_parser.h"
#include "tests/discovery/tree.h"

using fastest::Discover;
using fastest::Discovery;
using fastest::DiscoveryCache;
using fastest::DiscoveryRequest;
using fastest::Ids;
using fastest::Tree;

namespace {

// The request's cache is beside the tree's files, where nothing else writes.
DiscoveryRequest Cached(const Tree& tree) {
  DiscoveryRequest request = tree.Request();
  request.use_cache = true;
  request.cache_file = tree.root() + "/.cache/discovery_cache.json";
  return request;
}

}  // namespace

TEST_CASE("an outline comes back from the cache as it went in") {
  const Tree tree{{"test_a.py", ""}};
  const fastest::Outline outline = fastest::ParseAst(
      "from .x import \xC3\xA4 as b\npytestmark = pytest.mark.slow\n@pytest.mark.parametrize('a', [1, 2])\ndef "
      "test_a(): pass\n"
      "class TestB(A):\n    @x\n    def test_c(self):\n        global y\n    __test__ = False\npytest_plugins = "
      "'a\\\"b'\nb.c = 1\n>>> syntax error\n");
  REQUIRE_FALSE(outline.effect.empty());
  const std::string path = tree.root() + "/test_a.py";
  const auto stamp = fastest::StampOf(path).value();
  REQUIRE(DiscoveryCache(tree.root() + "/c.json", {tree.root(), "ast"}).Merge({{path, stamp, &outline}}).ok());
  const DiscoveryCache again(tree.root() + "/c.json", {tree.root(), "ast"});
  CHECK(again.warning().empty());
  CHECK(again.Find(path, stamp) == outline);
  CHECK_FALSE(again.Find(path, {stamp.changed + 1, stamp.size}).has_value());
  CHECK_FALSE(again.Find(path, {stamp.changed, stamp.size + 1}).has_value());
}

TEST_CASE("a second discovery reads nothing, and a changed file alone is read again") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}, {"test_b.py", "def test_b(): pass"}};
  CHECK(Discover(Cached(tree))->read == 2);
  const Discovery second = Discover(Cached(tree)).value();
  CHECK(second.read == 0);
  CHECK(Ids(second) == "test_a.py::test_a\ntest_b.py::test_b\n");
  tree.Write("test_b.py", "def test_changed(): pass");
  const Discovery third = Discover(Cached(tree)).value();
  CHECK(third.read == 1);
  CHECK(Ids(third) == "test_a.py::test_a\ntest_b.py::test_changed\n");
}

TEST_CASE("a damaged cache is told of and rebuilt") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}};
  Discover(Cached(tree)).value();
  const std::string good = tree.Read(".cache/discovery_cache.json");
  const std::string bads[] = {"", "nonsense", good.substr(0, good.size() / 2),
                              "[{\"format\":\"fastest discovery cache\",\"version\":0}\n]\n",
                              good.substr(0, good.size() - 6) + "}x}\n]\n"};
  const int which = GENERATE(range(0, 5));
  tree.Write(".cache/discovery_cache.json", bads[which]);
  const Discovery found = Discover(Cached(tree)).value();
  CHECK(found.warnings.size() == 1);
  CHECK(Ids(found) == "test_a.py::test_a\n");
  CHECK(Discover(Cached(tree))->warnings.empty());
  CHECK(Discover(Cached(tree))->read == 0);
}

TEST_CASE("projects share the file and keep their own sections") {
  const Tree one{{"test_a.py", "def test_a(): pass"}}, two{{"test_b.py", "def test_b(): pass"}};
  DiscoveryRequest first = Cached(one), second = Cached(two);
  second.cache_file = first.cache_file;
  Discover(first).value();
  CHECK(Discover(second)->read == 1);
  CHECK(Discover(first)->read == 0);
  CHECK(Discover(second)->read == 0);
}

TEST_CASE("what another run cached meanwhile is kept") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}, {"test_b.py", "def test_b(): pass"}};
  const std::string file = tree.root() + "/c.json", a = tree.root() + "/test_a.py", b = tree.root() + "/test_b.py";
  const DiscoveryCache one(file, {tree.root(), "ast"}), two(file, {tree.root(), "ast"});
  const fastest::Outline outline;
  REQUIRE(one.Merge({{a, {1, 1}, &outline}}).ok());
  REQUIRE(two.Merge({{b, {2, 2}, &outline}}).ok());
  const DiscoveryCache both(file, {tree.root(), "ast"});
  CHECK(both.Find(a, {1, 1}).has_value());
  CHECK(both.Find(b, {2, 2}).has_value());
}

TEST_CASE("entries of files that are gone are dropped") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}, {"test_b.py", "def test_b(): pass"}};
  Discover(Cached(tree)).value();
  std::filesystem::remove(tree.root() + "/test_b.py");
  tree.Write("test_a.py", "def test_other(): pass");
  Discover(Cached(tree)).value();
  CHECK(tree.Read(".cache/discovery_cache.json").find("test_b.py") == std::string::npos);
}

TEST_CASE("a cache that cannot be written is a warning") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}, {"file", ""}};
  DiscoveryRequest request = Cached(tree);
  request.cache_file = tree.root() + "/file/discovery_cache.json";
  const Discovery found = Discover(request).value();
  CHECK(found.warnings.size() == 1);
  CHECK(Ids(found) == "test_a.py::test_a\n");
}
