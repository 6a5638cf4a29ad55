"""Parametrisation: ids that no parser knows, and ids that no two processes agree on."""

from case import case, green, red

CASES = {
    "literal": red("import pytest\n@pytest.mark.parametrize('x', [1, 2, 3])\ndef test_f(x):\n    assert x != 2"),
    "computed": red("import pytest\n@pytest.mark.parametrize('x', [i * i for i in range(9)])\ndef test_f(x):\n    assert x != 49"),
    "imported": red(
        {
            "values.py": "VALUES = ['a', 'b', 'c']\n",
            "test_a.py": """
            import pytest
            from values import VALUES
            @pytest.mark.parametrize("x", VALUES)
            def test_f(x):
                assert x != "c"
            """,
        }
    ),
    "duplicate ids": red("import pytest\n@pytest.mark.parametrize('x', [1, 2, 3], ids=['a', 'a', 'b'])\ndef test_f(x):\n    assert x != 2"),
    "stacked": red(
        """
        import pytest
        @pytest.mark.parametrize("x", [1, 2])
        @pytest.mark.parametrize("y", ["a", "b"])
        def test_f(x, y):
            assert (x, y) != (2, "a")
        """
    ),
    "of a class and of a module": red(
        """
        import pytest
        pytestmark = pytest.mark.parametrize("m", [1, 2])
        @pytest.mark.parametrize("c", ["x", "y"])
        class TestA:
            def test_one(self, m, c):
                assert (m, c) != (2, "y")
            def test_two(self, m, c):
                pass
        """
    ),
    "pytest_generate_tests": red(
        """
        def pytest_generate_tests(metafunc):
            if "x" in metafunc.fixturenames:
                metafunc.parametrize("x", range(3))
        def test_f(x):
            assert x != 2
        class TestA:
            def pytest_generate_tests(self, metafunc):
                metafunc.parametrize("y", "ab")
            def test_g(self, y):
                pass
        """,
    ),
    "pytest_generate_tests of a conftest": red(
        {
            "conftest.py": """
            def pytest_addoption(parser):
                parser.addoption("--sizes", default="1,2")
            def pytest_generate_tests(metafunc):
                if "size" in metafunc.fixturenames:
                    metafunc.parametrize("size", metafunc.config.getoption("sizes").split(","))
            """,
            "test_a.py": "def test_f(size):\n    assert size != '7'\n",
        },
        "--sizes=5,6,7",
    ),
    "indirect": red(
        """
        import pytest
        @pytest.fixture
        def doubled(request):
            return request.param * 2
        @pytest.mark.parametrize("doubled", [1, 2], indirect=True)
        def test_f(doubled):
            assert doubled == 2
        """
    ),
    "empty": green("import pytest\n@pytest.mark.parametrize('x', [])\ndef test_f(x):\n    assert 0"),
    "pytest.param marks and ids": red(
        """
        import pytest
        @pytest.mark.parametrize("x", [
            pytest.param(1, id="one"),
            pytest.param(2, marks=pytest.mark.xfail(strict=True), id="two"),
            pytest.param(3, marks=pytest.mark.skip(reason="no")),
        ])
        def test_f(x):
            pass
        """
    ),
    "awkward ids": red(
        """
        import pytest
        @pytest.mark.parametrize("x", ["a::b", "a/b", "[x]", "ü", "a b", "\\n", "", "-", "é\\x00", "x" * 300, ".."])
        def test_f(x):
            assert x != "[x]"
        """
    ),
    "ids by a function": red(
        "import pytest\n@pytest.mark.parametrize('x', [1, 2], ids=lambda v: f'<{v}>')\ndef test_f(x):\n    assert x == 1"
    ),
    "set of texts": red(
        "import pytest\n@pytest.mark.parametrize('x', {'ab', 'cd', 'ef', 'gh', 'ij'})\ndef test_f(x):\n    assert x != 'ef'",
        loose="order",
    ),
    "set and a fixture with params": red(
        """
        import pytest
        @pytest.fixture(params=["p", "q"], scope="module")
        def f(request):
            return request.param
        @pytest.mark.parametrize("x", {"ab", "cd", "ef"})
        def test_f(f, x):
            assert (f, x) != ("q", "cd")
        """,
        loose="order",
    ),
    "duplicate ids in an order that varies": red(
        """
        import pytest
        @pytest.mark.parametrize("x", {"ab", "cd", "ef", "gh"}, ids=lambda v: "same")
        def test_f(x):
            assert 0, "always"
        """,
        loose="order text",
    ),
    "object addresses": red(
        """
        import pytest
        @pytest.mark.parametrize("x", [object(), object()], ids=repr)
        def test_f(x):
            assert 0
        """,
        loose="order",
    ),
    "opaque objects": red(
        """
        import pytest
        class Thing:
            pass
        @pytest.mark.parametrize("x", [Thing(), Thing, print, 1.5, None, True, b"\\xff"])
        def test_f(x):
            assert x is not Thing
        """
    ),
    "enum, regex, bytes": red(
        """
        import enum, re, pytest
        class E(enum.Enum):
            A = 1
            B = 2
        @pytest.mark.parametrize("x", [E.A, E.B, re.compile("a+"), b"raw"])
        def test_f(x):
            assert x is not E.B
        """
    ),
    "session fixture with params": red(
        {
            "conftest.py": """
            import pytest
            @pytest.fixture(scope="session", params=["s1", "s2"])
            def s(request):
                return request.param
            """,
            "test_a.py": "def test_f(s):\n    assert s != 's2'\ndef test_g(s):\n    pass\n",
            "test_b.py": "def test_h(s):\n    pass\ndef test_plain():\n    pass\n",
        }
    ),
    "module fixture with params regroups": green(
        """
        import pytest
        seen = []
        @pytest.fixture(scope="module", params=[1, 2])
        def m(request):
            seen.append(request.param)
            return request.param
        def test_a(m): pass
        def test_b(m): pass
        def test_c(m):
            assert seen == ([1] if m == 1 else [1, 2])
        """
    ),
    "missing argument": red("import pytest\n@pytest.mark.parametrize('y', [1])\ndef test_f(x):\n    pass"),
    "wrong number of values": red("import pytest\n@pytest.mark.parametrize('x,y', [(1, 2), (1,)])\ndef test_f(x, y):\n    pass"),
    "raising in parametrize": red("import pytest\n@pytest.mark.parametrize('x', 1 / 0)\ndef test_f(x):\n    pass"),
    "empty set fails at collect": red(
        {
            "pytest.ini": "[pytest]\nempty_parameter_set_mark = fail_at_collect\n",
            "test_a.py": "import pytest\n@pytest.mark.parametrize('x', [])\ndef test_f(x): pass\n",
        }
    ),
    "many": case(
        "import pytest\n@pytest.mark.parametrize('x', range(300))\ndef test_f(x):\n    assert x != 250\ndef test_after(): pass", exit=1
    ),
}
