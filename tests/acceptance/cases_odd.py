"""Suites that are made in odd ways: modules and classes that are not what they seem, collectors of their own, hostile values."""

from case import case, red

P = "import pytest\n"
LINES = """
import pytest
def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".lines":
        return Lines.from_parent(parent, path=file_path)
class Lines(pytest.File):
    def collect(self):
        for number, line in enumerate(self.path.read_text().splitlines()):
            yield Line.from_parent(self, name=line, number=number)
class Line(pytest.Item):
    def __init__(self, *, number, **more):
        super().__init__(**more)
        self.number = number
    def runtest(self):
        assert self.name != "bad"
    def repr_failure(self, excinfo):
        return f"{self.name} in {self.path.name}"
    def reportinfo(self):
        return self.path, self.number, f"line: {self.name}"
"""
IDS = ["é", "a::b", "a/b", "[x]", "new\nline", "\x00", "", " ", "\ud800", "tab\t", "%s", "{}", "\x1b[31m", b"\xff", ...]

CASES = {
    "names that differ by case": red(
        {
            "test_a.py": "def test_x(): pass\ndef test_X(): assert 0\nclass Testa:\n    def test_m(self): assert 0\nclass TestA:\n    def test_m(self): pass\n",
            "test_A.py": "def test_x(): assert 0\n",
        }
    ),
    "module that replaces itself": red(
        {"test_a.py": "import sys, types\nm = types.ModuleType(__name__)\ndef test_in(): assert 0\nm.test_in = test_in\nm.__file__ = __file__\nsys.modules[__name__] = m\n"}
    ),
    "generate_tests of a class and a conftest": red(
        {
            "conftest.py": "def pytest_generate_tests(metafunc):\n    if 'x' in metafunc.fixturenames: metafunc.parametrize('x', [1, 2])\n",
            "test_a.py": """
            class TestA:
                def pytest_generate_tests(self, metafunc):
                    if 'y' in metafunc.fixturenames: metafunc.parametrize('y', ['p', 'q'])
                def test_xy(self, x, y): assert (x, y) != (2, 'q')
            """,
        }
    ),
    "makemodule hook": red(
        {
            "conftest.py": P
            + "class M(pytest.Module):\n    def collect(self):\n        return [c for c in super().collect() if 'not' not in c.name]\n"
            + "def pytest_pycollect_makemodule(module_path, parent): return M.from_parent(parent, path=module_path)\n",
            "test_a.py": "def test_not(): assert 0\ndef test_other(): assert 0\n",
        }
    ),
    "items alike in files of their own kind": red({"conftest.py": LINES, "one.lines": "a\nbad\na\n", "deep/er/two.lines": "x\nbad\n"}),
    "modifyitems in three folders": red(
        {
            "conftest.py": "def pytest_collection_modifyitems(items): items.sort(key=lambda i: i.name[::-1])\n",
            "a/conftest.py": """
            def pytest_collection_modifyitems(config, items):
                out = [i for i in items if i.name == 'test_out']
                items[:] = [i for i in items if i not in out]
                config.hook.pytest_deselected(items=out)
            """,
            "a/test_a.py": "def test_out(): assert 0\ndef test_z1(): pass\n",
            "b/conftest.py": "def pytest_collection_modifyitems(items): items.extend([i for i in items if i.name == 'test_twice'])\n",
            "b/test_b.py": "def test_twice(): assert 0\n",
        }
    ),
    "parameters that nobody can pickle": red(
        P + "import threading\n@pytest.mark.parametrize('x', [lambda: 1, threading.Lock(), open(__file__), type('T', (), {})()])\ndef test_a(x): assert not callable(x)\n"
    ),
    "parameters without repr or equality": red(
        P
        + "class R:\n    def __repr__(self): raise RuntimeError('no repr')\n    def __eq__(self, o): raise RuntimeError('no eq')\n    __hash__ = None\n"
        + "@pytest.mark.parametrize('x', [R(), R()])\ndef test_a(x): assert x is None\n"
    ),
    "ids of every kind": red(P + f"@pytest.mark.parametrize('x', {IDS!r})\ndef test_a(x): assert x not in ('é', 'a::b', 'new\\nline', '\\ud800')\n".replace("Ellipsis", "...")),
    "classes that only look like tests": red(
        """
        import abc, enum, typing
        class TestEnum(enum.Enum):
            A = 1
            def test_e(self): assert 0
        class TestAbstract(abc.ABC):
            @abc.abstractmethod
            def make(self): ...
            def test_a(self): assert self.make()
        class TestReal(TestAbstract):
            def make(self): return 0
        class TestProtocol(typing.Protocol):
            def test_p(self): assert 0
        class Odd:
            __test__ = True
            def test_o(self): assert 0
        """
    ),
    "fixtures named like tests, and in circles": red(
        P + "@pytest.fixture\ndef test_f(): return 1\ndef test_u(test_f): assert test_f == 2\n@pytest.fixture\ndef a(b): pass\n@pytest.fixture\ndef b(a): pass\ndef test_c(a): pass\n"
    ),
    "cleanups of a TestCase": red(
        """
        import unittest
        class T(unittest.TestCase):
            @classmethod
            def setUpClass(cls): cls.addClassCleanup(lambda: 1 / 0)
            def test_a(self): self.addCleanup(lambda: self.fail('cleanup'))
            def test_b(self): pass
        """
    ),
    "directory made by a manifest": red(
        {
            "conftest.py": P
            + "class D(pytest.Directory):\n    def collect(self):\n        return [pytest.Module.from_parent(self, path=p) for p in sorted(self.path.glob('only_*.py'))]\n"
            + "def pytest_collect_directory(path, parent):\n    if (path / 'manifest').exists(): return D.from_parent(parent, path=path)\n",
            "m/manifest": "",
            "m/only_a.py": "def test_a(): assert 0\n",
            "m/test_not.py": "def test_n(): assert 0\n",
        }
    ),
    "report that is skipped instead of failed": case(
        {
            "conftest.py": P
            + "@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n    report = yield\n    if report.failed:\n"
            + "        report.outcome, report.longrepr = 'skipped', (str(item.path), 3, 'was failed')\n    return report\n",
            "test_a.py": "def test_a(): assert 0\n",
        },
        exit=0,
    ),
    "environment cleared and folder removed": red(
        {
            "test_a.py": """
            import os, shutil
            def test_a(tmp_path):
                (tmp_path / 'x').mkdir()
                os.chdir(tmp_path / 'x')
                shutil.rmtree(tmp_path / 'x')
                os.environ.clear()
            def test_b(): assert 0
            def test_c(tmp_path): assert tmp_path.exists()
            """
        },
        loose="text",
    ),
}
