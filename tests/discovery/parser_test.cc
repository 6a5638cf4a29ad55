// What both parsers make of a file. Each case runs with both: they must agree.

#include "discovery/ast_parser.h"
#include "discovery/line_parser.h"
#include "tests/catch.h"

using fastest::Definition;
using fastest::Outline;

namespace {

using Parser = Outline (*)(std::string_view);

// "function test_a:1" for each definition; a class with its body in braces.
std::string Names(const std::vector<Definition>& definitions) {
  constexpr const char* kKinds[] = {"def", "class", "import", "alias", "value", "del"};
  std::string text;
  for (const Definition& definition : definitions) {
    if (!text.empty()) text += ", ";
    text += std::string(kKinds[static_cast<int>(definition.kind)]) + " " + definition.name + ":" +
            std::to_string(definition.line);
    for (const std::string& target : definition.targets) text += " <" + target + ">";
    if (!definition.body.empty()) text += " {" + Names(definition.body) + "}";
  }
  return text;
}

}  // namespace

TEST_CASE("functions, classes and methods are found with their lines") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "def test_a():\n    pass\n\nclass TestB(Base, other.Base):\n  x = 1\n  async def test_c(self):\n    pass\n  "
      "class TestD:\n    def test_e(self): pass\n");
  CHECK(Names(outline.definitions) ==
        "def test_a:1, class TestB:4 <Base> <other.Base> {value x:5, def test_c:6, class TestD:8 {def test_e:9}}");
  CHECK_FALSE(outline.unparsable);
}

TEST_CASE("what looks like a definition inside a string, a bracket or a body is none") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  struct Case {
    const char* source;
    const char* names;
  };
  const auto c = GENERATE(values<Case>({
      {"x = '''\ndef test_no(): pass\n'''\ndef test_yes(): pass\n", "value x:1, def test_yes:4"},
      {"def test_a():\n    s = \"\"\"\ndef test_no(): pass\n\"\"\"\ndef test_b(): pass\n",
       "def test_a:1, def test_b:5"},
      {"def test_a():\n    f(\n1,\n2)\n    def test_no(): pass\ndef test_b(): pass\n", "def test_a:1, def test_b:6"},
      {"def test_a(x='def test_no():',\n   y=\"#\"):  # comment:\n    pass\ndef test_b(): pass\n",
       "def test_a:1, def test_b:4"},
      {"def test_a(): return 1\ndef test_b(): return 2\n", "def test_a:1, def test_b:2"},
      {"def test_a():\n    x = 1 + \\\n2\n# def test_no(): pass\n    y = 1\ndef test_b(): pass\n",
       "def test_a:1, def test_b:6"},
      {"def test_a():\r\n    pass\r\ndef test_b():\r\n    pass\r\n", "def test_a:1, def test_b:3"},
      {"\xEF\xBB\xBF"
       "def test_a():\n\tpass\n",
       "def test_a:1"},
      {"def test_a():\n    r'\\\\'\n    b\"\\\"\"\ndef test_b(): pass\n", "def test_a:1, def test_b:4"},
      {"class A:\n    '''doc'''\ndef test_a[T](x: T) -> T:\n    pass\n", "class A:1, def test_a:3"},
  }));
  CHECK(Names(parse(c.source).definitions) == c.names);
}

TEST_CASE("imports, aliases and deletions are bindings") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "import a.b, c as d\nfrom ..x import (y,  # why\n  z as w)\nfrom m import *\ntest_b = test_a\nTestC = "
      "make()\ndel test_b, d\n");
  CHECK(Names(outline.definitions) ==
        "import a:1 <a.b> <>, import d:1 <c> <>, import y:2 <..x> <y>, import w:2 <..x> <z>, import *:4 <m> <*>, "
        "alias test_b:5 <test_a>, value TestC:6, del test_b:7, del d:7");
}

TEST_CASE("definitions below if and try are conditional, and those that never run are left out") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "if TYPE_CHECKING:\n    def no(): pass\nelse:\n    def a(): pass\ntry:\n    def b(): pass\nexcept (A, B) as e:\n "
      "   def c(): pass\n"
      "if __name__ == '__main__':\n    def no(): pass\nwith x as y: z = 1\ndef d(): pass\n");
  CHECK(Names(outline.definitions) == "def a:4, def b:6, def c:8, value z:11, def d:12");
  CHECK(outline.definitions[0].Is(Definition::kConditional));
  CHECK_FALSE(outline.definitions[4].Is(Definition::kConditional));
}

TEST_CASE("marks are named, and parametrize lists are counted where they are literal") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "@pytest.mark.slow\n@pytest.mark.parametrize('a', [1, (2, 3), 'x,y'])\n@pytest.mark.parametrize(\n  'b', "
      "ids=str, argvalues=(1, 2,))\ndef test_a(): pass\n"
      "@pytest.mark.parametrize('a', CASES)\ndef test_b(): pass\n"
      "@mark.parametrize('a', [x for x in y])\ndef test_c(): pass\n");
  CHECK(outline.definitions[0].items == 6);
  CHECK(outline.definitions[0].marks == std::vector<std::string>{"slow", "parametrize", "parametrize"});
  CHECK(outline.definitions[1].items == 1);
  CHECK(outline.definitions[1].Is(Definition::kParametrized));
  CHECK(outline.definitions[2].items == 1);
}

TEST_CASE("fixtures are told from tests, and wide ones with params are flagged") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "@pytest.fixture\ndef a(): pass\n@fixture(scope='session', params=[1, 2])\ndef b(): "
      "pass\n@pytest.fixture(params=[1])\ndef c(): pass\n");
  CHECK(outline.definitions[0].Is(Definition::kFixture));
  CHECK(outline.definitions[1].Is(Definition::kWideParams));
  CHECK_FALSE(outline.definitions[2].Is(Definition::kWideParams));
}

TEST_CASE("module words are read where they are literal") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "pytestmark = [pytest.mark.slow, pytest.mark.fastest(serial=True)]\npytest_plugins = ['a', "
      "\"b\"]\ncollect_ignore = ['setup.py']\ncollect_ignore_glob = glob()\n");
  CHECK(outline.marks == std::vector<std::string>{"slow", "fastest"});
  CHECK(outline.serial);
  CHECK(outline.pytest_plugins == std::vector<std::string>{"a", "b"});
  CHECK(outline.collect_ignore == std::vector<std::string>{"setup.py"});
  CHECK(outline.surprise == "collect_ignore_glob is computed");
}

TEST_CASE("__test__ is heard in and after a definition") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse("class TestA:\n    __test__ = False\ndef test_b(): pass\ntest_b.__test__ = False\n");
  CHECK(outline.definitions[0].body[0].Is(Definition::kFalse));
  CHECK(outline.definitions[1].Is(Definition::kNotTest));
}

TEST_CASE("names made at run time are a surprise") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source =
      GENERATE("globals()['test_a'] = f\n", "for n in x:\n    setattr(TestA, n, f)\n", "exec('def test_a(): pass')\n");
  CHECK(parse(source).surprise.find("names made at run time in line ") == 0);
}

TEST_CASE("module globals that functions rebind are kept") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  CHECK(parse("def test_a():\n    global counter, x\n    counter = 1\n").rebound ==
        std::vector<std::string>{"counter", "x"});
}

TEST_CASE("a file whose strings or brackets do not close is unparsable, and nothing aborts") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source = GENERATE("x = (1,\ndef test_a(): pass\n", "x = '''\n", "x = 'a\n", "x = )\n");
  CHECK(parse(source).unparsable);
}

TEST_CASE("the ast parser sees a syntax error outside bodies") {
  CHECK(fastest::ParseAst("def test_a(:\n    pass\n").unparsable);
  CHECK(fastest::ParseAst("x = = 1\n").unparsable);
  CHECK_FALSE(fastest::ParseAst("match x:\n    case 1:\n        y = 1\n").unparsable);
}

TEST_CASE("text that is not UTF-8 is read all the same") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  CHECK(Names(parse("x = '\xE9'\ndef test_a(): pass\n").definitions) == "value x:1, def test_a:2");
}

TEST_CASE("one-line classes and several statements in a line are understood") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  CHECK(Names(parse("class A: pass\nclass B(A): x = 1\na = 1; b = a\n").definitions) ==
        "class A:1, class B:2 <A> {value x:2}, value a:3, alias b:3 <a>");
}
