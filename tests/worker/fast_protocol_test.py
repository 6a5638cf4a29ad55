"""Nobody can tell from the reports whether an item took the fast protocol or pytest's."""

import re
import sys

import mixed_hooks
import mixed_outcomes
import pytest

PHASES = ("setup", "call", "teardown")
needs_fast_protocol = pytest.mark.skipif(
    tuple(map(int, pytest.__version__.split(".")[:2])) < (8, 4) or not (3, 11) <= sys.version_info < (3, 14),
    reason="items take pytest's protocol here",
)


def told(worker):
    """Everything but times and addresses that a worker told, in order, with the envelopes."""
    seen = []
    for record in worker.records:
        told = {key: value for key, value in record.items() if key not in ("start", "stop", "duration", "seconds")}
        if record.kind == "REPORT" and told["envelope"]:
            for name in ("start", "stop", "duration"):
                told["envelope"]["report"].pop(name, None)
        seen.append((record.kind, re.sub(r"0x[0-9a-f]+|stopped \d+|pytest-\d+", "0x", repr(told))))
    return seen


def both(single, project, files, *argv, **more):
    """What the same suite tells without and with the fast protocol."""
    project(files)
    slow = single(*argv, fast_protocol=False, **more)[0]
    fast = single(*argv, fast_protocol=True, **more)[0]
    return told(slow), told(fast)


def assert_same(slow, fast):
    for one, other in zip(slow, fast):
        assert one[0] == other[0]
        assert one[1].split(", ") == other[1].split(", ")
    assert len(slow) == len(fast)


LOOKS_AT_STACK = '''
import sys
def test_1():
    frame, names = sys._getframe(), []
    while frame: names.append(frame.f_code.co_name); frame = frame.f_back
    assert "_run_phases" in names
'''


def taken(single, project, files, *argv, **more):
    """Whether a test runs below the fast protocol."""
    project({"conftest.py": "", **files, "test_a.py": LOOKS_AT_STACK})
    worker = single(*argv, **more)[0]
    return list(worker.outcomes().values()) == ["ppp"]


@needs_fast_protocol
def test_a_plain_suite_takes_the_fast_protocol(single, project):
    assert taken(single, project, {})


@needs_fast_protocol
@pytest.mark.parametrize("argv", [["--setup-show"], ["-o", "log_cli=true"], ["-p", "no:logging"], ["--runxfail"], ["--full-trace"]], ids=" ".join)
def test_options_that_look_into_the_protocol_switch_it_off(single, project, argv):
    assert not taken(single, project, {}, *argv)


@pytest.mark.parametrize("step", ["runner.call_and_report", "runner.runtestprotocol", "reports.TestReport.from_item_and_call"])
def test_a_conftest_that_replaces_a_step_of_pytests_switches_it_off(single, project, step):
    conftest = f"from _pytest import reports, runner\ntheirs = {step}\n{step} = lambda *args, **kwargs: theirs(*args, **kwargs)\n"
    assert not taken(single, project, {"conftest.py": conftest})


def test_setup_switches_it_off(single, project):
    assert not taken(single, project, {}, fast_protocol=False)


def test_a_conftest_that_may_run_items_itself_switches_it_off(single, project):
    assert not taken(single, project, {"conftest.py": "def pytest_runtest_protocol(item): pass\n"})


@needs_fast_protocol
@pytest.mark.parametrize("hook", ["pytest_runtest_setup(item)", "pytest_runtest_logreport(report)", "pytest_runtest_makereport(item, call)"])
def test_other_hooks_of_a_conftest_leave_it_on(single, project, hook):
    assert taken(single, project, {"conftest.py": f"def {hook}: pass\n"})


@needs_fast_protocol
def test_a_test_after_a_failed_one_takes_the_short_way(single, project):
    conftest = """
    from _pytest import runner
    theirs, calls = runner.CallInfo.from_call, []
    def from_call(func, when, *args, **kwargs):
        calls.append(when)
        return theirs(func, when, *args, **kwargs)
    runner.CallInfo.from_call = from_call
    """
    text = """
    import conftest
    def test_1(): assert 0
    def test_2(): pass
    def test_3(): assert [when for when in conftest.calls if when != "collect"] == ["call"]
    """
    project({"conftest.py": conftest, "test_a.py": text})
    assert list(single()[0].outcomes().values()) == ["pfp", "ppp", "ppp"]


@pytest.mark.parametrize("name", sorted(mixed_hooks.CONFTESTS))
@pytest.mark.parametrize("argv", [[], ["-s"], ["--tb=native"]], ids=" ".join)
def test_a_suite_with_hooks_tells_the_same(single, project, name, argv):
    """Also what the hooks saw, and in which order."""
    files = dict(mixed_outcomes.FILES)
    files["conftest.py"] = files["conftest.py"] + mixed_hooks.LOG + mixed_hooks.CONFTESTS[name]
    folder = project(files)
    seen = []
    log = folder / "hooks.log"
    for fast in (False, True):
        log.touch()
        worker = single(*argv, fast_protocol=fast)[0]
        seen.append((told(worker), log.read_text()))
        log.unlink()
    assert seen[0][1].splitlines() == seen[1][1].splitlines()
    assert_same(seen[0][0], seen[1][0])


@pytest.mark.parametrize("name", sorted(mixed_hooks.CONFTESTS))
def test_a_suite_with_the_hooks_of_a_plugin_tells_the_same(single, project, name):
    """A plugin comes before pytest's capturing: its wrappers run inside of it."""
    folder = project({**mixed_outcomes.FILES, "hooking.py": mixed_hooks.LOG + mixed_hooks.CONFTESTS[name]})
    seen = []
    log = folder / "hooks.log"
    for fast in (False, True):
        log.touch()
        worker = single("-p", "hooking", fast_protocol=fast)[0]
        seen.append((told(worker), log.read_text()))
        log.unlink()
    assert seen[0][1].splitlines() == seen[1][1].splitlines()
    assert_same(seen[0][0], seen[1][0])


@needs_fast_protocol
def test_a_hook_counts_in_its_own_folder_only(single, project):
    assert taken(single, project, {"below/conftest.py": "def pytest_runtest_setup(item): pass\n"})


def test_a_plugin_registered_while_running_is_heard(single, project):
    text = '''
    import pytest
    class Plugin:
        seen = []
        def pytest_runtest_call(self, item): self.seen.append(item.name)
    def test_1(request): request.config.pluginmanager.register(Plugin())
    def test_2(): assert Plugin.seen == ["test_2"]
    '''
    project(test_a=text)
    worker = single()[0]
    assert set(worker.outcomes().values()) == {"ppp"}


@needs_fast_protocol
@pytest.mark.parametrize("argv", [["--log-level=INFO"], ["-o", "faulthandler_timeout=100"]], ids=" ".join)
def test_options_of_what_is_put_round_a_test_leave_it_on(single, project, argv):
    assert taken(single, project, {}, *argv)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "CRITICAL"])
def test_the_level_of_logs_is_the_same(single, project, level):
    text = """
    import logging, pytest
    log = logging.getLogger("x")
    def show(): print(logging.root.level, log.isEnabledFor(logging.INFO)); log.info("i"); log.warning("w")
    @pytest.fixture
    def louder(caplog):
        show(); caplog.set_level("ERROR"); yield; show()
    def test_1(): show(); assert 0
    def test_2(louder): show(); assert 0
    def test_3(): logging.root.setLevel(logging.ERROR); show(); assert 0
    def test_4(caplog): show(); assert caplog.record_tuples == []
    def test_5(): logging.root.setLevel(logging.DEBUG); log.debug("d"); assert 0
    def test_6(louder, caplog):
        with caplog.at_level("DEBUG", "x"): show(); log.debug("d")
        show(); assert 0
    """
    conftest = "def pytest_runtest_call(item): print(__import__('logging').root.level)\n"
    slow, fast = both(single, project, {"test_a.py": text, "hooked/test_b.py": text, "hooked/conftest.py": conftest}, f"--log-level={level}")
    assert_same(slow, fast)


@pytest.mark.parametrize(
    "argv",
    [[], ["--capture=sys"], ["-s"], ["-p", "no:randomly", "--tb=short"], ["--tb=native"], ["-W", "error"], ["-v"], ["--log-level=INFO"], ["-o", "faulthandler_timeout=100"]],
    ids=" ".join,
)
def test_a_suite_of_all_outcomes_tells_the_same(single, project, argv):
    slow, fast = both(single, project, mixed_outcomes.FILES, *argv)
    assert len([record for record in slow if record[0] == "REPORT"]) > 300
    assert_same(slow, fast)


def test_full_reports_are_the_same(single, project):
    slow, fast = both(single, project, mixed_outcomes.FILES, full_reports=True)
    assert_same(slow, fast)


@pytest.mark.skipif(pytest.__version__ < "9", reason="subtests came with pytest 9")
def test_subtests_are_the_same(single, project):
    slow, fast = both(single, project, {"test_s.py": mixed_outcomes.SUBTESTS})
    assert_same(slow, fast)


def test_an_unregistered_plugin_is_missed(single, project):
    text = '''
    import logging
    import pytest
    @pytest.fixture
    def no_logging(pytestconfig):
        handlers, logging.root.handlers = logging.root.handlers, []
        plugin = pytestconfig.pluginmanager.unregister(name="logging-plugin")
        yield
        logging.root.handlers = handlers
        pytestconfig.pluginmanager.register(plugin, "logging-plugin")
    def test_1(): pass
    def test_2(no_logging): assert not logging.root.handlers
    def test_3(caplog): logging.error("x"); assert caplog.messages == ["x"]
    '''
    slow, fast = both(single, project, {"test_a.py": text})
    assert_same(slow, fast)
    assert not [record for record in fast if "'failed'" in record[1]]


@pytest.mark.parametrize("hooks", ["", "def pytest_runtest_makereport(item, call): pass\n"], ids=["plain", "hooks"])
def test_a_test_that_makes_paths_impossible_is_reported(single, project, hooks):
    """Until its fixtures are torn down, after the report of its call (found in werkzeug's suite)."""
    text = """
    import functools, os, pytest
    def wrap(function):
        @functools.wraps(function)
        def inner(**named): return function(**named)
        return inner
    @pytest.fixture
    def windows(monkeypatch): monkeypatch.setattr(os, "name", "nt")
    def test_passes(windows): pass
    def test_skips(windows): pytest.skip("there")
    @wrap
    def test_wrapped(windows): pass
    """
    slow, fast = both(single, project, {"conftest.py": hooks, "test_a.py": text}, full_reports=True)
    assert_same(slow, fast)
    assert len([record for record in fast if record[0] == "REPORT"]) == 9


PRINTS = """
import pytest
@pytest.fixture
def loud(): yield print("setting up"); print("tearing down")
def test_call(): print("called")
def test_teardown(loud): pass
"""


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("argv", "told"),
    [([], {("test_teardown", "teardown")}), (["-rP"], {("test_call", "call"), ("test_call", "teardown"), *(("test_teardown", when) for when in PHASES)})],
    ids=["", "-rP"],
)
def test_output_of_what_passed_is_told_where_somebody_reads_it(single, project, argv, told, fast):
    project(test_a=PRINTS)
    worker = single(*argv, fast_protocol=fast)[0]
    reports = [(name, when, worker.report(name, when)) for name in ("test_call", "test_teardown") for when in PHASES]
    assert {(name, when) for name, when, report in reports if report["envelope"]} == told


def test_a_plugin_that_comes_or_goes_within_a_phase_is_asked_about_it(single, project):
    late = """
import pytest
class Late:
    def pytest_runtest_setup(self, item): print("late setup of", item.name)
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        outcome.get_result().sections.append(("late", call.when))
@pytest.fixture(autouse=True)
def coming(request):
    manager = request.config.pluginmanager
    if request.node.name == "test_2": manager.register(Late(), "late")
    yield
    if request.node.name == "test_4": manager.unregister(name="late")
"""
    tests = "".join(f"def test_{number}(): print({number})\n" for number in range(1, 7))
    assert_same(*both(single, project, {"conftest.py": late, "test_a.py": tests}, "-rP", full_reports=True))
