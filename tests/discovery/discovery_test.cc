#include "discovery/discovery.h"

#include <filesystem>

#include "tests/discovery/tree.h"

using fastest::Discover;
using fastest::Discovery;
using fastest::Ids;
using fastest::ParserKind;
using fastest::Tree;

namespace {

Discovery Find(const Tree& tree, std::vector<std::string> args = {}) {
  const auto parser = GENERATE(ParserKind::kAst, ParserKind::kRegex);
  return Discover(tree.Request(std::move(args), parser)).value();
}

}  // namespace

TEST_CASE("entries of a directory are walked by name, files and directories mixed, a package's __init__ first") {
  const Tree tree{{"b/test_x.py", "def test_1(): pass"}, {"a_test.py", "def test_2(): pass"},
                  {"test_c.py", "def test_3(): pass"},   {"b/__init__.py", ""},
                  {"b/A_test.py", "def test_4(): pass"}, {"other.py", "def test_no(): pass"}};
  CHECK(Ids(Find(tree)) == "a_test.py::test_2\nb/A_test.py::test_4\nb/test_x.py::test_1\ntest_c.py::test_3\n");
}

TEST_CASE("before pytest 8 a directory's files come before its directories") {
  const Tree tree{{"b/test_x.py", "def test_1(): pass"}, {"test_c.py", "def test_3(): pass"}};
  auto request = tree.Request();
  request.pytest_version = 704;
  CHECK(Ids(Discover(request).value()) == "test_c.py::test_3\nb/test_x.py::test_1\n");
}

TEST_CASE("python_files, python_classes and python_functions choose names") {
  const Tree tree{
      {"pytest.ini", "[pytest]\npython_files = check_*.py\npython_classes = *Suite\npython_functions = check *_ok\n"},
      {"check_a.py",
       "class MySuite:\n    def check_a(self): pass\n    def is_ok(self): pass\n    def test_no(self): pass\n"},
      {"test_a.py", "def check_no(): pass"}};
  CHECK(Ids(Find(tree)) == "check_a.py::MySuite::check_a\ncheck_a.py::MySuite::is_ok\n");
}

TEST_CASE("norecursedirs, virtual environments and __pycache__ are left out") {
  const Tree tree{{"build/test_a.py", "def test_a(): pass"},
                  {".hidden/test_a.py", "def test_a(): pass"},
                  {"env/pyvenv.cfg", ""},
                  {"env/test_a.py", "def test_a(): pass"},
                  {"__pycache__/test_a.py", "def test_a(): pass"},
                  {"x/test_a.py", "def test_a(): pass"}};
  CHECK(Ids(Find(tree)) == "x/test_a.py::test_a\n");
}

TEST_CASE("an explicit argument passes every filter") {
  const Tree tree{{"build/other.py", "def test_a(): pass"}, {"build/test_b.py", "def test_b(): pass"}};
  CHECK(Ids(Find(tree, {"build"})) == "build/test_b.py::test_b\n");
  CHECK(Ids(Find(tree, {"build/other.py"})) == "build/other.py::test_a\n");
}

TEST_CASE("--ignore, --ignore-glob and conftest's collect_ignore take files out") {
  const Tree tree{{"conftest.py", "collect_ignore = ['sub/test_b.py']\ncollect_ignore_glob = ['*_old.py']\n"},
                  {"sub/test_b.py", "def test_b(): pass"},
                  {"sub/test_c_old.py", "def test_c(): pass"},
                  {"sub/test_d.py", "def test_d(): pass"},
                  {"sub/test_e.py", "def test_e(): pass"},
                  {"test_f.py", "def test_f(): pass"}};
  auto request = tree.Request();
  request.ignore = {"sub/test_d.py"};
  request.ignore_glob = {"*/test_e*"};
  CHECK(Ids(Discover(request).value()) == "test_f.py::test_f\n");
  request.noconftest = true;
  CHECK(Ids(Discover(request).value()) == "sub/test_b.py::test_b\nsub/test_c_old.py::test_c\ntest_f.py::test_f\n");
}

TEST_CASE("node ids and --deselect leave part of a file") {
  const Tree tree{
      {"test_a.py", "class TestA:\n    def test_1(self): pass\n    def test_2(self): pass\ndef test_3(): pass\n"}};
  auto request = tree.Request({"test_a.py::TestA"});
  request.deselect = {"test_a.py::TestA::test_2"};
  const Discovery found = Discover(request).value();
  CHECK(Ids(found) == "test_a.py::TestA::test_1\n");
  CHECK(found.files[0].partial);
  CHECK(Ids(Find(tree, {"test_a.py::test_3[x::y]"})) == "test_a.py::test_3\n");
}

TEST_CASE("an argument that names nothing is missing") {
  const Tree tree{{"test_a.py", "def test_a(): pass"}};
  CHECK(Find(tree, {"nothing.py", "test_a.py"}).missing == std::vector<std::string>{"nothing.py"});
}

TEST_CASE("overlapping arguments collect a test once") {
  const Tree tree{{"sub/test_a.py", "def test_a(): pass"}, {"sub.x/test_b.py", "def test_b(): pass"}};
  CHECK(Ids(Find(tree, {"sub/test_a.py", "sub.x", "sub"})) == "sub.x/test_b.py::test_b\nsub/test_a.py::test_a\n");
}

TEST_CASE("methods of base classes come first, also from other modules") {
  const Tree tree{
      {"pkg/__init__.py", ""},
      {"pkg/base.py", "class Base:\n    def test_1(self): pass\n    def test_2(self): pass\n"},
      {"pkg/test_a.py",
       "from .base import Base\nclass TestA(Base):\n    def test_3(self): pass\n    def test_1(self): pass\n"},
      {"pkg/test_b.py",
       "import pkg.base\nfrom pkg import base as b\nclass TestB(pkg.base.Base): pass\nclass TestC(b.Base):\n    test_2 "
       "= None\n"}};
  CHECK(Ids(Find(tree)) ==
        "pkg/test_a.py::TestA::test_2\npkg/test_a.py::TestA::test_3\npkg/test_a.py::TestA::test_1\n"
        "pkg/test_b.py::TestB::test_1\npkg/test_b.py::TestB::test_2\npkg/test_b.py::TestC::test_1\n");
}

TEST_CASE("unittest cases list their methods sorted, whatever the class's name") {
  const Tree tree{
      {"base.py", "import unittest\nclass MyCase(unittest.IsolatedAsyncioTestCase):\n    def test_z(self): pass\n"},
      {"test_a.py",
       "from base import MyCase as Case\nclass Numbers(Case):\n    def test_b(self): pass\n    def test_a(self): "
       "pass\n    def helper(self): pass\n"},
      {"test_b.py", "from unittest import TestCase\nclass Odd(TestCase):\n    def runTest(self): pass\n"}};
  const Discovery found = Find(tree);
  CHECK(
      Ids(found) ==
      "test_a.py::Numbers::test_a\ntest_a.py::Numbers::test_b\ntest_a.py::Numbers::test_z\ntest_b.py::Odd::runTest\n");
}

TEST_CASE("classes with a constructor, abstract ones and those with __test__ = False hold no tests") {
  const Tree tree{{"test_a.py",
                   "import abc\nfrom dataclasses import dataclass\n"
                   "class TestA:\n    def __init__(self): pass\n    def test_a(self): pass\n"
                   "class TestB(abc.ABC):\n    @abc.abstractmethod\n    def x(self): pass\n    def test_b(self): pass\n"
                   "class TestC(TestB):\n    def x(self): pass\n"
                   "class TestD:\n    __test__ = False\n    def test_d(self): pass\n"
                   "class TestE(TestD):\n    __test__ = True\n"
                   "@dataclass\nclass TestF:\n    def test_f(self): pass\n"
                   "class TestG(Exception):\n    def test_g(self): pass\n"}};
  CHECK(Ids(Find(tree)) == "test_a.py::TestC::test_b\ntest_a.py::TestE::test_d\n");
}

TEST_CASE("a name bound twice is collected once, where it stood first") {
  const Tree tree{{"test_a.py",
                   "def test_a(): pass\ndef test_b(): pass\ndef test_a(): pass\ntest_c = test_b\ndef test_d(): "
                   "pass\ndel test_d\n"}};
  const Discovery found = Find(tree);
  CHECK(Ids(found) == "test_a.py::test_a\ntest_a.py::test_b\ntest_a.py::test_c\n");
  CHECK(found.files[0].tests[0].line == 3);
}

TEST_CASE("what can hold no test is not read") {
  const Tree tree{{"lib/__init__.py", "from lib.shapes import *\nfrom lib.paths import shortest_path\n"},
                  {"lib/shapes.py", "class Shape: pass\n"},
                  {"lib/paths.py", "def shortest_path(): pass\n"},
                  {"test_a.py",
                   "import lib\nfrom lib.paths import shortest_path\nLine = lib.Shape\n"
                   "class Square(lib.Shape): pass\ndef test_1(): pass\n"}};
  const Discovery found = Discover(tree.Request()).value();
  CHECK(Ids(found) == "test_a.py::test_1\n");
  CHECK(found.read == 2);  // The test file and lib/__init__.py.
}

TEST_CASE("imported tests are collected unless collect_imported_tests is off") {
  const Tree tree{{"helpers.py", "def test_shared(): pass\nclass TestShared:\n    def test_m(self): pass\n"},
                  {"test_a.py", "from helpers import test_shared, TestShared\n"}};
  CHECK(Ids(Find(tree)) == "test_a.py::test_shared\ntest_a.py::TestShared::test_m\n");
  tree.Write("pytest.ini", "[pytest]\ncollect_imported_tests = false\n");
  CHECK(Ids(Find(tree)).empty());
}

TEST_CASE("what text cannot tell is a surprise that sends the file whole to pytest") {
  struct Case {
    const char* source;
    const char* surprise;
  };
  const auto c = GENERATE(
      values<Case>({{"from x import *\ndef test_a(): pass\n", "star import in line 1"},
                    {"from x import test_a\n", "test_a comes from outside the project"},
                    {"test_a = make()\n", "test_a is the result of a call"},
                    {"if x:\n    def test_a(): pass\n", "conditional definition of test_a"},
                    {"import x\nclass TestA(x.Base): pass\n", "the base x.Base of TestA is not in the project"},
                    {"class TestA:\n    @parameterized.expand([1])\n    def test_a(self): pass\n",
                     "tests made by a decorator: TestA::test_a"}}));
  const Tree tree{{"test_a.py", c.source}};
  const Discovery found = Find(tree);
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0].surprise == c.surprise);
  CHECK(found.files[0].whole_only());
}

TEST_CASE("files with a module name, or roots with a module, in common ask for whole collection") {
  const Tree tree{{"a/test_x.py", "def test_a(): pass"},
                  {"b/test_x.py", "def test_b(): pass"},
                  {"b/test_y.py", "def test_c(): pass"}};
  const Discovery found = Find(tree);
  REQUIRE_FALSE(found.whole_reasons.empty());
  CHECK(found.whole_reasons[0] == "a/test_x.py and b/test_x.py share the module name test_x");
  tree.Write("a/__init__.py", "");
  tree.Write("b/__init__.py", "");
  CHECK(Find(tree).whole_reasons.empty());
}

TEST_CASE("roots and module names follow pytest's prepend rule") {
  const Tree tree{{"src/pkg/__init__.py", ""},
                  {"src/pkg/test_a.py", "def test_a(): pass"},
                  {"tests/test_b.py", "def test_b(): pass"}};
  const Discovery found = Find(tree);
  CHECK(found.files[0].root == tree.root() + "/src");
  CHECK(found.files[0].module == "pkg.test_a");
  CHECK(found.files[1].root == tree.root() + "/tests");
  CHECK(found.files[1].module == "test_b");
}

TEST_CASE("a conftest's whole-list hooks, wide fixtures and star imports ask for whole collection") {
  const auto text =
      GENERATE("def pytest_collection_modifyitems(items): pass\n", "from x import *\n", "pytest_plugins = make()\n",
               "@pytest.fixture(scope='session', params=[1, 2])\ndef a(): pass\n",
               "def pytest_runtest_setup(item):\n    item.session.items\n");
  const Tree tree{{"conftest.py", text}, {"test_a.py", "def test_a(): pass"}};
  CHECK(Find(tree).whole_reasons.size() == 1);
}

TEST_CASE("a test file that changes what others see asks for whole collection, where there are others") {
  const char* changes = "import os\nos.environ['A'] = '1'\ndef test_a(): pass\n";
  CHECK(Find(Tree{{"test_a.py", changes}}).whole_reasons.empty());
  const Tree tree{{"test_a.py", changes}, {"test_b.py", "def test_b(): pass"}};
  CHECK(Find(tree).whole_reasons == std::vector<std::string>{"test_a.py: line 2 changes what other modules see"});
}

TEST_CASE("a loop of links is not walked for ever, and asks for whole collection") {
  const Tree tree{{"a/test_a.py", "def test_a(): pass"}};
  std::filesystem::create_directory_symlink(tree.root() + "/a", tree.root() + "/a/again");
  const Discovery found = Find(tree);
  CHECK(Ids(found) == "a/test_a.py::test_a\n");
  CHECK(found.whole_reasons.size() == 1);
}

TEST_CASE("links to files and directories are followed, and dangling ones passed over") {
  const Tree tree{{"real/x.py", "def test_a(): pass"}, {"tests/test_b.py", "def test_b(): pass"}};
  std::filesystem::create_symlink(tree.root() + "/real/x.py", tree.root() + "/tests/test_a.py");
  std::filesystem::create_symlink(tree.root() + "/gone.py", tree.root() + "/tests/test_gone.py");
  CHECK(Ids(Find(tree, {"tests"})) == "tests/test_a.py::test_a\ntests/test_b.py::test_b\n");
}

TEST_CASE("order hints and serial marks are found") {
  const Tree tree{{"test_a.py", "@pytest.mark.order(1)\ndef test_a(): pass\n"},
                  {"test_b.py", "def test_a():\n    global x\n    x = 1\n"},
                  {"test_c.py", "@pytest.mark.fastest(serial=True)\nclass TestA:\n    def test_a(self): pass\n"}};
  const Discovery found = Find(tree);
  CHECK(found.files[0].order_hint == "mark order on test_a");
  CHECK(found.files[1].order_hint == "functions rebind the module global x");
  CHECK(found.files[2].serial);
  CHECK(found.files[2].tests[0].marks == std::vector<std::string>{"fastest"});
}

TEST_CASE("doctest text files are collected without being parsed") {
  const Tree tree{{"test_readme.txt", ">>> 1\n1\n"}, {"other.txt", ""}};
  const Discovery found = Find(tree);
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0].doctests);
}

TEST_CASE("the listing has one node id a line and ends with the counts") {
  const Tree tree{{"test_a.py", "class TestA:\n    def test_1(self): pass\ndef test_2(): pass\n"}};
  CHECK(fastest::ListDiscovered(Find(tree), std::chrono::milliseconds(1500)) ==
        "test_a.py::TestA::test_1\ntest_a.py::test_2\n\n2 tests in 1 files found in 1.500s\n");
}
