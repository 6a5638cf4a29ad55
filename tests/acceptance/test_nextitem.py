"""A hook that has `nextitem` in its signature: fixtures of the session are set up once a worker, whatever it does with it."""

from collections import Counter

import pytest
import running
from compare import compare

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="ours")
FIXTURES = """
import os, pytest
@pytest.fixture(scope="session")
def resource():
    with open("set_up", "a") as file: file.write(f"{os.getpid()}\\n")
"""
TESTS = """
import pytest
@pytest.fixture(scope="module")
def table(resource): pass
@pytest.mark.parametrize("n", range(3))
def test_it(table, n): pass
"""
READS = "def pytest_runtest_teardown(item, nextitem):\n    assert nextitem is None or nextitem.module\n"
HOOKS = {
    "leaves it alone": "def pytest_runtest_teardown(item, nextitem): pass\n",
    "hands it on": """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
""",
    "reads it": READS,
}


def project_with(make_project, hook, folder="ours"):
    return make_project({"conftest.py": FIXTURES + hook, **{f"test_{number}.py": TESTS for number in range(8)}}, folder)


@pytest.mark.parametrize("collect", ["auto", "file", "whole"])
@pytest.mark.parametrize("hook", [name for name in HOOKS if name != "reads it"])
def test_fixtures_of_the_session_are_set_up_once_a_worker(make_project, hook, collect):
    project = project_with(make_project, HOOKS[hook])
    assert project.run("-n", "2", "--collect", collect).exit == 0
    assert set(Counter(project.read("set_up").split()).values()) == {1}


def test_a_hook_that_reads_it_has_all_collected_first(make_project):
    run = project_with(make_project, HOOKS["reads it"]).run("-n", "2", "-v")
    assert "collection: conftest.py: pytest_runtest_teardown looks at nextitem" in run.stdout


def test_a_hook_that_reads_it_is_told_none_but_at_the_end_of_a_workers_share(make_project):
    project = project_with(make_project, READS + "    if nextitem is None: open('none', 'a').write(item.name + '\\n')\n")
    assert project.run("-n", "2").exit == 0
    assert len(project.read("none").split()) <= 4  # Of eight files: a worker may have to wait for what it steals.


@pytest.mark.parametrize("hook", HOOKS)
def test_the_outcomes_are_pytests(make_project, hook):
    truth = project_with(make_project, HOOKS[hook], "truth").pytest("-p", "no:cacheprovider")
    assert compare(truth, project_with(make_project, HOOKS[hook]).run("-n", "2", "-p", "no:cacheprovider")) == []
