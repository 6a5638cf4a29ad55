"""Conftests that act in the main process: with several workers one more process plays xdist's controller for them."""

import json
import re

import pytest
from running import STAND_IN

ours_only = pytest.mark.skipif(bool(STAND_IN), reason="our controller process")
TESTS = {
    "test_a.py": "def test_a(): pass\n",
    "test_b.py": "def test_b(): assert 0\n",
    "test_c.py": "def test_c(): pass\n",
}
SUMMARY = """
def pytest_terminal_summary(terminalreporter, exitstatus, config):
    terminalreporter.section("mine")
    counts = {name: len(reports) for name, reports in sorted(terminalreporter.stats.items()) if name}
    terminalreporter.write_line(f"{counts} exit {int(exitstatus)}")
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_summary_section_of_a_conftest_is_printed_once_before_the_short_summary(make_project, workers):
    run = make_project({**TESTS, "conftest.py": SUMMARY}).run("-n", workers)
    assert run.exit == 1
    assert run.stdout.count("mine") == 1
    assert run.stdout.count("short test summary info") == 1
    assert "{'failed': 1, 'passed': 2} exit 1" in run.stdout
    assert run.stdout.index("{'failed'") < run.stdout.index("short test summary info")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_summary_section_hears_of_what_is_no_plain_result(make_project, workers):
    test = """
    import pytest, warnings
    @pytest.fixture
    def broken(): assert 0
    def test_error(broken): pass
    def test_skip(): pytest.skip("why")
    @pytest.mark.xfail
    def test_xfail(): assert 0
    def test_warns(): warnings.warn("careful")
    """
    run = make_project({"test_a.py": test, "test_b.py": "def test_b(): pass\n", "conftest.py": SUMMARY}).run("-n", workers)
    assert "{'error': 1, 'passed': 2, 'skipped': 1, 'warnings': 1, 'xfailed': 1} exit 1" in run.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_exit_status_that_sessionfinish_sets_counts(make_project, workers):
    conftest = "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 40 + int(exitstatus)\n"
    run = make_project({"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n", "conftest.py": conftest})
    assert run.run("-n", workers).exit == 40


@ours_only
def test_no_hook_makes_a_failed_run_green(make_project):
    conftest = "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    assert make_project({**TESTS, "conftest.py": conftest}).run("-n", "2").exit == 1


def test_sessionfinish_can_excuse_a_run_without_tests(make_project):
    conftest = "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0 if exitstatus == 5 else exitstatus\n"
    assert make_project({**TESTS, "conftest.py": conftest}).run("-n", "2", "-k", "nothing").exit == 0


NODES = """
def pytest_configure_node(node):
    assert node.nodemanager.testrunuid and not hasattr(node.config, "workerinput")
    node.workerinput["gift"] = {"bytes": b"\\xff", "pair": (1, node.gateway.id)}
def pytest_testnodedown(node, error):
    with open(node.config.rootpath / f"down_{node.gateway.id}", "w") as file:
        file.write(f"{node.workeroutput['back']} {error}")
def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["back"] = (session.config.workerinput["gift"]["pair"], b"\\0")
"""


@pytest.mark.parametrize("mode", ["file", "whole"])
def test_what_a_node_is_configured_with_reaches_its_worker_and_its_output_comes_back(make_project, mode):
    test = """
    def test_{0}(request, worker_id, testrun_uid):
        given = request.config.workerinput
        assert given["gift"] == {{"bytes": b"\\xff", "pair": (1, worker_id)}}
        assert given["testrunuid"] == testrun_uid != ""
    """
    project = make_project({"conftest.py": NODES, **{f"test_{x}.py": test.format(x) for x in "abcd"}})
    run = project.run("-n", "2", "--collect", mode)
    assert run.exit == 0, run.stdout
    downs = sorted(project.root.glob("down_*"))
    assert downs
    for path in downs:
        assert path.read_text() == f"((1, '{path.name[5:]}'), b'\\x00') None"


RECORDER = """
import json
LINES = []
def pytest_runtest_logstart(nodeid): LINES.append(["start", nodeid])
def pytest_runtest_logreport(report):
    node = report.node.gateway.id if hasattr(report, "node") else ""
    LINES.append([report.when, report.nodeid, report.outcome, node == getattr(report, "worker_id", "")])
def pytest_runtest_logfinish(nodeid): LINES.append(["finish", nodeid])
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        with open(session.config.rootpath / "lines.json", "w") as file:
            json.dump({"lines": LINES, "collected": session.testscollected, "failed": session.testsfailed}, file)
"""


def test_the_main_process_hears_every_report_of_every_test_once_and_in_order(make_project):
    project = make_project({**TESTS, "conftest.py": RECORDER})
    project.run("-n", "2")
    heard = json.loads(project.read("lines.json"))
    assert (heard["collected"], heard["failed"]) == (3, 1)
    for name in "abc":
        mine = [line for line in heard["lines"] if line[1] == f"test_{name}.py::test_{name}"]
        call = "failed" if name == "b" else "passed"
        assert [line[0] for line in mine] == ["start", "setup", "call", "teardown", "finish"]
        assert [line[2:] for line in mine[1:4]] == [["passed", True], [call, True], ["passed", True]]


@ours_only
def test_a_test_that_kills_its_worker_is_reported_there_too(make_project):
    project = make_project({"test_k.py": "import os\ndef test_k(): os.kill(os.getpid(), 9)\n", **TESTS, "conftest.py": RECORDER})
    run = project.run("-n", "2")
    assert run.exit == 1, run.stdout
    heard = json.loads(project.read("lines.json"))
    assert heard["failed"] == 2
    assert [line[2] for line in heard["lines"] if line[1].endswith("::test_k") and line[0] == "call"] == ["failed"]


@ours_only
@pytest.mark.parametrize(
    "hook, how",
    [("pytest_testnodedown(node)", "raise ValueError('my bug')"), ("pytest_testnodedown(node)", "import os; os.kill(os.getpid(), 9)")],
)
def test_a_controller_that_breaks_makes_a_green_run_red(make_project, hook, how):
    files = {"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n", "conftest.py": f"def {hook}:\n    {how}\n"}
    run = make_project(files).run("-n", "2")
    assert run.exit == 3
    assert "2 passed" in run.stdout
    assert "ValueError: my bug" in run.stdout or "the controller process (for plugins that report) died" in run.stdout
    assert not run.left


@ours_only
def test_a_controller_that_cannot_start_is_told_and_nothing_runs(make_project):
    conftest = "import pytest\ndef pytest_configure_node(node): raise pytest.UsageError('not like this')\n"
    run = make_project({**TESTS, "conftest.py": conftest}).run("-n", "2")
    assert run.exit != 0
    assert "not like this" in run.stderr
    assert "passed" not in run.stdout
    assert not run.left


def test_lines_of_the_header_are_printed(make_project):
    conftest = "def pytest_report_header(config): return 'mine: header'\n" + SUMMARY
    run = make_project({**TESTS, "conftest.py": conftest}).run("-n", "2")
    assert len(re.findall("^mine: header$", run.stdout, re.MULTILINE)) == 1


@ours_only
@pytest.mark.parametrize("conftest", ["", "import pytest\n@pytest.fixture\ndef f(): pass\n", "def pytest_configure(config): pass\n"])
def test_without_a_reason_there_is_no_controller(make_project, conftest):
    conftest += "import os, sys\nopen(f'loaded_{os.getpid()}', 'w').write(str('-n' in sys.argv))\n"
    project = make_project({**TESTS, "conftest.py": conftest})
    project.run("-n", "2")
    loaded = [path.read_text() for path in project.root.glob("loaded_*")]
    assert loaded and "True" not in loaded


@ours_only
@pytest.mark.parametrize("more", [[], ["--collect", "whole"]], ids=["file", "whole"])
def test_workers_inherit_what_the_main_process_puts_into_its_environment(make_project, more):
    conftest = """
    import os
    os.environ["MINE"] = "worker" if "PYTEST_XDIST_WORKER" in os.environ else "main"
    def pytest_configure(config):
        if not hasattr(config, "workerinput"):
            os.environ["TOLD"] = "by the main process \\udcff"
            os.environ.pop("GONE", None)
    def pytest_terminal_summary(): pass
    """
    test = """
    import os
    def test_{0}():
        assert os.environ["TOLD"] == "by the main process \\udcff" and "GONE" not in os.environ
        assert os.environ["MINE"] == "worker"
    """
    files = {f"test_{name}.py": test.replace("{0}", name) for name in "abcd"}
    run = make_project({"conftest.py": conftest, **files}).run("-n", "2", *more, env={"GONE": "not yet"})
    assert run.exit == 0, run.stdout
