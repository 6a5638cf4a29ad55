"""hypothesis is told only of the functions that are its own; what it does there comes out as with pytest."""

from fast_protocol_test import assert_same, both, needs_fast_protocol

# As the plugin of hypothesis does: a mark on the function, a note on the item, one on the report, and a summary of these.
PLUGIN = """
import pathlib, sys, types, pytest
FILE = pathlib.Path(__file__).parent / "seen.log"
def log(*words):
    with FILE.open("a") as file: print(*words, file=file)
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    log("call", item.name)
    if getattr(item.obj, "is_hypothesis_test", False): item.hypothesis_statistics = "a"
    if "hypothesis.core" in sys.modules: sys.modules["hypothesis.core"].running_under_pytest = True
    yield
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    log("report", item.name, call.when)
    if call.when == "teardown" and hasattr(item, "hypothesis_statistics"): report.statistics = item.hypothesis_statistics
def pytest_terminal_summary(terminalreporter):
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "statistics"): terminalreporter.write_line(f"{report.nodeid}: {report.statistics}")
"""
SUITE = """
import pytest
def test_plain(): pass
def test_fixture(tmp_path): pass
def test_fails(): assert 0
def test_given(): pass
test_given.is_hypothesis_test = True
def test_given_fails(): assert 0
test_given_fails.is_hypothesis_test = True
"""
OPTIONS = ("-p", "_hypothesis_pytestplugin")


@needs_fast_protocol
def test_it_is_not_called_for_other_functions(single, project):
    folder = project({"_hypothesis_pytestplugin.py": PLUGIN, "test_a.py": SUITE})
    single(*OPTIONS)
    seen = (folder / "seen.log").read_text()
    assert "test_plain" not in seen
    assert "test_fixture" not in seen
    for line in ("call test_given\n", "report test_given setup\n", "report test_given call\n", "report test_given teardown\n"):
        assert seen.count(line) == 1


@needs_fast_protocol
def test_reports_and_summary_are_pytests(single, project):
    slow, fast = both(single, project, {"_hypothesis_pytestplugin.py": PLUGIN, "test_a.py": SUITE}, *OPTIONS)
    assert_same(slow, fast)
    assert "test_a.py::test_given: a" in str(fast)


@needs_fast_protocol
def test_it_is_called_until_hypothesis_knows_that_it_runs_under_pytest(single, project):
    suite = "import sys, types\nsys.modules['hypothesis.core'] = types.ModuleType('hypothesis.core')\n" + SUITE
    folder = project({"_hypothesis_pytestplugin.py": PLUGIN, "test_a.py": suite})
    single(*OPTIONS)
    seen = (folder / "seen.log").read_text()
    assert "call test_plain" in seen
    assert "test_fixture" not in seen


@needs_fast_protocol
def test_passed_tests_are_listed_for_a_plugins_summary(single, project):
    conftest = """
    def pytest_terminal_summary(terminalreporter):
        terminalreporter.write_line(" ".join(report.nodeid for report in terminalreporter.stats["passed"]))
    """
    slow, fast = both(single, project, {"conftest.py": conftest, "test_a.py": SUITE})
    assert_same(slow, fast)
    assert "test_a.py::test_plain test_a.py::test_fixture test_a.py::test_given" in str(fast)
