"""Functions, classes and names: the ways in which a test can come to be that a parser may miss."""

from case import case, green, red

BASE = """
    class Base:
        def test_inherited(self):
            assert type(self).good
"""

CASES = {
    "plain fail": red("def test_f():\n    assert 1 == 2"),
    "plain pass": green("def test_f(): pass"),
    "class method": red("class TestA:\n    def test_m(self):\n        assert 0"),
    "nested class": red("class TestA:\n    class TestB:\n        def test_m(self):\n            assert 0"),
    "inherited method, same file": red(
        """
        class Base:
            def test_inherited(self):
                assert type(self).good
        class TestGood(Base):
            good = True
        class TestBad(Base):
            good = False
        """
    ),
    "inherited method, other module": red(
        {
            "base.py": BASE,
            "test_a.py": "from base import Base\nclass TestBad(Base):\n    good = False\n",
            "test_b.py": "import base\nclass TestGood(base.Base):\n    good = True\n",
        }
    ),
    "inherited through a star import": red(
        {"base.py": BASE, "test_a.py": "from base import *\nclass TestBad(Base):\n    good = False\n"}
    ),
    "globals() loop": red(
        """
        def make(i):
            def test():
                assert i != 2
            return test
        for i in range(4):
            globals()[f"test_{i}"] = make(i)
        """
    ),
    "assigned name": red("def helper():\n    assert 0\ntest_x = helper"),
    "assigned lambda": red("test_x = lambda: 1 / 0"),
    "imported test": red({"other.py": "def test_imported():\n    assert 0\n", "test_a.py": "from other import test_imported\n"}),
    "imported test, star": red({"other.py": "def test_imported():\n    assert 0\n", "test_a.py": "from other import *\n"}),
    "defined under if": red("if True:\n    def test_f():\n        assert 0"),
    "defined under try else": red(
        """
        try:
            import json
        except ImportError:
            pass
        else:
            def test_f():
                assert not json
        """
    ),
    "wrapped by functools": red(
        """
        import functools
        def loud(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                return f(*args, **kwargs)
            return inner
        @loud
        def test_f(tmp_path):
            assert not tmp_path.exists()
        """
    ),
    "class made by type()": red(
        """
        def method(self):
            assert 0
        TestMade = type("TestMade", (), {"test_m": method, "test_n": lambda self: None})
        """
    ),
    "module __getattr__ and exec": red("exec('def test_f():\\n    assert 0')"),
    "static and class methods": red(
        """
        class TestA:
            @staticmethod
            def test_static():
                assert 0
            @classmethod
            def test_class(cls):
                assert cls is TestA
        """
    ),
    "shadowed definition": green("def test_f():\n    assert 0\ndef test_f():\n    pass"),
    "class with __init__": green(
        "class TestA:\n    def __init__(self):\n        pass\n    def test_m(self):\n        assert 0"
    ),
    "__test__ = False": green("class TestA:\n    __test__ = False\n    def test_m(self):\n        assert 0"),
    "imported class that only looks like a test": green(
        {"lib.py": "class TestClient:\n    def __init__(self, url): pass\n", "test_a.py": "from lib import TestClient\ndef test_x():\n    TestClient('')\n"}
    ),
    "generator test": case("def test_f():\n    yield 1"),
    "test that returns": case("def test_f():\n    return 1"),
    "async without a plugin": red("async def test_f():\n    assert 0"),
    "metaclass": red(
        """
        class Meta(type):
            def __new__(mcs, name, bases, space):
                space["test_added"] = lambda self: 1 / 0
                return super().__new__(mcs, name, bases, space)
        class TestM(metaclass=Meta):
            pass
        """
    ),
    "decorated away": green(
        """
        def hide(f):
            return None
        @hide
        def test_f():
            assert 0
        def test_g(): pass
        """
    ),
    "names by ini": red(
        {
            "pytest.ini": "[pytest]\npython_files = check_*.py\npython_functions = check\npython_classes = Check\n",
            "check_a.py": "def check_it():\n    assert 0\nclass CheckB:\n    def check_me(self): pass\n",
            "test_b.py": "def test_not_collected():\n    assert 0\n",
        }
    ),
    "unicode names": red("def test_größe():\n    assert 0\nclass TestÄ:\n    def test_ß(self): pass"),
    "BaseException": red("class Odd(BaseException): pass\ndef test_f():\n    raise Odd('x')\ndef test_g(): pass"),
    "sys.exit(0)": red("import sys\ndef test_f():\n    sys.exit(0)\ndef test_g(): pass"),
    "KeyboardInterrupt inside": red("def test_f():\n    raise KeyboardInterrupt\ndef test_g(): pass", loose="tests stdout text"),
    "raises(match)": red("import pytest\ndef test_f():\n    with pytest.raises(ValueError, match='^b'):\n        raise ValueError('a')"),
    "raises did not": red("import pytest\ndef test_f():\n    with pytest.raises(ValueError):\n        pass"),
    "approx": red("import pytest\ndef test_f():\n    assert 0.1 + 0.3 == pytest.approx(0.3)"),
    "explained comparison": red(
        """
        def test_dict():
            assert {"a": 1, "b": [1, 2]} == {"a": 1, "b": [1, 3]}
        def test_text():
            assert "one\\ntwo\\nthree" == "one\\n2\\nthree"
        def test_set():
            assert {1, 2} == {2, 3}
        def test_long():
            assert list(range(200)) == list(range(1, 201))
        """
    ),
    "explained by a conftest": red(
        {
            "conftest.py": """
            def pytest_assertrepr_compare(op, left, right):
                return ["the conftest says", f"{left} {op} {right}"]
            """,
            "test_a.py": "def test_f():\n    assert 1 == 2\n",
        }
    ),
    "chained exceptions": red(
        """
        def inner():
            raise KeyError("k")
        def test_f():
            try:
                inner()
            except KeyError as error:
                raise ValueError("v") from error
        """
    ),
    # On the terminal pytest has a byte or an escape for it, by locale.
    "exception with a surrogate": red("def test_f():\n    raise ValueError('\\udc80 odd \\x00 \\x1b[31m')", loose="stdout"),
    "exception whose repr fails": red(
        """
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError("no")
        def test_f():
            raise Odd()
        """
    ),
    "recursion": red("def f(n):\n    return f(n + 1)\ndef test_f():\n    f(0)", loose="text"),
    "exception group": red("def test_f():\n    raise ExceptionGroup('g', [ValueError(1), KeyError(2)])"),
    "long message": red("def test_f():\n    assert False, 'x' * 200000"),
}
