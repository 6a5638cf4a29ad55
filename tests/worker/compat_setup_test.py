"""Fixtures that are set up the short way are what they are under pytest: values, order, finalizers, what hooks are told."""

import re

import pytest
from fast_protocol_test import assert_same, needs_fast_protocol, told

CONFTEST = """
import pathlib, pytest
FILE = pathlib.Path(__file__).parent / "seen.log"
def log(*what):
    with FILE.open("a") as file: print(*what, file=file)

@pytest.fixture(scope="session")
def of_session():
    log("set up session")
    yield "s"
    log("end session")

@pytest.fixture(scope="package")
def of_package(of_session, request):
    log("set up package", request.scope, request.fixturename)
    yield of_session + "p"
    log("end package")

@pytest.fixture(scope="module", params=[1, 2])
def counted(request):
    log("set up counted", request.param, request.param_index)
    yield request.param
    log("end counted", request.param)

@pytest.fixture(scope="module")
def of_module(of_package, counted):
    log("set up module", counted)
    yield of_package + str(counted)
    log("end module")

@pytest.fixture
def uses_parameter(a, request):
    log("set up of", a, sorted(request.fixturenames), sorted(request.node.funcargs), "b" in request.node.funcargs)
    yield a * 2
    log("end of", a, request.getfixturevalue("a"))

@pytest.fixture(autouse=True)
def around(request):
    log("before", request.node.nodeid, list(request.node.funcargs.items()), request.node.callspec.params if hasattr(request.node, "callspec") else None)
    yield
    try:
        log("after", request.getfixturevalue("b"))
    except BaseException as error:
        log("after", type(error).__name__, str(error))

@pytest.fixture
def falls_over(of_package): raise ValueError(of_package)

@pytest.fixture(scope="module")
def fell_over_once(of_session):
    log("falls over")
    raise ValueError("once")
"""

SUITE = """
import pytest, warnings
from conftest import log

@pytest.fixture
def of_package(of_package):  # Overrides, and uses what it overrides.
    return of_package + "!"

@pytest.mark.parametrize("b", [1, 2])
@pytest.mark.parametrize("a", ["x", "y"])
def test_parameters(a, b, request):
    log("in", a, b, request.getfixturevalue("a"), list(request.node.funcargs), type(request).__name__)
    assert request.node.funcargs == {"around": None, "a": a, "b": b, "request": request} and (a, b) != ("y", 1)

@pytest.mark.parametrize("a", ["x", [], float("nan")])
def test_used_by_a_fixture(uses_parameter, a): log("in", uses_parameter, a)

@pytest.mark.parametrize("a, b", [(1, 2), pytest.param(3, 4, marks=pytest.mark.xfail), pytest.param(5, 6, id="six")])
def test_two(b, of_session, a): log("in", b, of_session, a); assert a != 3

@pytest.mark.parametrize("a", [1, 2], scope="module")
def test_wider(a, of_module): log("in", a, of_module)

def test_again(of_module, of_session): log("in", of_module, of_session)
def test_overridden(of_package): log("in", of_package)
@pytest.mark.parametrize("of_session", ["direct"])
def test_replaced(of_session, of_package): log("in", of_session, of_package)
@pytest.mark.parametrize("counted", [7, 8], indirect=True)
def test_indirect(counted, of_module): log("in", counted, of_module)

@pytest.mark.parametrize("a", [1])
def test_error_in_setup(a, falls_over): pass
@pytest.mark.parametrize("a", [1, 2])
def test_kept_error(a, fell_over_once): pass
@pytest.mark.parametrize("a", [1])
def test_missing(a, not_there): pass
@pytest.mark.parametrize("a", [1])
def test_counted_by_name(a, request): request.getfixturevalue("counted")
@pytest.mark.parametrize("a", [1])
def test_dynamic(a, request):
    log("in", request.getfixturevalue("uses_parameter"), request.fixturenames)
    request.addfinalizer(lambda: log("own finalizer", request.getfixturevalue("a")))

class TestClass:
    @pytest.fixture(scope="class")
    def of_class(self, of_session, request):
        log("set up class", request.cls)
        yield 5
        log("end class")
    @pytest.fixture
    def of_self(self, of_class): return self
    @pytest.mark.parametrize("a", [1, 2])
    def test_method(self, a, of_class, of_self):
        log("in", a, of_class)
        assert of_self is self
    def test_other(self, of_self, of_class): assert of_class == 6
"""

FIXTURE_HOOKS = """
def pytest_fixture_setup(fixturedef, request): log("hook", fixturedef.argname, request.fixturename, request.scope)
def pytest_fixture_post_finalizer(fixturedef, request): log("hook ends", fixturedef.argname, fixturedef.cached_result)
"""

REGISTERS_HOOKS = """
from conftest import log
class Late:
    def pytest_fixture_post_finalizer(self, fixturedef): log("late hook ends", fixturedef.argname)
def test_z_registers(request, of_session): request.config.pluginmanager.register(Late())
def test_z_then(of_session, tmp_path): pass
"""


def seen_by_both(single, folder, *argv):
    seen = []
    for fast in (False, True):
        worker = single(*argv, fast_protocol=fast)[0]
        lines = re.sub(r"0x[0-9a-f]+|pytest-\d+", "0x", (folder / "seen.log").read_text()).splitlines()
        assert len(lines) > 100
        seen.append((told(worker), lines))
        (folder / "seen.log").unlink()
    return seen


@needs_fast_protocol
@pytest.mark.parametrize("hooks", ["", FIXTURE_HOOKS], ids=["plain", "hooks"])
@pytest.mark.parametrize("argv", [[], ["--tb=native"]], ids=" ".join)
def test_fixtures_see_and_do_the_same(single, project, hooks, argv):
    folder = project({"conftest.py": CONFTEST + hooks, "test_a.py": SUITE, "test_b.py": SUITE, "test_z.py": REGISTERS_HOOKS})
    slow, fast = seen_by_both(single, folder, *argv)
    assert slow[1] == fast[1]
    assert_same(slow[0], fast[0])


@needs_fast_protocol
@pytest.mark.skipif(tuple(map(int, pytest.__version__.split(".")[:2])) not in ((9, 1), (9, 2)), reason="all set-ups are pytest's here")
@pytest.mark.parametrize("hook, made", [("", 0), ("def pytest_fixture_setup(fixturedef): pass", 8)], ids=["plain", "heard"])
def test_parameters_and_what_is_there_need_no_request(single, project, hook, made):
    conftest = f"""
    import pytest
    from _pytest import fixtures
    theirs, made = fixtures.FixtureRequest.__init__, []
    def count(self, *args, **kwargs):
        theirs(self, *args, **kwargs)
        made.append(self.fixturename)
    fixtures.FixtureRequest.__init__ = count
    @pytest.fixture(scope="session")
    def wide(): return 1
    @pytest.fixture(scope="session")
    def wider(wide): return 2
    {hook}
    """
    text = """
    import conftest, pytest
    def test_first(wider, wide): conftest.made.clear()
    @pytest.mark.parametrize("a", [1, 2])
    @pytest.mark.parametrize("b", [3])
    def test_it(a, b, wide, wider, tmp_path): pass
    def test_last():
        assert len([name for name in conftest.made if name in ("a", "b", "wide", "wider")]) == EXPECTED
    """
    project({"conftest.py": conftest, "test_a.py": text.replace("EXPECTED", str(made))})
    assert list(single()[0].outcomes().values()) == ["ppp"] * 4
