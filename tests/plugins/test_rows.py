"""Every plugin of docs/plugins.md on a tiny project: outcomes, exit status and what it says are those of plain pytest."""

from __future__ import annotations

import json
import subprocess

import pytest
from projects import BENCHMARK, MIXED, NEIGHBOUR, ROWS, SPLIT, SYRUPY, TIMEOUT, Row

ALONE = ("-p", "no:randomly")


def outcomes(project, name: str) -> list[tuple]:
    """(node id, phase, outcome, xfail, subtest) of every report, sorted: two workers have no order."""
    found = []
    for line in (project.root / name).read_text(encoding="utf-8").splitlines():
        report = json.loads(line)
        kind = report.get("$report_type") or report.get("_report_type")
        if "when" in report and "nodeid" in report and kind != "WarningMessage":
            found.append((report["nodeid"], report["when"], report["outcome"], "wasxfail" in report, str(report.get("context", ""))))
    return sorted(found)


def prepare(project, row: Row) -> None:
    if not row.git:
        return
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x")):
        subprocess.run(["git", *words], cwd=project.root, check=True)
    with open(project.root / "test_changed.py", "a", encoding="utf-8") as file:
        file.write("def test_new(): pass\n")


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_suite_with_the_plugin_has_plain_pytests_outcomes(make_project, row, workers):
    answers = {}
    dist = row.args[row.args.index("--dist") :][:2] if "--dist" in row.args else ()
    plain = tuple(word for word in row.args if word not in dist)
    for name in ("theirs", "ours"):
        project = make_project({**NEIGHBOUR, **row.files}, name, row.environment)
        prepare(project, row)
        log = ("--report-log=log.jsonl", *ALONE)
        run = project.pytest(*plain, *log) if name == "theirs" else project.run("-n", workers, *row.args, *log)
        assert run.exit == row.exit, run.stdout + run.stderr
        answers[name] = (outcomes(project, "log.jsonl"), {text: run.stdout.count(text) for text in row.said})
        assert not run.left
    assert answers["ours"] == answers["theirs"]
    assert answers["theirs"][0]


def test_syrupys_update_writes_what_plain_pytest_writes(make_project):
    written = []
    for name in ("theirs", "ours"):
        project = make_project(SYRUPY, name, "syrupy")
        run = project.pytest("--snapshot-update") if name == "theirs" else project.run("-n", "2", "--snapshot-update")
        assert run.exit == 0, run.stdout
        written.append({path.name: path.read_text() for path in project.root.glob("__snapshots__/*")})
    assert written[0] == written[1]
    assert "'b': 2" in written[1]["test_b.ambr"]


def test_syrupy_counts_unused_snapshots_of_all_workers_once(make_project):
    run = make_project(SYRUPY, "ours", "syrupy").run("-n", "2")
    assert run.stdout.count("1 snapshot unused.") == make_project(SYRUPY, "theirs", "syrupy").pytest().stdout.count("1 snapshot unused.") == 1


def test_pytest_timeouts_thread_method_ends_the_test_alone(make_project):
    project = make_project({**NEIGHBOUR, "test_it.py": TIMEOUT}, "ours", "timeout")
    run = project.run("-n", "2", "--timeout-method=thread")
    assert run.exit == 1
    assert "1 failed, 3 passed" in run.stdout, run.stdout
    assert "FAILED test_it.py::test_stuck" in run.stdout


def test_pytest_benchmark_measures_in_one_worker_and_says_that_several_would_disturb(make_project):
    alone = make_project({"test_it.py": BENCHMARK}, "alone", "benchmark").run("-n", "1")
    assert "test_speed" in alone.stdout and "Rounds" in alone.stdout
    two = make_project({"test_it.py": BENCHMARK, **NEIGHBOUR}, "two", "benchmark").run("-n", "2")
    assert "Rounds" not in two.stdout


def test_pytest_testmon_leaves_out_what_did_not_change(make_project):
    test = "import mod\ndef test_{0}(): assert mod.{0}() == 1\n"
    files = {f"test_{x}.py": test.format(x) for x in "ab"} | {"mod.py": "def a(): return 1\ndef b(): return 1\n"}
    project = make_project({"pytest.ini": "[pytest]\npythonpath = .\n", **files}, "ours", "testmon")
    assert "2 passed" in project.run("-n", "2", "--testmon").stdout
    assert "no tests ran" in project.run("-n", "2", "--testmon").stdout
    (project.root / "mod.py").write_text("def a(): return 1\ndef b(): return 2\n")
    again = project.run("-n", "2", "--testmon")
    assert "1 failed" in again.stdout and "passed" not in again.stdout.splitlines()[-2], again.stdout


@pytest.mark.parametrize("option", ["--workers=2", "--tests-per-worker=2"])
def test_pytest_parallel_is_told_that_it_cannot_run_the_tests_too(make_project, option):
    run = make_project({"test_it.py": MIXED}, "ours", "parallel").run("-n", "2", option)
    assert run.exit == 4
    assert f"{option.partition('=')[0]}: fastest and pytest_parallel cannot both run the tests (hint: -n N)" in run.stdout + run.stderr


def test_pytest_split_leaves_the_durations_of_all_tests(make_project):
    project = make_project({"test_it.py": SPLIT, **NEIGHBOUR}, "ours", "split")
    run = project.run("-n", "2", "--store-durations")
    assert run.exit == 0, run.stdout
    assert len(json.loads((project.root / ".test_durations").read_text())) == 7
