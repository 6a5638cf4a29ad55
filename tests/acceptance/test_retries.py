"""--retries: an attempt that failed and one that passed; what is reported, what the exit code is, what the test finds."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest
import running

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="what is promised here is ours")

# Fails until it has been called `times` times, by whatever process.
FLAKY = """
import os
def calls(name):
    with open(name + ".calls", "a") as file:
        file.write("x")
    return os.path.getsize(name + ".calls")
"""
MODES = pytest.mark.parametrize(
    "args", [("-n", "2", "--collect", "file"), ("-n", "2", "--collect", "whole"), ("-n", "1")], ids=["file", "whole", "single"]
)

FEWER = pytest.mark.parametrize("args", [("-n", "2", "--collect", "file"), ("-n", "1")], ids=["file", "single"])


def reports(run: running.Run) -> list[tuple]:
    lines = [line for line in run.log if line["$report_type"] == "TestReport"]
    return [(line["nodeid"], line["when"], line["outcome"]) for line in lines if line["outcome"] != "passed" or line["when"] == "call"]


@MODES
def test_a_flaky_test_passes_and_is_told(make_project, args):
    project = make_project({"test_a.py": FLAKY + "def test_f(): assert calls('f') == 2\n", "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=2", "--junitxml=out.xml", "--json=out.json", *args)
    assert (run.exit, run.left) == (0, []), run.stdout
    assert sorted(reports(run)) == [
        ("test_a.py::test_f", "call", "passed"),
        ("test_a.py::test_f", "call", "rerun"),
        ("test_b.py::test_ok", "call", "passed"),
    ]
    assert "FLAKY test_a.py::test_f (passed on attempt 2)" in run.stdout
    assert "2 passed, 1 rerun" in run.stdout
    document = json.loads(project.read("out.json"))
    assert document["flaky"] == [{"nodeid": "test_a.py::test_f", "attempts": 2}]
    assert {test["nodeid"]: test["outcome"] for test in document["tests"]}["test_a.py::test_f"] == "passed"
    suite = ElementTree.parse(project.root / "out.xml").find("testsuite")
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["2", "0", "0"]
    flaky = suite.find("testcase[@name='test_f']/flakyFailure")
    assert "assert" in flaky.get("message") and "assert calls" in flaky.find("stackTrace").text


@FEWER
def test_a_test_that_never_passes_fails_once(make_project, args):
    project = make_project({"test_a.py": "def test_f(): assert 0\ndef test_ok(): pass\n", "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=2", "--junitxml=out.xml", *args)
    assert run.exit == 1
    outcomes = [outcome for node_id, _, outcome in reports(run) if node_id == "test_a.py::test_f"]
    assert outcomes == ["rerun", "rerun", "failed"]
    assert "1 failed, 2 passed, 2 rerun" in run.stdout
    case = ElementTree.parse(project.root / "out.xml").find("testsuite/testcase[@name='test_f']")
    assert [child.tag for child in case] == ["failure", "rerunFailure", "rerunFailure"]


@FEWER
def test_fail_on_flaky(make_project, args):
    project = make_project({"test_a.py": FLAKY + "def test_f(): assert calls('f') == 2\n", "test_b.py": "def test_ok(): pass\n"})
    assert project.run("--retries=1", "--fail-on-flaky", *args).exit == 1


@FEWER
def test_exitfirst_waits_for_the_last_attempt(make_project, args):
    project = make_project({"test_a.py": FLAKY + "def test_f(): assert calls('f') == 2\n", "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=1", "-x", *args)
    assert run.exit == 0, run.stdout
    assert len([report for report in reports(run) if report[2] == "passed"]) == 2


def test_without_retries_nothing_of_them_is_in_a_report(make_project):
    project = make_project({"test_a.py": "def test_f(): assert 0\ndef test_ok(): pass\n", "test_b.py": "def test_b(): pass\n"})
    run = project.run("--junitxml=out.xml", "-n", "2")
    assert run.exit == 1
    assert "rerun" not in project.read("out.xml") + run.stdout and "flaky" not in project.read("out.xml").lower()


@MODES
def test_function_fixtures_are_made_anew_and_wider_ones_survive_in_their_process(make_project, args):
    """Text, properties and instance of an attempt are gone in the next, whichever process runs it."""
    source = FLAKY + (
        "import os, pytest\n"
        "@pytest.fixture(scope='module')\ndef wide(): return []\n"
        "@pytest.fixture\ndef own(wide): wide.append(os.getpid()); return []\n"
        "class TestA:\n"
        "    def test_f(self, wide, own, record_property, tmp_path):\n"
        "        assert own == [] and not hasattr(self, 'seen')\n"
        "        own.append(1); self.seen = True\n"
        "        assert list(tmp_path.iterdir()) == []\n"
        "        (tmp_path / 'x').write_text('')\n"
        "        print('attempt', calls('f'))\n"
        "        record_property('attempts', calls('g'))\n"
        "        assert calls('h') == 3\n"
    )
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=3", "--junitxml=out.xml", "-rA", *args)
    assert run.exit == 0, run.stdout
    last = [line for line in run.log if line.get("nodeid") == "test_a.py::TestA::test_f" and line["when"] == "call"][-1]
    assert last["sections"] == [["Captured stdout call", "attempt 3\n"]]
    assert last["user_properties"] == [["attempts", 3]]


@FEWER
def test_setup_and_teardown_errors_are_retried(make_project, args):
    source = FLAKY + (
        "import pytest\n"
        "@pytest.fixture\ndef broken():\n    assert calls('s') > 1\n    yield\n    assert calls('t') > 1\n"
        "def test_f(broken): pass\n"
    )
    project = make_project({"test_a.py": source + "def test_ok(): pass\n", "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=3", *args)
    assert run.exit == 0, run.stdout
    assert "FLAKY test_a.py::test_f (passed on attempt 3)" in run.stdout


@FEWER
def test_a_failed_module_fixture_is_asked_again(make_project, args):
    source = FLAKY + (
        "import pytest\n"
        "@pytest.fixture(scope='module')\ndef wide():\n    assert calls('s') > 1\n"
        "def test_f(wide): pass\ndef test_g(wide): pass\n"
    )
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=2", *args)
    assert run.exit == 0, run.stdout


@pytest.mark.parametrize("args", [("-n", "2"), ("-n", "1")])
def test_a_crash_is_retried(make_project, args):
    source = FLAKY + "import os\ndef test_f():\n    if calls('f') == 1: os._exit(7)\n"
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=1", *args)
    assert (run.exit, run.left) == (0, []), run.stdout
    assert "FLAKY test_a.py::test_f (passed on attempt 2)" in run.stdout


def test_a_session_fixtures_failing_teardown_is_never_lost(make_project):
    source = FLAKY + (
        "import pytest\n"
        "@pytest.fixture(scope='session')\ndef wide():\n    yield\n    assert 0, 'wide'\n"
        "def test_f(wide): assert calls('f') == 2\n"
    )
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    for args in (("-n", "2"), ("-n", "1")):
        (project.root / "f.calls").unlink(missing_ok=True)
        run = project.run("--retries=1", *args)
        assert run.exit == 1, run.stdout
        assert "ERROR test_a.py::test_f" in run.stdout


@pytest.mark.parametrize("scope", ["module", "class"])
@MODES
def test_a_wider_fixtures_failing_teardown_stays_an_error(make_project, args, scope):
    source = FLAKY + (
        f"import pytest\n@pytest.fixture(scope='{scope}')\ndef wide():\n    yield\n    assert calls('w') > 1, 'wide'\n"
        "@pytest.fixture\ndef own():\n    yield\n    assert calls('o') > 1, 'own'\n"
        "class TestA:\n    def test_f(self, wide): pass\n    def test_g(self, own): pass\n    def test_h(self): pass\n"
    )
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=1", *args)
    assert run.exit == 1, run.stdout
    assert run.stdout.count("\nERROR test_a.py::TestA::") == 1 and "FLAKY test_a.py::TestA::test_g" in run.stdout


def test_stepwise_tells_the_test_that_it_stops_at(make_project):
    project = make_project({"test_a.py": FLAKY + "def test_f(): assert calls('f') == 2\ndef test_ok(): pass\n"})
    run = project.run("--retries=1", "--sw")
    assert run.exit == 2
    assert [report for report in reports(run) if report[2] == "failed"] == [("test_a.py::test_f", "call", "failed")]
    assert "FAILED test_a.py::test_f" in run.stdout


@FEWER
def test_a_test_that_is_skipped_on_its_retry_is_not_flaky(make_project, args):
    source = FLAKY + "import pytest\ndef test_f():\n    assert calls('f') > 1\n    pytest.skip('no')\n"
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=1", "--junitxml=out.xml", *args)
    assert run.exit == 0 and "FLAKY" not in run.stdout and "1 skipped" in run.stdout
    assert "flakyFailure" not in project.read("out.xml")


def test_a_retry_runs_in_another_worker_if_there_is_one(make_project):
    source = FLAKY + "import os\ndef test_f():\n    print(os.environ['PYTEST_XDIST_WORKER'])\n    assert calls('f') == 2\n"
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    run = project.run("--retries=1", "-n", "2")
    sections = [line["sections"] for line in run.log if line.get("nodeid") == "test_a.py::test_f" and line["when"] == "call"]
    assert len({section[0][1] for section in sections}) == 2


def test_the_delay_passes_before_a_retry(make_project):
    source = FLAKY + "import time\ndef test_f():\n    open('times', 'a').write(f'{time.time()}\\n')\n    assert calls('f') == 2\n"
    project = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"})
    for args in (("-n", "2"), ("-n", "1")):
        for name in ("times", "f.calls"):
            (project.root / name).unlink(missing_ok=True)
        assert project.run("--retries=1", "--retry-delay=0.5", *args).exit == 0
        first, second = map(float, project.read("times").split())
        assert second - first >= 0.5


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="this pytest has no subtests")
@FEWER
def test_a_subtest_that_failed_is_forgotten_by_the_retry(make_project, args):
    source = FLAKY + "def test_f(subtests):\n    n = calls('f')\n    with subtests.test():\n        assert n == 2\n"
    run = make_project({"test_a.py": source, "test_b.py": "def test_ok(): pass\n"}).run("--retries=1", *args)
    assert run.exit == 0, run.stdout
    assert "FLAKY test_a.py::test_f" in run.stdout
