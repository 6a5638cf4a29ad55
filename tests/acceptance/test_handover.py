"""`pytest -p fastest -n 2`: a pytest that somebody else started hands its run to the program and reports it as its own."""

import json
import os
import re
import shutil
import signal
import time

import pytest
import running

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="our plugin")

TESTS = {
    "test_a.py": """
    import os, pytest, warnings
    def test_passes(): warnings.warn("careful")
    def test_fails(): print("heard"); assert 1 == 2
    def test_skips(): pytest.skip("why")
    @pytest.mark.xfail
    def test_xfails(): assert 0
    """,
    "test_b.py": """
    import pytest
    @pytest.fixture
    def broken(): assert 0
    def test_error(broken): pass
    def test_property(record_property): record_property("a", "b")
    """,
}
WHERE = {f"test_{x}.py": f"import os\ndef test_where(): open('in_{x}', 'w').write(os.environ.get('PYTEST_XDIST_WORKER', ''))\n" for x in "ab"}


def start(project, *args: str, env: dict[str, str] | None = None) -> running.Started:
    more = {"PYTHONPATH": str(running.REPOSITORY / "worker"), "FASTEST_PROGRAM": running.PROGRAM, **(env or {})}
    command = [running.PYTHON, "-m", "pytest", "-p", "fastest", *args]
    return running.Started(command, project.root, project.base, running.environment(project.base, more))


def test_the_terminal_the_exit_status_and_junit_are_plain_pytests(make_project):
    theirs, ours = make_project(TESTS, "theirs"), make_project(TESTS)
    args = ("-rA", "--junitxml=report.xml", "-o", "junit_family=xunit1")  # xunit2 warns of record_property in the main process only.
    plain = theirs.pytest(*args)
    run = start(ours, "-n", "2", *args).finish()
    assert run.exit == plain.exit == 1, run.stdout + run.stderr
    assert run.stderr == ""
    assert "workers: 2 (fastest)" in run.stdout and "collected 6 items" in run.stdout
    for pattern in (r"^(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b.*$", r"^=+ .* in ", r"UserWarning: careful"):
        found = [sorted(re.findall(pattern, text, re.MULTILINE)) for text in (run.stdout, plain.stdout)]
        assert found[0] == found[1] != []
    elements = [re.sub(r'(time|timestamp|hostname)="[^"]*"', "", project.read("report.xml")) for project in (ours, theirs)]
    elements = [sorted(re.findall(r"<(?:testcase|property|failure|error|skipped) [^>]*>", text)) for text in elements]
    assert elements[0] == elements[1] != []
    assert not run.left


@pytest.mark.parametrize("args", [(), ("-n", "0"), ("-n", "1"), ("-n", "2", "--sw"), ("-n", "2", "--setup-show")])
def test_without_workers_to_be_had_the_run_stays_where_it_is(make_project, args):
    project = make_project(WHERE)
    run = start(project, *args).finish()
    assert run.exit == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout and "(fastest)" not in run.stdout
    assert project.read("in_a") == project.read("in_b") == ""


def test_collecting_only_shows_real_items(make_project):
    run = start(make_project(WHERE), "-n", "2", "--collect-only", "-q").finish()
    assert run.stdout.startswith("test_a.py::test_where\ntest_b.py::test_where\n")


# What an editor's plugin does: it is on the command line, reports from the status hook, and knows of xdist.
EDITOR = """
import json, os, pytest
HEARD = {"status": [], "reports": 0, "collected": None, "finished": 0, "pid": os.getpid()}
class PytestXdist:
    @pytest.hookimpl
    def pytest_xdist_auto_num_workers(self, config): return 2
def pytest_configure(config):
    if config.pluginmanager.hasplugin("xdist"): config.pluginmanager.register(PytestXdist())
@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report, config):
    if report.when == "call" or report.outcome != "passed":
        HEARD["status"].append([report.nodeid, report.outcome, str(report.longreprtext)[-20:]])
def pytest_runtest_logreport(report): HEARD["reports"] += 1
def pytest_collection_finish(session): HEARD["collected"] = len(session.items)
def pytest_sessionfinish(session, exitstatus):
    HEARD["finished"] += 1
    with open(os.environ["TEST_RUN_PIPE"] + f".{os.getpid()}", "w") as file: json.dump(HEARD, file)
"""


def test_an_editors_plugin_hears_everything_and_is_in_no_worker(make_project):
    project = make_project({**TESTS, "lib/vscode_pytest.py": EDITOR})
    path = os.pathsep.join((str(running.REPOSITORY / "worker"), str(project.root / "lib")))
    env = {"PYTHONPATH": path, "TEST_RUN_PIPE": str(project.root / "heard")}
    run = start(project, "-p", "vscode_pytest", "-n", "auto", env=env).finish()
    assert run.exit == 1, run.stdout + run.stderr
    (file,) = project.root.glob("heard.*")
    heard = json.loads(file.read_text())
    assert str(heard["pid"]) == file.suffix[1:] and heard["finished"] == 1
    outcomes = {nodeid.partition("::")[2]: outcome for nodeid, outcome, _ in heard["status"]}
    expected = {"test_passes": "passed", "test_fails": "failed", "test_skips": "skipped", "test_xfails": "skipped"}
    assert outcomes == {**expected, "test_error": "failed", "test_property": "passed"}
    assert heard["reports"] == 17  # Three phases each, but for what ended in its setup.
    assert heard["collected"] is None  # As under pytest-xdist: items are where they run.


def test_the_editors_number_of_workers_counts(make_project):
    conftest = "def pytest_xdist_auto_num_workers(config): return 3\n"
    assert "workers: 3 (fastest)" in start(make_project({**WHERE, "conftest.py": conftest}), "-n", "auto").finish().stdout


def test_failures_are_remembered_and_run_first_the_next_time(make_project):
    project = make_project({**TESTS, **{f"test_{x}.py": "def test_fine(): pass\n" for x in "cd"}})
    start(project, "-n", "2").finish()
    kept = json.loads(project.read(".pytest_cache/v/cache/lastfailed"))
    assert sorted(kept) == ["test_a.py::test_fails", "test_b.py::test_error"]
    assert len(json.loads(project.read(".pytest_cache/v/cache/nodeids"))) == 8
    assert "1 failed, 1 error" in start(project, "-n", "2", "--lf").finish().stdout


def test_our_own_program_takes_the_same_configuration(make_project):
    project = make_project({**WHERE, "pytest.ini": "[pytest]\naddopts = -p fastest -n 2\n"})
    run = project.run(env={"PYTHONPATH": str(running.REPOSITORY / "worker")})
    assert run.exit == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout and "workers: 2" in run.stdout and "(fastest)" not in run.stdout


def test_a_conftest_is_the_controllers_in_the_handing_process(make_project):
    conftest = """
    import os
    def pytest_configure_node(node): node.workerinput["gift"] = os.getpid()
    def pytest_terminal_summary(terminalreporter, exitstatus):
        terminalreporter.write_line(f"mine: {len(terminalreporter.stats['passed'])} {int(exitstatus)}")
    def pytest_sessionfinish(session):
        if not hasattr(session.config, "workerinput"): session.exitstatus = 40
    """
    test = "import os\ndef test_{0}(request): assert request.config.workerinput['gift'] != os.getpid()\n"
    run = start(make_project({"conftest.py": conftest, **{f"test_{x}.py": test.format(x) for x in "ab"}}), "-n", "2").finish()
    assert run.exit == 40, run.stdout + run.stderr
    assert run.stdout.count("mine: 2 0") == 1


WAITS = {f"test_{x}.py": f"def test_{x}():\n    open('started_{x}', 'w').close()\n    while True: pass\n" for x in "ab"}


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 2), (signal.SIGKILL, -9)])
def test_an_interrupted_pytest_leaves_nothing_behind(make_project, number, status):
    project = make_project({**WAITS, "conftest.py": ""})
    run = start(project, "-n", "2")
    until = time.monotonic() + 30
    while len(list(project.root.glob("started_*"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(run.process.pid, number)
    if number == signal.SIGINT:
        os.kill(run.process.pid, number)  # The tests never end by themselves.
    ended = run.finish(30)
    assert ended.exit == status, ended.stdout + ended.stderr
    assert not ended.left


def test_a_program_that_is_not_there_is_a_usage_error(make_project):
    run = start(make_project(WHERE), "-n", "2", env={"FASTEST_PROGRAM": "/nowhere/fastest"}).finish()
    assert run.exit == 4
    assert "FASTEST_PROGRAM=/nowhere/fastest is no program" in run.stderr


def test_a_wheels_one_file_in_site_packages_finds_the_rest_beside_the_program(make_project, tmp_path):
    worker = running.REPOSITORY / "worker"
    site = tmp_path / "prefix/lib/python3/site-packages"
    (site / "fastest").mkdir(parents=True)
    shutil.copy(worker / "fastest/__init__.py", site / "fastest")
    shutil.copytree(worker, tmp_path / "prefix/lib/fastest/worker", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "prefix/bin").mkdir()
    shutil.copy(running.PROGRAM, tmp_path / "prefix/bin/fastest")
    run = start(make_project(WHERE), "-n", "2", env={"PYTHONPATH": str(site), "FASTEST_PROGRAM": ""}).finish()
    assert run.exit == 0, run.stdout + run.stderr
    assert "(fastest)" in run.stdout and "2 passed" in run.stdout


def test_an_error_before_the_run_begins_is_told_once(make_project):
    run = start(make_project(WHERE), "-n", "2", "no_such_folder").finish()
    assert run.exit == 4
    assert (run.stdout + run.stderr).count("file or directory not found: no_such_folder") == 1
