// Which statements of a test file other files' tests may depend on. Each case runs with both parsers.

#include "discovery/import_effect.h"

#include <string>

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
      "import a\na.b = a.c = 1\n", "import warnings\nwarnings.simplefilter('error')\n");
  INFO(source);
  CHECK(parse(source).effect.ends_with("changes what other modules see"));
}

TEST_CASE("targets that nobody can read end the search") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto target = GENERATE(std::string("("), std::string("(a"), std::string("(a, (b"), std::string("(a), (b"),
                               std::string(40, '(') + "a" + std::string(40, ')'));
  INFO(target);
  CHECK_NOTHROW(parse("import a\n" + target + " = 1\ndel " + target + "\n"));
}

TEST_CASE("what other modules own is known by whichever name it goes, and however it is changed") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source = GENERATE(
      "import os\ne = os.environ\nf = e\nf['A'] = '1'\n",
      "import pytest\nnp = pytest.importorskip('numpy')\nnp.seterr()\n",
      "import logging\nlog = logging.getLogger('a')\nlog.propagate = False\n",
      "from decimal import getcontext\ngetcontext().prec = 5\n", "import os\nif 1:\n    del os.environ['A']\n",
      "from unittest.mock import patch\np = patch('a.b')\np.start()\n", "import os\nold = os.environ.pop('A', None)\n",
      "from unittest import mock\nm = mock.patch('a.b').start()\n",
      "import numpy as np\nold = np.seterr(all='raise')\n", "import os\nx, os.b = 1, 2\n", "import os\nx = os.b = 1\n",
      "import os\nos.b: int = 1\n", "import os\nsetattr(os, 'b', 1)\n",
      "import os\nclass TestA:\n    os.environ['A'] = '1'\n", "from lib import *\nprepare()\n",
      "class A:\n    pass\nA()\n",
      "try:\n    import numpy as np\nexcept ImportError:\n    np = None\nif np:\n    np.seterr()\n",
      "import os\nmatch 1:\n    case 1:\n        os.environ['A'] = '1'\n");
  INFO(source);
  CHECK(parse(source).effect.ends_with("changes what other modules see"));
}

TEST_CASE("what a module does to itself, and what is said, is no effect") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto source = GENERATE(
      "import pytest\npytest.importorskip('numpy')\n", "import warnings\nwarnings.warn('old')\n",
      "CASES = []\nCASES.append(1)\nCASES[0] = 2\nCASES += [3]\n", "class TestA:\n    pass\nTestA.__test__ = False\n",
      "import sys\nassert (sys.path)\n", "import sys\nif sys.path == ['a']:\n    x = 1\n", "import os\nos._exit(3)\n",
      "import unittest\nraise unittest.SkipTest('no')\n", "import sys\nx = sys.path.index('a')\n",
      "import enum, sys\nif sys.version_info < (3, 11):\n    enum.StrEnum = enum.Enum\n",
      "import random\nrandom.seed(1)\n", "import sys\ndef test_a():\n    sys.path.append('a')\n",
      "import sys\nif __name__ == '__main__':\n    sys.path.append('a')\n", "import a\nx: a.b = 1\n",
      "import os\nx = os.environ.get('A')\n",
      "from numpy import testing\nclass TestA:\n    testing.assert_equal(1, 1)\n",
      "import lib\nclass TestA:\n    with lib.raises():\n        lib.outer(1)\n", "from lib import *\nprint(1)\n",
      "from lib import make\nx = make(os=1)\nx.a = 1\n", "class A:\n    pass\nsetattr(A, 'test_a', 1)\n",
      "import lib\nf = lambda: lib.update()\n",
      "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    import lib\n");
  INFO(source);
  CHECK(parse(source).effect.empty());
}

TEST_CASE("after a block for old interpreters effects count again") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const Outline outline = parse(
      "import enum, sys\nif sys.version_info < (3, 11):\n    if 1:\n        enum.A = 1\n    enum.B = 1\nenum.C = 1\n");
  CHECK(outline.effect == "line 6 changes what other modules see");
}

TEST_CASE("an import within a with statement that may watch or steer it keeps its place among all files") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto header = GENERATE("pytest.warns(DeprecationWarning)", "patch.dict(sys.modules, a=None)",
                               "warnings.catch_warnings(record=True) as told");
  CHECK(parse("with " + std::string(header) + ":\n    import old\nimport new\n").effect ==
        "line 2 imports within a with statement");
}

TEST_CASE("an import within a with statement that only silences it is like any other") {
  const auto parse = GENERATE(Parser{fastest::ParseAst}, Parser{fastest::ParseLines});
  const auto header = GENERATE("warnings.catch_warnings()", "contextlib.suppress(ImportError)");
  CHECK(parse("with " + std::string(header) + ":\n    import old\nimport new\n").effect.empty());
}
