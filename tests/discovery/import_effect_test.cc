// Which statements of a test file other files' tests may depend on. Each case runs with both parsers.

#include "discovery/import_effect.h"

#include "discovery/ast_parser.h"
#include "discovery/line_parser.h"
#include "tests/catch.h"

using fastest::Outline;

namespace {

using Parser = Outline (*)(std::string_view);

}  // namespace

TEST_CASE("a module that changes what it does not own has an effect on others") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source = GENERATE(
      "import sys\nsys.path.insert(0, 'lib')\n", "import os\nos.environ['A'] = '1'\n",
      "import os\nos.environ['A'] += '1'\n", "import reg\nreg.ALL += ['a']\n", "from reg import add\nadd('a')\n",
      "import os\nenv = os.environ\nenv['A'] = '1'\n", "import pytest\npytest.register_assert_rewrite('helpers')\n",
      "import django\nif True:\n    django.setup()\n", "import logging\nlogging.getLogger('a').setLevel(10)\n",
      "def prepare():\n    pass\nprepare()\n", "import a\nfor n in (1, 2):\n    a.register(n)\n",
      "import a\na.b = a.c = 1\n");
  INFO(source);
  CHECK(parse(source).effect.ends_with("changes what other modules see"));
}

TEST_CASE("what a module does to itself, and what pytest undoes, is no effect") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source = GENERATE(
      "import pytest\npytest.importorskip('numpy')\n", "import warnings\nwarnings.simplefilter('error')\n",
      "CASES = []\nCASES.append(1)\nCASES[0] = 2\nCASES += [3]\n", "class TestA:\n    pass\nTestA.__test__ = False\n",
      "import sys\nassert (sys.path)\n", "import sys\nif sys.path == ['a']:\n    x = 1\n", "import os\nos._exit(3)\n",
      "import unittest\nraise unittest.SkipTest('no')\n", "import sys\nx = sys.path.index('a')\n",
      "import enum, sys\nif sys.version_info < (3, 11):\n    enum.StrEnum = enum.Enum\n",
      "import random\nrandom.seed(1)\n", "import sys\ndef test_a():\n    sys.path.append('a')\n",
      "import sys\nif __name__ == '__main__':\n    sys.path.append('a')\n", "import a\nx: a.b = 1\n");
  INFO(source);
  CHECK(parse(source).effect.empty());
}

TEST_CASE("after a block for old interpreters effects count again") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "import enum, sys\nif sys.version_info < (3, 11):\n    if 1:\n        enum.A = 1\n    enum.B = 1\nenum.C = 1\n");
  CHECK(outline.effect == "line 6 changes what other modules see");
}
