"""The fixtures' part of mixed_outcomes.py: every scope, every way to fail before and after a test."""

FIXTURES = '''
import pytest, sys

def test_conftest_broken(broken_in_conftest): pass
def test_conftest_broken_afterwards(broken_afterwards): pass
def test_failure_and_teardown(broken_afterwards): assert 0
def test_session_fixture(of_session): assert of_session

@pytest.fixture
def no_yield():
    if 0: yield
def test_fixture_without_yield(no_yield): pass
@pytest.fixture
def two_yields(): yield; yield
def test_fixture_with_two_yields(two_yields): pass
@pytest.fixture
def skips(): pytest.skip("by fixture")
def test_skipping_fixture(skips): pass
@pytest.fixture
def skips_afterwards(): yield; pytest.skip("late")
def test_skipping_teardown(skips_afterwards): pass
@pytest.fixture
def xfails(): pytest.xfail("by fixture")
def test_xfailing_fixture(xfails): pass
@pytest.fixture
def exits(): sys.exit(1)
def test_exiting_fixture(exits): pass
@pytest.fixture
def fails(): pytest.fail("plainly", pytrace=False)
def test_failing_fixture(fails): pass
@pytest.fixture(scope="module")
def wide(narrow): pass
@pytest.fixture
def narrow(): pass
def test_scope_mismatch(wide): pass
@pytest.fixture
def bad_one(request): request.addfinalizer(lambda: 1 / 0)
@pytest.fixture
def bad_two(request): request.addfinalizer(lambda: {}["x"])
def test_two_bad_finalizers(bad_one, bad_two): pass
@pytest.fixture(scope="module")
def broken_module(): raise OSError("module")
def test_broken_module_1(broken_module): pass
def test_broken_module_2(broken_module): pass

class TestClass:
    @classmethod
    def setup_class(cls): print("class up")
    @classmethod
    def teardown_class(cls): print("class down")
    def setup_method(self): print("method up")
    def teardown_method(self): print("method down")
    def test_one(self): pass
    def test_two(self): assert 0

class TestBrokenClass:
    @classmethod
    def setup_class(cls): raise ValueError("class")
    def test_one(self): pass
    def test_two(self): pass

class TestBrokenEnd:
    @classmethod
    def teardown_class(cls): raise ValueError("class end")
    def teardown_method(self): raise TypeError("method end")
    def test_one(self): pass
    def test_two(self): pass

@pytest.mark.xfail
class TestExpected:
    def test_fails(self): assert 0
    def test_passes(self): pass

@pytest.mark.usefixtures("of_session")
@pytest.mark.filterwarnings("error::UserWarning")
class TestMarked:
    def test_passes(self): pass
    def test_warns(self):
        import warnings
        warnings.warn("x")

def teardown_module(): raise ValueError("module end")
'''
