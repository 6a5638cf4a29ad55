"""Tests that run alone on the machine: by the mark `fastest(serial=True)`, or by a glob of [tool.fastest] serial."""

from __future__ import annotations

import pytest
import running

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="what is promised here is ours")

MODES = pytest.mark.parametrize("mode", ["file", "whole"])
# Each test says when it begins and ends; one that is alone does both in two lines that follow one another.
NOTING = """
import os, time, pytest
@pytest.fixture(autouse=True)
def noted(request):
    note = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(note, f"begin {request.node.nodeid}\\n".encode())
    time.sleep(0.02)
    yield
    os.write(note, f"end {request.node.nodeid}\\n".encode())
    os.close(note)
"""
TESTS = "def test_one(): pass\n@pytest.mark.fastest(serial=True)\ndef test_marked(): pass\ndef test_two(): pass\n"


def ran(project) -> tuple[list[str], list[str]]:
    """All tests that ran, and those that were alone meanwhile, in their order."""
    lines = [line.split(" ", 1) for line in project.read("log").splitlines()]
    begun = [node_id for word, node_id in lines if word == "begin"]
    pairs = zip(lines, lines[1:])
    return begun, [node_id for (word, node_id), following in pairs if word == "begin" and following == ["end", node_id]]


@MODES
def test_a_marked_test_runs_once_alone_after_all_others(make_project, mode):
    project = make_project({"conftest.py": NOTING, "test_a.py": "import pytest\n" + TESTS, "test_b.py": "import pytest\n" + TESTS})
    run = project.run("-n", "3", "--collect", mode)
    assert (run.exit, run.left) == (0, []), run.stdout
    begun, alone = ran(project)
    assert sorted(begun) == sorted(f"{file}::{name}" for file in ("test_a.py", "test_b.py") for name in ("test_one", "test_marked", "test_two"))
    assert set(begun[-2:]) == {"test_a.py::test_marked", "test_b.py::test_marked"} <= set(alone)


@MODES
@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("test_b.py", ["test_b.py::test_one", "test_b.py::test_two"]),
        ("*::test_o*", ["d/test_a.py::test_one", "test_b.py::test_one"]),
        ("d/", ["d/test_a.py::test_one", "d/test_a.py::test_two"]),
        ("d/test_*.py", ["d/test_a.py::test_one", "d/test_a.py::test_two"]),
    ],
    ids=["file", "node-id", "folder", "glob"],
)
def test_what_a_glob_matches_runs_once_alone_after_all_others(make_project, mode, glob, expected):
    tests = "def test_one(): pass\ndef test_two(): pass\n"
    settings = f'[tool.fastest]\nserial = ["{glob}"]\n'
    project = make_project({"pyproject.toml": settings, "conftest.py": NOTING, "d/test_a.py": tests, "test_b.py": tests})
    run = project.run("-n", "3", "--collect", mode)
    assert (run.exit, run.left) == (0, []), run.stdout
    begun, alone = ran(project)
    assert len(begun) == len(set(begun)) == 4
    assert sorted(begun[2:]) == expected
    assert set(expected) <= set(alone)


def test_a_single_worker_keeps_pytests_order(make_project):
    project = make_project({"conftest.py": NOTING, "test_a.py": "import pytest\n" + TESTS})
    assert project.run("-n", "1").exit == 0
    assert ran(project)[0] == ["test_a.py::test_one", "test_a.py::test_marked", "test_a.py::test_two"]
