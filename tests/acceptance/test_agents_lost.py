"""Agents that tests and files take down, and agents that hold a run up: the run goes on without them."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter

import pytest
from cluster import AGENT_PID, FILES, TESTS, expected
from running import LIMIT, STAND_IN, passes

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

KILLER = AGENT_PID + """
def test_before(): pass
def test_kills(): os.kill(agent_pid(), signal.SIGKILL)
def test_after(): pass
"""


def test_a_test_that_kills_its_agent_at_once_is_set_aside_after_three(cluster):
    (cluster.root / "test_killer.py").write_text(KILLER)
    coordinator = cluster.coordinator("-v")
    codes = [cluster.agent(workers=1).wait(LIMIT) for _ in range(4)]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, codes) == (1, [-signal.SIGKILL] * 3 + [0]), said + complaints
    assert cluster.failed() == ["test_killer.py::test_kills"]
    assert {node_id for node_id, _, _ in cluster.reports()} >= {"test_killer.py::test_before", "test_killer.py::test_after"}


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_a_file_that_kills_its_agent_when_it_is_imported_is_set_aside_after_three(cluster, collect):
    (cluster.root / "test_killer.py").write_text(AGENT_PID + "os.kill(agent_pid(), signal.SIGKILL)\ndef test_x(): pass\n")
    coordinator = cluster.coordinator("--collect", collect, "--agents-timeout", "20")
    codes = []
    while coordinator.poll() is None and len(codes) < 6:
        codes.append(cluster.agent(workers=1).wait(LIMIT))
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert codes[:3] == [-signal.SIGKILL] * 3, (codes, said + complaints)
    if collect == "file":
        assert coordinator.returncode == 2 and "ERROR collecting test_killer.py" in said
        assert "at least 3 agents were lost while they imported this file" in said
    else:  # Which file it was went down with the agents.
        assert coordinator.returncode == 3 and "3 agents were lost while they collected the tests" in said
    assert cluster.reports() == Counter()


TAIL = """
import time
def test_slow():
    try:
        mark = open(MARK, "x")
    except FileExistsError:
        return
    with mark:
        print(agent_pid(), file=mark)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", ["slow", "stopped"])
@pytest.mark.parametrize("collect", ["file", "whole"])
def test_the_end_of_a_run_is_not_held_by_one_agent_if_its_last_test_may_be_duplicated(cluster, tmp_path, collect, how):
    """Where the test is begun first it takes ten minutes."""
    mark = tmp_path / "mark"
    (cluster.root / "test_slow.py").write_text(f"MARK = {str(mark)!r}\n" + AGENT_PID + TAIL)
    coordinator = cluster.coordinator("--expect-agents", "2", "-v", "--collect", collect, "--duplicate-tail")
    agents = {agent.pid: agent for agent in (cluster.agent(workers=1), cluster.agent(workers=1))}
    while not mark.exists() or not mark.read_text().endswith("\n"):
        assert coordinator.poll() is None
        time.sleep(0.02)
    # What the stopped one has not told it would be waited for: all teardowns but one, which the other agent keeps back.
    while cluster.log.read_text().count('"when":"teardown"') < FILES * TESTS - 1:
        assert coordinator.poll() is None
        time.sleep(0.02)
    slow = agents.pop(int(mark.read_text()))
    began = time.monotonic()
    if how == "stopped":
        os.kill(slow.pid, signal.SIGSTOP)
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert re.search(r"tests? started at a second agent, too, which had the first result of [1-9]\d* \(--duplicate-tail\)", said), said
    assert time.monotonic() - began < 18  # A silent agent is lost after 20 s.
    assert [agent.wait(LIMIT) for agent in agents.values()] == [0]
    if how == "slow":
        assert slow.wait(LIMIT) == 0
    assert cluster.reports() == expected() + passes(["test_slow.py::test_slow"])
