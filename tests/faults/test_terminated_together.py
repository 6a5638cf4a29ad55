"""A SIGTERM to an agent and to all that it has started, as Slurm sends it to a step: no test is to blame for that."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest


def descendants(pid: int) -> list[int]:
    """Its children and theirs, the oldest first."""
    parents = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # It has ended.
    found = [pid]
    for one in found:
        found += sorted(child for child, parent in parents.items() if parent == one)
    return found[1:]


@pytest.mark.parametrize("agent_first", [True, False])
def test_tests_of_an_agent_that_is_terminated_with_its_workers_run_elsewhere(make_lab, agent_first):
    lab = make_lab(network=False, files=4, tests=5, body="time.sleep(0.3)")
    coordinator = lab.coordinator()
    victim = lab.agent(lab.machine(), name="victim")
    until = time.monotonic() + 30
    while len(started := descendants(victim.pid)) < 3 or not lab.runs():  # A zygote and two workers.
        assert time.monotonic() < until, lab.words()
        time.sleep(0.02)
    other = lab.agent(lab.machine(), name="other")
    for pid in [victim.pid, *started] if agent_first else [*reversed(started), victim.pid]:
        os.kill(pid, signal.SIGTERM)
    lab.check(coordinator)
    assert lab.wait(victim) == 143 and lab.wait(other) == 0
    assert "crashed" not in coordinator.said.read_text()
