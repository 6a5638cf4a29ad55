"""Items that are made attribute by attribute hold what pytest's constructors put into them."""

import os
import pathlib
import subprocess
import sys

import pytest

from fastest import compat

WORKER = pathlib.Path(compat.__file__).parents[1]

PLUGIN = '''
import pytest
from fastest import compat_function

maker = compat_function.FunctionMaker()

@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    maker.install(session.config)

def pytest_collection_finish(session):
    print("trusted", maker._trusted)
    for item in session.items:
        spec = getattr(item, "callspec", None)
        kw = {"name": item.name, "fixtureinfo": item._fixtureinfo}
        if spec is not None:
            kw.update(callspec=spec, keywords={spec.id: True}, originalname=item.originalname)
        if type(item.parent) is pytest.Class:
            continue  # Each has an instance of its own.
        theirs = maker._theirs(pytest.Function, item.parent, **kw)
        assert compat_function._are_alike(theirs, compat_function.make(item.parent, **kw)), item

'''

SUITE = '''
import pytest

def test_plain(tmp_path): pass
def test_again(): pass
@pytest.mark.own(1)
def test_marked(): pass
@pytest.mark.parametrize("a", [1, pytest.param(2, marks=pytest.mark.own), pytest.param(3, id="x::y[z]")])
@pytest.mark.own
def test_parametrised(a): pass
def test_attribute(): pass
test_attribute.flag = 1
class TestClass:
    def test_method(self): assert type(self) is TestClass
    @pytest.mark.parametrize("a", [1, 2])
    def test_both(self, a):
        assert not hasattr(self, "a")  # Each item has an instance of its own.
        self.a = a
'''


def run(tmp_path, plugin, *args):
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = own\n")
    (tmp_path / "makes.py").write_text(plugin)
    (tmp_path / "test_all.py").write_text(SUITE)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(WORKER), str(tmp_path)])}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "makes", "-p", "no:cacheprovider", *args]
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)


@pytest.mark.skipif(compat.VERSION < (8, 2), reason="pytest's own constructors are used there")
def test_both_ways_give_the_same_item_and_are_then_trusted(tmp_path):
    done = run(tmp_path, PLUGIN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trusted {False: True, True: True}" in done.stdout


def test_a_replaced_constructor_keeps_pytests_own_way(tmp_path):
    replaced = "import pytest\ndef init(self, *args, __was=pytest.Item.__init__, **kw): __was(self, *args, **kw)\npytest.Item.__init__ = init\n"
    done = run(tmp_path, replaced + PLUGIN.split("    for item")[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trusted {}" in done.stdout


def test_an_unknown_attribute_keeps_pytests_own_way(tmp_path):
    unknown = "import pytest\n" + PLUGIN.split("    for item")[0] + '''
was = maker._theirs
def more(cls, parent, **kw):
    item = was(cls, parent, **kw)
    item.of_a_later_version = []
    return item
maker._theirs = more
'''
    done = run(tmp_path, unknown)
    assert done.returncode == 0, done.stdout + done.stderr
    if compat.VERSION >= (8, 2):
        assert "trusted {False: False, True: False}" in done.stdout
