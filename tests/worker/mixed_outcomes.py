"""A suite with every outcome that a report can tell, for fast_protocol_test.py."""

from mixed_fixtures import FIXTURES

CONFTEST = '''
import pytest

def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long")

@pytest.fixture(scope="session")
def of_session():
    print("session up")
    yield [1]
    print("session down")

@pytest.fixture
def broken_in_conftest():
    raise ValueError("from the conftest")

@pytest.fixture
def broken_afterwards():
    yield
    raise ValueError("teardown in the conftest")

@pytest.fixture(params=["x", "y"])
def letter(request):
    return request.param
'''

OUTCOMES = '''
import logging, os, sys, threading, unittest, warnings
import pytest

log = logging.getLogger("mixed")

def test_pass(): pass
def test_fail(): assert [1, 2, {"a": 3}] == [1, 2, {"a": 4}], "numbers"
def test_fail_deep():
    def inner(n):
        return inner(n - 1) if n else 1 / 0
    inner(3)
def test_fail_chained():
    try:
        {}["a"]
    except KeyError as error:
        raise RuntimeError("chained") from error
def test_fail_group(): raise ExceptionGroup("several", [ValueError(1), TypeError("2")])
def test_pytest_fail(): pytest.fail("with a trace")
def test_pytest_fail_without_trace(): pytest.fail("no trace", pytrace=False)
def test_system_exit(): sys.exit(3)
def test_base_exception(): raise GeneratorExit("odd")
def test_skip(): pytest.skip("inside")
def test_unittest_skip(): raise unittest.SkipTest("unittest's")
def test_importorskip(): pytest.importorskip("no_such_module_at_all")
@pytest.mark.skip(reason="marked")
def test_skip_mark(): assert 0
@pytest.mark.skip
def test_skip_bare(): assert 0
@pytest.mark.skipif(True, reason="condition")
def test_skipif(): assert 0
@pytest.mark.skipif(False, reason="not this time")
def test_skipif_not(): pass
@pytest.mark.skipif("sys.platform")
def test_skipif_text(): assert 0
@pytest.mark.skipif("no_such_name")
def test_skipif_bad(): assert 0
def test_xfail_call(): pytest.xfail("imperative")
@pytest.mark.xfail
def test_xfail(): assert 0
@pytest.mark.xfail
def test_xpass(): pass
@pytest.mark.xfail(strict=True, reason="strictly")
def test_xpass_strict(): pass
@pytest.mark.xfail(raises=ValueError)
def test_xfail_raises(): raise ValueError
@pytest.mark.xfail(raises=ValueError)
def test_xfail_raises_other(): raise TypeError
@pytest.mark.xfail(run=False, reason="not run")
def test_xfail_norun(): assert 0
def test_xfail_added_in_call(request):
    request.node.add_marker(pytest.mark.xfail(reason="added"))
    assert 0
def test_xpass_added_in_call(request):
    request.node.add_marker(pytest.mark.xfail(reason="added", strict=True))
@pytest.fixture
def adds_xfail(request): request.applymarker(pytest.mark.xfail(reason="by fixture"))
def test_xfail_added_in_setup(adds_xfail): assert 0
def test_xpass_added_in_setup(adds_xfail): pass
def test_skip_added_in_call(request):
    request.node.add_marker(pytest.mark.skip(reason="too late"))
@pytest.mark.slow
def test_marked(): pass

def test_output():
    print("out")
    print("err", file=sys.stderr)
def test_output_by_descriptor(): os.write(1, b"raw out"); os.write(2, b"raw err")
def test_output_and_failure():
    print("before")
    assert 0
def test_output_replaced(): sys.stdout = open(os.devnull, "w")
def test_output_after_replaced(): print("seen")
def test_descriptor_replaced():
    print("first")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
def test_after_descriptor_replaced(): os.write(1, b"seen")
@pytest.fixture
def talks():
    print("up"); log.warning("up %s", 1)
    yield
    print("down"); log.error("down")
def test_talking_fixture(talks): print("middle"); log.critical("middle")
def test_talking_fixture_failure(talks): print("middle"); log.critical("middle"); assert 0
def test_quiet_after_talk(): pass
def test_capsys(capsys):
    print("mine")
    assert capsys.readouterr().out == "mine\\n"
    print("rest")
def test_capfd(capfd):
    os.system("echo mine")
    assert capfd.readouterr().out == "mine\\n"
def test_capsys_disabled(capsys):
    with capsys.disabled():
        pass
    print("after")
def test_capsys_failure(capsys): print("rest"); assert 0
def test_two_captures(capsys, capfd): pass
def test_log(): log.warning("warned")
def test_log_failure(): log.warning("warned"); log.info("not shown"); assert 0
def test_caplog(caplog):
    with caplog.at_level(logging.DEBUG):
        log.debug("seen")
    assert caplog.messages == ["seen"]
    assert caplog.get_records("setup") == []
def test_caplog_phases(talks, caplog):
    log.error("here")
    assert [r.message for r in caplog.get_records("setup")] == ["up 1"] and caplog.messages == ["here"]
def test_caplog_dynamic(request):
    log.error("early")
    assert request.getfixturevalue("caplog").messages == ["early"]
def test_caplog_clear(caplog): log.error("gone"); caplog.clear(); assert not caplog.records
def test_handlers_removed(): logging.getLogger().handlers.clear()
def test_log_after_handlers_removed(): log.error("still heard"); assert 0
def test_logger_apart(): logging.getLogger("apart").propagate = False
def test_log_of_logger_apart(): logging.getLogger("apart").error("alone"); assert 0
def test_bad_log_call(): log.error("%d", "x")

def test_warning(): warnings.warn("plain")
def test_warning_twice():
    for _ in range(2): warnings.warn("again", DeprecationWarning)
def test_warning_deep(): warnings.warn("of whom", stacklevel=2)
@pytest.mark.filterwarnings("error")
def test_warning_error(): warnings.warn("raised")
@pytest.mark.filterwarnings("ignore:hidden")
def test_warning_ignored(): warnings.warn("hidden"); warnings.warn("shown")
def test_simplefilter(): warnings.simplefilter("ignore"); warnings.warn("not seen")
def test_warning_after_simplefilter(): warnings.warn("seen")
@pytest.fixture
def warns(): warnings.warn("setting up"); yield; warnings.warn("tearing down")
def test_warning_fixture(warns): pass
def test_recwarn(recwarn): warnings.warn("caught"); assert len(recwarn) == 1
def test_returns(): return 3
@pytest.mark.filterwarnings("error")
def test_returns_error(): return 3
async def test_async(): pass
class Unraisable:
    def __del__(self): raise ValueError("in del")
def test_unraisable(): Unraisable()
@pytest.mark.filterwarnings("error")
def test_unraisable_error(): print("first"); log.error("logged"); Unraisable()
@pytest.mark.filterwarnings("error")
def test_unraisable_and_failure(): Unraisable(); assert 0
@pytest.fixture
def leaks(): Unraisable(); yield; Unraisable()
def test_unraisable_in_fixture(leaks): pass
@pytest.mark.filterwarnings("error")
def test_unraisable_error_in_fixture(leaks): pass
def in_thread(): raise ValueError("in thread")
def test_thread():
    thread = threading.Thread(target=in_thread, name="one"); thread.start(); thread.join()
@pytest.mark.filterwarnings("error")
def test_thread_error():
    thread = threading.Thread(target=in_thread, name="two"); thread.start(); thread.join()

def test_current_test():
    assert os.environ["PYTEST_CURRENT_TEST"].endswith("test_current_test (call)")
def test_environment_cleared(monkeypatch): monkeypatch.delenv("PYTEST_CURRENT_TEST")
def test_last_exception_is_gone(): assert not hasattr(sys, "last_value")
def test_tmp_path(tmp_path): (tmp_path / "x").write_text("1")
def test_monkeypatch(monkeypatch): monkeypatch.setattr(os, "curdir", "?")
def test_unpatched(): assert os.curdir == "."
def test_properties(record_property): record_property("key", "value")
def test_xml(record_xml_attribute, record_testsuite_property): pass
@pytest.mark.parametrize("n", [1, 2, pytest.param(3, marks=pytest.mark.xfail), pytest.param(4, marks=pytest.mark.skip)])
def test_parametrised(n): assert n < 2
def test_letter(letter): assert letter == "x"
def test_no_fixture(no_such_fixture): pass
def test_no_dynamic_fixture(request): request.getfixturevalue("nothing")
def test_explained(): assert "abc" in ["abd"]
def test_own_exception():
    class Odd(Exception):
        def __str__(self): raise TypeError("no text")
    raise Odd
def test_hidden_frame():
    __tracebackhide__ = True
    assert 0
def test_node_output(request): request.node.add_report_section("call", "extra", "more")
'''

BROKEN_MODULE = '''
def setup_module(): raise ValueError("module start")
def test_1(): pass
def test_2(): pass
'''

UNITTEST = '''
import unittest, warnings
class Case(unittest.TestCase):
    def setUp(self): print("up")
    def test_pass(self): pass
    def test_fail(self): self.assertEqual(1, 2)
    def test_error(self): 1 / 0
    def test_skip(self): self.skipTest("no")
    def test_subtests(self):
        for n in range(3):
            with self.subTest(n=n): self.assertLess(n, 2)
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    @unittest.skip("decorated")
    def test_decorated(self): pass
'''

SUBTESTS = '''
import pytest
def test_subtests(subtests):
    for n in range(3):
        with subtests.test("part", n=n): assert n != 1
def test_subtests_dynamic(request):
    with request.getfixturevalue("subtests").test("part"): assert 0
def test_after(): pass
'''

FOREIGN_HOOK = '''
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item): print("foreign")
'''

FILES = {
    "conftest.py": CONFTEST,
    "test_outcomes.py": OUTCOMES,
    "test_fixtures.py": FIXTURES,
    "test_broken_module.py": BROKEN_MODULE,
    "test_unittest.py": UNITTEST,
    "hooked/conftest.py": FOREIGN_HOOK,
    "hooked/test_hooked.py": "def test_1(): pass\ndef test_2(): assert 0\n",
}
