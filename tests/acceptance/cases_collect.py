"""Files that can't be collected, and folders laid out in every way that imports allow."""

from case import case, green, red

ONE = "def test_one():\n    pass\n"
BAD = "def test_bad():\n    assert 0\n"
MODES = ("prepend", "append", "importlib")
TWINS = {"a/test_same.py": ONE, "b/test_same.py": BAD}
PACKAGES = {"a/__init__.py": "", "b/__init__.py": "", "b/sub/__init__.py": "", "b/sub/test_same.py": ONE, **TWINS}
DOCTEST = {
    "lib.py": 'def f():\n    """\n    >>> f()\n    2\n    """\n    return 1\ndef g():\n    """\n    >>> g()\n    """\n',
    "notes.txt": "Example\n>>> 1 + 1\n3\n",
    "readme.rst": ">>> 2 * 2\n4\n",
}

CASES = {
    **{f"basenames alike, {mode}": red(TWINS, f"--import-mode={mode}") for mode in MODES},
    **{f"basenames alike in packages, {mode}": red(PACKAGES, f"--import-mode={mode}") for mode in MODES},
    "basenames alike, one in a package": red({"a/__init__.py": "", **TWINS}),
    "namespace packages": red(
        {
            "pytest.ini": "[pytest]\nconsider_namespace_packages = true\npythonpath = src\n",
            "src/ns/one/test_same.py": "from ns.two import value\ndef test_v():\n    assert value == 2\n",
            "src/ns/two/__init__.py": "value = 3\n",
        },
        "--import-mode=importlib",
    ),
    "relative import": red(
        {"pkg/__init__.py": "", "pkg/lib.py": "x = 1\n", "pkg/test_rel.py": "from .lib import x\ndef test_x():\n    assert x == 2\n"}
    ),
    "import of a sibling": green(
        {"a/test_x.py": "import helper_a\ndef test_x():\n    assert helper_a.v == 1\n", "a/helper_a.py": "v = 1\n"}
    ),
    "import of a sibling folder's module": case(
        {"a/helper_a.py": "v = 1\n", "a/test_x.py": ONE, "b/test_y.py": "import helper_a\ndef test_y():\n    assert helper_a.v == 1\n"}
    ),
    "import of a later folder's module": case(
        {"a/test_x.py": "import helper_b\ndef test_x(): pass\n", "b/helper_b.py": "v = 1\n", "b/test_y.py": ONE}, exit="red"
    ),
    "sys.path in tests": green(
        {"a/test_x.py": "import sys\ndef test_x():\n    assert sum(p.endswith(('/a', '/b')) for p in sys.path) == 2\n", "b/test_y.py": ONE}
    ),
    "pythonpath": green({"pytest.ini": "[pytest]\npythonpath = lib\n", "lib/mine.py": "v = 1\n", "test_a.py": "import mine\n" + ONE}),
    "test module in sys.modules": green(
        {"pkg/__init__.py": "", "pkg/test_m.py": "import sys\ndef test_m():\n    assert sys.modules['pkg.test_m'].test_m is test_m\n"}
    ),
    "module shared by test files": green(
        {
            "shared.py": "hits = []\n",
            "test_a.py": "import shared, test_b\ndef test_a():\n    assert test_b.value == 1\n",
            "test_b.py": "value = 1\n" + ONE,
        }
    ),
    "package __init__ holds tests": case(
        {"pytest.ini": "[pytest]\npython_files = *.py\n", "pkg/__init__.py": BAD, "pkg/mod.py": ONE}, exit=1
    ),
    "package __init__ raises": red({"pkg/__init__.py": "1 / 0\n", "pkg/test_m.py": ONE}),
    "syntax error": red({"test_a.py": "def test_f(:\n", "test_b.py": ONE}),
    "import error": red({"test_a.py": "import no_such_thing\n" + ONE, "test_b.py": ONE}),
    "error at import": red({"test_a.py": "print('before')\nraise ValueError('at import')\n", "test_b.py": BAD}),
    "two files with errors": red({"test_a.py": "1 / 0\n", "test_b.py": "import nothing_here\n", "test_c.py": ONE}),
    "error, go on": case({"test_a.py": "1 / 0\n", "test_b.py": ONE, "test_c.py": BAD}, "--continue-on-collection-errors", exit=1),
    "error with -x": case({"test_a.py": "1 / 0\n", "test_b.py": ONE, "test_c.py": "2 / 0\n"}, "-x", exit="red", loose="collect tests"),
    "SystemExit at import": red({"test_a.py": "raise SystemExit(0)\n"}),
    "pytest.exit at import": case({"test_a.py": "import pytest\npytest.exit('bye', 7)\n"}, exit=2, loose="text"),
    "usage error at import": red({"test_a.py": "import pytest\nraise pytest.UsageError('odd')\n"}),
    "KeyboardInterrupt at import": case({"test_a.py": "raise KeyboardInterrupt\n"}, exit=2, loose="stdout collect"),
    "not UTF-8": red({"test_a.py": "# coding: ascii\nx = 'ü'\n" + ONE}),
    "null bytes": red({"test_a.py": "x = '\x00'\n"}),
    "class that can't be collected": green(
        {"test_a.py": "class TestA:\n    def __init__(self, x): pass\n    def test_a(self): pass\nclass TestB:\n    def __new__(cls): pass\n" + ONE}
    ),
    "test of a file that can't be imported": case({"test_a.py": "raise ValueError('why')\n", "test_b.py": ONE}, "test_a.py::test_x", exit=4),
    "test of a file that can't be imported, and a good one": case({"test_a.py": "import nothing\n", "test_b.py": ONE}, "test_a.py::test_x", "test_b.py", exit=4),
    "test of a file that is skipped": case({"test_a.py": "import pytest\npytest.skip('no', allow_module_level=True)\n"}, "test_a.py::test_x", exit=4),
    "expression that is none, and a file that can't be imported": case({"test_a.py": "1 / 0\n", "test_b.py": ONE}, "-k", "a and", exit=4, workers=(1,)),
    "conftest raises": case({"conftest.py": "1 / 0\n"}, exit=4),
    "conftest imports nothing": case({"conftest.py": "import no_such_thing\n"}, exit=4),
    "conftest syntax error": case({"conftest.py": "def (\n"}, exit=4),
    "conftest of a subfolder raises": red({"sub/conftest.py": "1 / 0\n", "sub/test_s.py": ONE}),
    "conftest of a subfolder raises usage": red({"sub/conftest.py": "import pytest\nraise pytest.UsageError('sub')\n", "sub/test_s.py": ONE}),
    "conftest with pytest_plugins in a subfolder": red({"sub/deep/conftest.py": "pytest_plugins = ['nothing']\n", "sub/deep/test_s.py": ONE}),
    "pytest_plugins missing": red({"conftest.py": "pytest_plugins = ['no_such_plugin_here']\n"}),
    "ini broken": case({"pytest.ini": "[pytest\nx\n"}, exit=4),
    "toml broken": case({"pyproject.toml": "[tool.pytest.ini_options\n"}, exit=4, loose="usage"),
    "ini addopts unknown": case({"pytest.ini": "[pytest]\naddopts = --no-such-option\n"}, exit=4),
    # What a file does to others when it is imported has been done before the first test runs.
    "registry filled by files": case(
        {
            "registry.py": "ALL = []\n",
            **{
                f"test_{name}.py": f"import registry\nregistry.ALL.append('{name}')\ndef test_all(): assert registry.ALL == ['a', 'b', 'c']\n"
                for name in "abc"
            },
        },
        exit=0,
    ),
    "sys.path changed by a file": case(
        {
            "lib/inside.py": "X = 1\n",
            "test_a.py": "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))\ndef test_a(): pass\n",
            "test_b.py": "import inside\ndef test_b(): assert inside.X == 1\n",
            "test_c.py": "def test_c():\n    import inside\n    assert inside.X == 1\n",
        },
        exit=0,
    ),
    "environment changed by a later file": case(
        {
            "test_a.py": "import os\ndef test_a(): assert os.environ['SIDE'] == '1'\n",
            "test_b.py": "def test_b(): pass\n",
            "test_z.py": "import os\nos.environ['SIDE'] = '1'\ndef test_z(): pass\n",
        },
        exit=0,
    ),
    "minversion": case({"pytest.ini": "[pytest]\nminversion = 99\n"}, exit=4),
    "required_plugins": case({"pytest.ini": "[pytest]\nrequired_plugins = pytest-nothing\n"}, exit=4),
    "testpaths": red({"pytest.ini": "[pytest]\ntestpaths = here there*\n", "here/test_a.py": ONE, "there1/test_b.py": BAD, "no/test_c.py": BAD}),
    "testpaths without a match": case({"pytest.ini": "[pytest]\ntestpaths = nowhere\n"}),
    "norecursedirs": green(
        {
            "pytest.ini": "[pytest]\nnorecursedirs = skipped .* build\n",
            **{f"{folder}/test_a.py": BAD for folder in ("skipped", ".hidden", "build")},
            "sub/test_fine.py": ONE,
        }
    ),
    "default norecursedirs": green({f"{folder}/test_a.py": BAD for folder in ("node_modules", "dist", "venv", ".git", "x.egg")}),
    "virtual environment": green({"mine/pyvenv.cfg": "home = /usr\n", "mine/test_a.py": BAD}),
    "virtual environment wanted": red({"mine/pyvenv.cfg": "home = /usr\n", "mine/test_a.py": BAD}, "--collect-in-virtualenv"),
    "folder named like a test": red({"test_dir.py/test_a.py": BAD}),
    "doctest modules": red(DOCTEST, "--doctest-modules"),
    "doctest glob": red(DOCTEST, "--doctest-glob=*.rst", "--doctest-glob=*.txt"),
    "doctest text by default": red({"test_notes.txt": ">>> 1\n2\n"}),
    "doctest, go on": red({"lib.py": '"""\n>>> 1\n2\n>>> 3\n4\n"""\n'}, "--doctest-modules", "--doctest-continue-on-failure"),
    "doctest import error": red({"broken.py": "import nothing_here\n"}, "--doctest-modules"),
    "doctest import error ignored": green({"broken.py": "import nothing_here\n"}, "--doctest-modules", "--doctest-ignore-import-errors"),
    "doctest namespace": green(
        {"conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef names(doctest_namespace):\n    doctest_namespace['n'] = 5\n", "test_n.txt": ">>> n\n5\n"}
    ),
    "doctest and tests of one file": red({"test_both.py": '"""\n>>> 1\n1\n"""\ndef test_f():\n    assert 0\n'}, "--doctest-modules"),
    "setup.py rootdir": green({"setup.py": "", "sub/test_a.py": "def test_r(request):\n    assert request.config.rootpath.name == 'project'\n"}, "sub"),
    "pytest.toml": case({"pytest.toml": '[pytest]\npython_functions = ["check_*"]\n', "test_a.py": "def check_f():\n    assert 0\n"}),
    "tool.pytest": case({"pyproject.toml": '[tool.pytest]\nxfail_strict = true\n', "test_a.py": "import pytest\n@pytest.mark.xfail\ndef test_f(): pass\n"}),
    "setup.cfg": red({"setup.cfg": "[tool:pytest]\npython_functions = check\n", "test_a.py": "def check_f():\n    assert 0\n"}),
    "unused conftest elsewhere": green({"conftest.py": "", "tests/conftest.py": "", "tests/test_a.py": ONE, "docs/conf.py": "1 / 0\n"}),
}
