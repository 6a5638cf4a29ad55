"""`--worker-memory-limit`: a worker that has grown too large is replaced between batches, and nothing shows but that."""

from __future__ import annotations

from collections import Counter

import pytest
from running import STAND_IN

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

CONFTEST = """
import os, pathlib, pytest
def note(text):
    with open(pathlib.Path(__file__).with_name("log"), "a") as log:
        log.write(f"{text} {os.getpid()}\\n")
@pytest.fixture(scope="session", autouse=True)
def wide(record_testsuite_property):
    note("up")
    yield
    note("down")
"""
LEAKING = """
import conftest, time
LEAK = []
def test_leak():
    LEAK.append(b"x" * (24 << 20))
    time.sleep(0.06)
    conftest.note("ran")
def test_after(): pass
"""
FILES = 12


def project_of(make_project, extra: str = ""):
    return make_project({"conftest.py": CONFTEST + extra, **{f"test_{index:02}.py": LEAKING for index in range(FILES)}})


def check(run, project) -> list[str]:
    """Every result once; each worker's session fixture set up and torn down once. The workers' pids."""
    assert run.exit == 0, run.stdout + run.stderr
    ids = Counter((line["nodeid"], line["when"]) for line in run.log if line.get("$report_type") == "TestReport")
    assert len(ids) == FILES * 2 * 3 and set(ids.values()) == {1}
    log = [line.split() for line in project.read("log").splitlines()]
    assert sum(what == "ran" for what, _ in log) == FILES
    workers = [pid for what, pid in log if what == "up"]
    assert sorted(workers) == sorted(pid for what, pid in log if what == "down") and len(set(workers)) == len(workers)
    return workers


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_a_worker_above_the_limit_is_replaced_and_nothing_runs_twice(make_project, collect):
    project = project_of(make_project)
    run = project.run("-n", "2", "--collect", collect, "--worker-memory-limit", "40M", "-v")
    workers = check(run, project)
    assert len(workers) >= 4
    told = [line for line in run.stdout.splitlines() if "recycled (--worker-memory-limit)" in line]
    assert len(told) == 1 and 2 <= int(told[0].split()[0]) <= len(workers)


def test_workers_that_cannot_be_forked_are_replaced_too(make_project):
    project = project_of(make_project, "\nimport threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n")
    run = project.run("-n", "2", "--worker-memory-limit", "60M", "--optimizer", "optimized", "--batch-size", "2")
    assert len(check(run, project)) > 2


def test_workers_that_are_too_large_from_the_start_still_get_through(make_project):
    project = project_of(make_project)
    assert len(check(project.run("-n", "2", "--worker-memory-limit", "100K"), project)) > 4


def test_plugins_of_the_main_process_hear_of_each_worker(make_project):
    hooks = """
def tell(text):
    with open(pathlib.Path(__file__).with_name("nodes"), "a") as log:
        log.write(text + "\\n")
def pytest_testnodeready(node): tell(f"up {node.gateway.id}")
def pytest_testnodedown(node, error): tell(f"down {node.gateway.id} {error} {node.workeroutput['mine']}")
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"): session.config.workeroutput["mine"] = 7
""".replace("\\\\", "\\")
    project = project_of(make_project, hooks)
    workers = check(project.run("-n", "2", "--worker-memory-limit", "40M"), project)
    told = project.read("nodes").splitlines()
    assert len([line for line in told if line.startswith("up")]) == len(workers) > 2
    assert Counter(line for line in told if line.startswith("down")).keys() == {"down gw0 None 7", "down gw1 None 7"}
    assert len([line for line in told if line.startswith("down")]) == len(workers)


@pytest.mark.parametrize("words", [[], ["--worker-memory-limit", "2G"]])
def test_below_the_limit_and_without_one_workers_stay(make_project, words):
    project = project_of(make_project)
    run = project.run("-n", "2", "-v", *words)
    assert len(check(run, project)) == 2
    assert "recycled" not in run.stdout


def test_who_has_set_up_a_shared_fixture_stays_until_the_others_are_done(make_project):
    shared = """
import fastest
@pytest.fixture(scope="session", autouse=True)
@fastest.shared
def server():
    note("server")
    yield os.getpid()
    note("stopped")
"""
    project = make_project({"conftest.py": CONFTEST + shared, **{f"test_{index:02}.py": LEAKING for index in range(FILES)}})
    run = project.run("-n", "2", "--worker-memory-limit", "40M", "--optimizer", "optimized", "--batch-size", "2")
    assert len(check(run, project)) > 2
    log = [line.split() for line in project.read("log").splitlines()]
    assert [what for what, _ in log].count("server") == [what for what, _ in log].count("stopped") == 1
    assert max(index for index, (what, _) in enumerate(log) if what == "ran") < log.index(["stopped", dict(log)["server"]])


@pytest.mark.parametrize("size", ["x", "12X", "0", "-1", "1.5G", "99999999999G"])
def test_what_is_no_size_is_refused_in_one_line(make_project, size):
    run = make_project({"test_a.py": "def test_a(): pass\n"}).run(f"--worker-memory-limit={size}")
    assert run.exit == 4
    assert run.stderr == (
        f"fastest: error: --worker-memory-limit: {size}: a size is a number with K, M, G or T behind it, or of bytes (512M)\n"
    )


def test_a_tests_own_collection_of_garbage_copies_no_pages(make_project):
    # Those that a worker shares with others: it would take twice as long as under pytest.
    test = """
    import gc, resource
    def test_collects():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        gc.collect()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 700
    """
    run = make_project({"test_a.py": test, "test_b.py": "def test_b(): pass\n"}).run("-n", "2")
    assert run.exit == 0, run.stdout
