"""The items that the fast collection makes are those that pytest makes."""

import json

import pytest

CONFTEST = '''
import json
import pytest

@pytest.fixture(autouse=True)
def everywhere(of_session): pass
@pytest.fixture(scope="session")
def of_session(): pass
@pytest.fixture(params=[1, 2])
def twice(request): return request.param
@pytest.fixture
def uses_twice(twice): pass

def description(item):
    info = item._fixtureinfo
    return {
        "id": item.nodeid, "type": type(item).__name__, "names": item.fixturenames, "arguments": info.argnames,
        "initial": info.initialnames, "closure": info.names_closure, "keywords": list(item.keywords),
        "marks": [(mark.name, repr(mark.args)) for mark in item.iter_markers()], "original": getattr(item, "originalname", ""),
        "definitions": {name: [d.baseid for d in found] for name, found in info.name2fixturedefs.items()},
        "location": item.location, "instance": type(item.instance).__name__,
    }

def pytest_collection_finish(session):
    assert len({id(item.fixturenames) for item in session.items if not hasattr(item, "callspec")}) > 5
    with open("items.json", "w") as file:
        json.dump([description(item) for item in session.items], file)
'''

SUITE = '''
import functools, unittest.mock
import pytest

@pytest.fixture
def local(of_session): pass
@pytest.fixture
def of_session(of_session): return of_session

def test_plain(): pass
def test_fixtures(local, tmp_path, of_session): pass
def test_same_fixtures(local, tmp_path, of_session): pass
def test_default(local, n=3): pass
def test_keyword_only(*, local): pass
def test_variadic(*args, **kwargs): pass
def test_positional(local, /): pass
def test_missing(nowhere): pass
def test_params(twice): pass
def test_params_below(uses_twice): pass
@pytest.mark.parametrize("n", [1, 2])
def test_parametrised(n): pass
@pytest.mark.usefixtures("local")
def test_uses(): pass
@pytest.mark.own(3)
def test_marked(): pass
@unittest.mock.patch("os.getcwd")
def test_patched(getcwd, local): pass
@functools.wraps(test_fixtures)
def test_wrapping(*args, **kwargs): pass
test_lambda = lambda local: None
test_partial = functools.partial(test_fixtures, local=1)
test_not_callable = 3
def test_hidden(): pass
test_hidden.__test__ = False
def test_with_attribute(): pass
test_with_attribute.flag = 1
async def test_async(local): pass
@pytest.fixture
def test_is_a_fixture(): pass

class TestClass:
    @pytest.fixture
    def local(self, local): pass
    def setup_method(self): pass
    def test_plain(self): pass
    def test_fixtures(self, local): pass
    def test_no_self(): pass
    @staticmethod
    def test_static(local): pass
    @classmethod
    def test_class(cls, local): pass
    @pytest.mark.own
    def test_marked(self, local): pass
    class TestInner:
        def test_inner(self, twice): pass

class TestDerived(TestClass):
    def test_fixtures(self): pass
    def test_more(self, local): pass

@pytest.mark.usefixtures("tmp_path")
class TestMarked:
    def test_1(self): pass

@pytest.mark.parametrize("n", [1, 2])
class TestParametrised:
    def test_1(self, n): pass

class TestGenerates:
    def pytest_generate_tests(self, metafunc): metafunc.parametrize("n", [1])
    def test_1(self, n): pass
'''

GENERATES = '''
def pytest_generate_tests(metafunc):
    if "n" in metafunc.fixturenames: metafunc.parametrize("n", "ab")
def test_1(n): pass
def test_2(): pass
'''

MARKED = "import pytest\npytestmark = [pytest.mark.own, pytest.mark.usefixtures('tmp_path')]\ndef test_1(): pass\n"
FILES = {"conftest.py": CONFTEST, "test_all.py": SUITE, "test_generates.py": GENERATES, "below/test_marked.py": MARKED}


def items(agent, folder, fast):
    one = agent(fast_protocol=fast)
    one.ready()
    one.become().until("COLLECTED")
    return json.loads((folder / "items.json").read_text())


def test_items_are_the_same(project, agent):
    folder = project(FILES)
    slow, fast = items(agent, folder, False), items(agent, folder, True)
    assert len(slow) > 45
    for one, other in zip(slow, fast):
        assert one == other
    assert len(slow) == len(fast)


@pytest.mark.parametrize(
    "hook", ["pytest_generate_tests(metafunc): metafunc.fixturenames.append('x')", "pytest_pycollect_makeitem(name): return [] if name == 'test_1' else None"]
)
def test_hooks_on_collecting_are_called(project, agent, hook):
    folder = project({**FILES, "below/conftest.py": f"def {hook}\n"})
    assert items(agent, folder, False) == items(agent, folder, True)
