"""Fixtures of function scope that are called the short way do, and end, as they do under pytest, also those that fail."""

import pytest
from compat_setup_test import seen_by_both
from fast_protocol_test import assert_same, needs_fast_protocol, told

CONFTEST = """
import functools, pathlib, pytest, sys, warnings
FILE = pathlib.Path(__file__).parent / "seen.log"
def log(*what):
    with FILE.open("a") as file: print(*what, file=file)

def deprecated(level): warnings.warn(f"level {level}", DeprecationWarning, stacklevel=level)

@pytest.fixture
def first(request):
    log("first", request.fixturename, request.scope, request.node.name, request.param_index, hasattr(request, "param"), repr(request))
    request.addfinalizer(lambda: log("own finalizer of first"))
    yield 1
    log("end first")

@pytest.fixture
def second(first): return log("second", first) or first + 1

@pytest.fixture
def third(second, first, request):
    log("third", [each.fixturename for each in request._iter_chain()], list(request._fixture_defs))
    yield second + first
    log("end third", request.getfixturevalue("second"))

@pytest.fixture(params=["p", "q"])
def chosen(request, first):
    yield request.param + str(request.param_index)
    log("end chosen", request.param)

@pytest.fixture
def dynamic(request):
    value = request.getfixturevalue("third")
    return value, request.getfixturevalue("first")

@pytest.fixture
def warns():
    for level in (1, 2, 3): deprecated(level)
    return 1

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs): return function(*args, **kwargs)
    return wrapper

@pytest.fixture
@traced
def wrapped(second): return second

@pytest.fixture
def fails(second, request):
    log("fails")
    request.addfinalizer(lambda: log("own finalizer of fails"))
    raise ValueError(second)

@pytest.fixture
def fails_early(third):
    log("fails early")
    assert third == "other"
    yield

@pytest.fixture
def uses_failing(first, fails_early, request):
    raise AssertionError("is never reached")

@pytest.fixture
def yields_nothing(first):
    log("yields nothing")
    if not first: yield

@pytest.fixture
def yields_twice(first):
    yield 1
    yield 2

@pytest.fixture
def fails_in_teardown(third):
    yield
    raise ValueError("teardown")

@pytest.fixture
def asks_in_vain(request): return request.getfixturevalue("missing")
@pytest.fixture
def skips(second): pytest.skip("of a fixture")
@pytest.fixture
def expects(second): pytest.xfail("of a fixture")
@pytest.fixture
def chains(second):
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise KeyError("chained") from error
@pytest.fixture
def stops(second): raise StopIteration("not an end")
@pytest.fixture
async def never(first): pass
@pytest.fixture
def uses_async(never): pass

@pytest.fixture
def registers(first, request):
    class Late:
        def pytest_fixture_setup(self, fixturedef): log("late hook", fixturedef.argname)
        def pytest_fixture_post_finalizer(self, fixturedef): log("late hook ends", fixturedef.argname)
    request.config.pluginmanager.register(Late(), "late")
    yield
    request.config.pluginmanager.unregister(name="late")
@pytest.fixture
def after(registers, second): yield
"""

SUITE = """
import pytest
from conftest import log

@pytest.fixture
def second(second): return second * 10  # Overrides, and uses what it overrides.
@pytest.fixture(autouse=True)
def around(first):
    log("around")
    yield
    log("end around")

def test_chain(third, first): log("in", third, first)
def test_params(chosen, third): log("in", chosen, third)
@pytest.mark.parametrize("chosen", ["x"], indirect=True)
def test_indirect(chosen): log("in", chosen)
@pytest.mark.parametrize("first", [7, 8])
def test_replaced(third, first): log("in", third)
def test_dynamic(dynamic): log("in", dynamic)
def test_wrapped(wrapped): log("in", wrapped)
def test_warns(warns): pass
@pytest.mark.parametrize("name", "FAILING".split())
def test_by_name(name, request): request.getfixturevalue(name)
@pytest.mark.usefixtures("second")
def test_after_a_failure(first): log("in", first)
def test_hooks_come(after, third): pass
def test_hooks_are_gone(third): pass
@pytest.mark.filterwarnings("error")
def test_warning_is_an_error(warns): pass

class TestClass:
    @pytest.fixture
    def own(self, second):
        self.value = second
        yield self
        log("end own", self.value)
    @pytest.fixture
    @classmethod
    def of_cls(cls): return cls
    @pytest.fixture
    def own_fails(self, own): raise ValueError(own.value)
    def test_own(self, own, of_cls):
        log("in", own.value, of_cls)
        assert own is self
    def test_own_fails(self, own_fails): pass
"""
FAILING = (
    "fails fails_early uses_failing yields_nothing yields_twice fails_in_teardown asks_in_vain skips expects chains stops never uses_async missing"
)
SUITE = SUITE.replace("FAILING", FAILING) + "".join(f"def test_{name}({name}): pass\n" for name in FAILING.split())


@needs_fast_protocol
@pytest.mark.parametrize("argv", [[], ["--tb=native"], ["--tb=long", "-p", "no:threadexception"]], ids=" ".join)
def test_functions_do_the_same(single, project, argv):
    folder = project({"conftest.py": CONFTEST, "test_a.py": SUITE})
    slow, fast = seen_by_both(single, folder, *argv)
    assert slow[1] == fast[1]
    assert_same(slow[0], fast[0])


@needs_fast_protocol
def test_a_failed_function_is_called_once(single, project):
    text = """
    import pytest
    calls = []
    @pytest.fixture
    def fails(): calls.append(1); raise ValueError
    def test_fails(fails): pass
    def test_last(): assert calls == [1]
    """
    project({"test_a.py": text})
    assert told(single()[0]) and list(single()[0].outcomes().values()) == ["fp", "ppp"]
