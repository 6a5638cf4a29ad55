"""Which classes may be cut: those whose methods nothing ties together."""

import sys
import textwrap
import types

import pytest

from fastest import divisible, watch

METHODS = "".join(f"    def test_{name}(self): pass\n" for name in "abcd")
HEAD = "import os, pytest, unittest\nfrom unittest import mock\n"


def divisible_classes(project, agent, text):
    project(test_a=HEAD + text)
    one = agent(n=2)
    one.ready()
    return [name.partition("::")[2] for name in one.collect()["divisible"] if name.count("::") == 1]


FREE = {
    "a plain class": f"class TestA:\n{METHODS}",
    "a unittest class": f"class TestA(unittest.TestCase):\n    maxDiff = None\n{METHODS}",
    "attributes of the instance": f"class TestA:\n    def setup_method(self): self.x = 1\n{METHODS}",
    "attributes of a local object": f"class TestA:\n{METHODS}    def test_e(self):\n        o = mock.Mock()\n        o.x = 1\n",
    "constants": f"class TestA:\n    NAMES = ['a']\n    KIND = dict\n    N = 1\n{METHODS}",
    "a fixture of function scope": f"class TestA:\n    @pytest.fixture\n    def thing(self): self.t = 1\n{METHODS}",
    "a patched method": f"class TestA:\n    @mock.patch('os.getcwd')\n    def test_e(self, cwd): self.x = cwd\n{METHODS}",
}
TIED = {
    "setup_class": f"class TestA:\n    def setup_class(cls): pass\n{METHODS}",
    "setUpClass": f"class TestA(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): pass\n{METHODS}",
    "an inherited setUpClass": "class Base(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): pass\n"
    f"class TestA(Base):\n{METHODS}",
    "a fixture of class scope": "@pytest.fixture(scope='class', autouse=True)\ndef thing(): pass\n" f"class TestA:\n{METHODS}",
    "an attribute of the class by type": f"class TestA:\n{METHODS}    def test_e(self): type(self).x = 1\n",
    "an attribute of the class by name": f"class TestA:\n{METHODS}    def test_e(self): TestA.x = 1\n",
    "an attribute of the class by __class__": f"class TestA:\n{METHODS}    def test_e(self): self.__class__.x = 1\n",
    "a class method": f"class TestA:\n{METHODS}    @classmethod\n    def helper(kind): kind.x = 1\n",
    "an inner function": f"class TestA:\n{METHODS}    def test_e(self):\n        def inner(): TestA.x = 1\n        inner()\n",
    "a module's attribute": f"class TestA:\n{METHODS}    def test_e(self): os.x = 1\n",
    "a global": f"class TestA:\n{METHODS}    def test_e(self):\n        global G\n        G = 1\n",
    "a list to be filled": f"class TestA:\n    seen = []\n{METHODS}",
    "an object": f"class TestA:\n    client = mock.Mock()\n{METHODS}",
    "numbers": "class TestA:\n" + "".join(f"    def test_{n}(self): pass\n" for n in range(4)),
    "a mark of order": f"@pytest.mark.incremental\nclass TestA:\n{METHODS}",
    "a nested class": f"class TestA:\n{METHODS}    class TestB:\n        seen = []\n        def test_e(self): pass\n",
    "a base of the project": "class Base:\n    seen = []\n" f"class TestA(Base):\n{METHODS}",
    "a proxy that cannot be asked": "class Proxy:\n    def __getattr__(self, name): raise RuntimeError('no context')\n"
    f"    __class__ = property(lambda self: 1 / 0)\nclass TestA:\n    app = Proxy()\n{METHODS}",
    "few methods": "class TestA:\n    def test_a(self): pass\n    def test_b(self): pass\n",
}


@pytest.mark.parametrize("text", FREE.values(), ids=FREE)
def test_a_class_without_ties_is_told(project, agent, text):
    assert divisible_classes(project, agent, textwrap.dedent(text)) == ["TestA"]


@pytest.mark.parametrize("text", TIED.values(), ids=TIED)
def test_a_class_with_ties_is_not_told(project, agent, text):
    assert divisible_classes(project, agent, textwrap.dedent(text)) == []


def test_tests_of_an_installed_package_are_looked_at_like_others(monkeypatch):
    package = types.ModuleType("installed")
    package.__file__ = f"{watch.SITE[0]}installed/tests.py"
    monkeypatch.setitem(sys.modules, "installed", package)
    base = type("Base", (), {"__module__": "installed", "seen": []})
    derived = type("TestA", (base,), {"__module__": "installed"})
    assert list(divisible._project_parts(derived)) == [derived, base]
