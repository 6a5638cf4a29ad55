"""A plugin's wrapper of pytest_runtest_makereport gets the report that pytest would have given it."""

import pytest
from fast_protocol_test import assert_same, needs_fast_protocol, told

LOG = """
import pathlib, pytest
FILE = pathlib.Path(__file__).parent / "seen.log"
def log(item, call, report):
    seen = {name: value for name, value in vars(report).items() if name not in ("start", "stop", "duration")}
    same = (call.start, call.stop, call.duration) == (report.start, report.stop, report.duration)
    with FILE.open("a") as file:
        print(type(report).__name__, report.nodeid, list(seen.items()), call.when, call.excinfo, same, file=file)
"""
HOOKS = {
    "wrapper": """
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    log(item, call, report)
    report.keywords["seen"] = 1
    return report
""",
    "old_wrapper": """
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    log(item, call, outcome.get_result())
    if item.name == "test_plain" and call.when == "call":
        outcome.get_result().outcome = "failed"
        outcome.get_result().longrepr = "it fails afterwards"
    if item.name == "test_own": outcome.get_result().sections.append(("More", "text"))
""",
    "innermost": """
@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_makereport(item, call):
    log(item, call, (yield).get_result())
""",
    "maker": """
def pytest_runtest_makereport(item, call):
    if call.when == "call" and item.name == "test_plain":
        report = pytest.TestReport.from_item_and_call(item, call)
        report.sections.append(("Made", "elsewhere"))
        log(item, call, report)
        return report
""",
    "two": """
class Other:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        log(item, call, report)
        return report
def pytest_configure(config): config.pluginmanager.register(Other())
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.from_conftest = 1
    return report
""",
}
SUITE = """
import pytest, unittest
def test_plain(): pass
def test_prints(): print("out")
def test_fails(): assert 0
@pytest.mark.own
def test_own(record_property, request):
    record_property("k", 1)
    request.node.add_marker("later")
    request.node.parent.add_marker("above")
def test_after(tmp_path): (tmp_path / "x").touch()
@pytest.mark.parametrize("a", ["é", "%s"])
def test_parameter(a): pass
def test_skips(): pytest.skip("why")
@pytest.mark.xfail
def test_xfails(): assert 0
@pytest.fixture
def ends_badly():
    yield
    print("late")
    assert 0
def test_teardown(ends_badly): pass
class TestClass:
    def test_method(self): pass
class TestCase(unittest.TestCase):
    def test_method(self): pass
"""


@needs_fast_protocol
@pytest.mark.parametrize("name", sorted(HOOKS))
def test_wrappers_see_the_same_reports(single, project, name):
    folder = project({"conftest.py": LOG + HOOKS[name], "test_a.py": SUITE})
    seen = []
    for fast in (False, True):
        worker = single("-W", "ignore", fast_protocol=fast)[0]
        lines = (folder / "seen.log").read_text().splitlines()
        seen.append((told(worker), lines))
        (folder / "seen.log").unlink()
    assert seen[0][1] == seen[1][1]
    assert_same(seen[0][0], seen[1][0])


@needs_fast_protocol
def test_a_report_that_would_differ_is_made_by_pytest(single, project):
    conftest = """
    import pytest
    theirs = pytest.TestReport.from_item_and_call.__func__
    def from_item_and_call(cls, item, call):
        report = theirs(cls, item, call)
        report.more = 1
        return report
    pytest.TestReport.from_item_and_call = classmethod(from_item_and_call)
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        assert report.more == 1
        return report
    """
    project({"conftest.py": conftest, "test_a.py": "def test_1(): pass\ndef test_2(): pass\n"})
    assert list(single()[0].outcomes().values()) == ["ppp", "ppp"]
