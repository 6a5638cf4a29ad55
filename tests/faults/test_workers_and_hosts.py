"""What goes wrong on an agent's machine: each test is reported exactly once, and an agent that cannot work says why."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from test_terminated_together import descendants  # noqa: E402

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))


def started(lab, agent, number: int) -> list[int]:
    """The agent's processes, the zygote first, when there are so many."""
    until = time.monotonic() + 30
    while len(found := descendants(agent.pid)) < number or not lab.runs():
        assert time.monotonic() < until, lab.words()
        time.sleep(0.02)
    return found


def test_a_zygote_that_is_killed_costs_no_result(make_lab):
    lab = make_lab(network=False, tests=8, body="time.sleep(0.25)")
    coordinator = lab.coordinator("--expect-agents", "2")
    victim, other = (lab.agent(lab.machine(), name=name) for name in ("victim", "other"))
    lab.wait_for_runs(4)
    os.kill(started(lab, victim, 2)[0], signal.SIGKILL)
    lab.check(coordinator)
    assert [lab.wait(victim), lab.wait(other)] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}
    assert "forked from ended: SIGKILL" in coordinator.said.read_text()


@pytest.mark.long
def test_a_worker_that_stands_still_for_a_while_costs_only_time(make_lab):
    lab = make_lab(network=False, tests=20, body="time.sleep(0.4)")
    coordinator = lab.coordinator("--expect-agents", "2")
    agents = [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    lab.wait_for_runs(4)
    worker = started(lab, agents[0], 2)[1]
    os.kill(worker, signal.SIGSTOP)
    time.sleep(4)
    os.kill(worker, signal.SIGCONT)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0]
    assert set(lab.runs().values()) == {1}


def test_all_agents_are_told_to_leave_and_another_ends_the_run(make_lab):
    lab = make_lab(network=False, tests=8, body="time.sleep(0.3)")
    coordinator = lab.coordinator("--expect-agents", "3")
    agents = [lab.agent(lab.machine(), name=f"n{number}", workers=1) for number in range(3)]
    lab.wait_for_runs(4)
    for agent in agents:
        agent.send_signal(signal.SIGTERM)
    assert [lab.wait(agent, 30) for agent in agents] == [143] * 3, lab.words()
    assert coordinator.poll() is None, lab.words()
    last = lab.agent(lab.machine(), name="last")
    lab.check(coordinator)
    assert lab.wait(last) == 0
    assert set(lab.runs().values()) == {1}, "a drained agent cuts nothing off"


@pytest.mark.long
def test_an_agent_that_comes_and_goes_all_the_time_holds_nobody_up(make_lab):
    lab = make_lab(network=False, tests=14, body="time.sleep(0.25)")
    coordinator = lab.coordinator()
    steady = lab.agent(lab.machine(), name="steady")
    lab.wait_for_runs(2)
    chance = random.Random(SEED)
    for number in range(6):
        flapping = lab.agent(lab.machine(), name="flapping")
        time.sleep(chance.uniform(0.2, 1.5))
        flapping.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        flapping.wait(30)
        if coordinator.poll() is not None:
            break
    lab.check(coordinator)
    assert lab.wait(steady) == 0


@pytest.mark.long
def test_two_agents_of_one_name_are_two_agents(make_lab):
    lab = make_lab(network=False, tests=8, body="time.sleep(0.25)")
    coordinator = lab.coordinator("--expect-agents", "2")
    agents = [lab.agent(lab.machine(), name="twin") for _ in range(2)]
    lab.wait_for_runs(6)
    agents[0].kill()
    lab.check(coordinator)
    assert lab.wait(agents[1]) == 0, lab.words()
    assert coordinator.said.read_text().count("agent twin is lost") == 1


def test_an_agent_that_comes_for_the_last_test_ends_with_the_run(make_lab):
    lab = make_lab(network=False, files=1, tests=6, body="time.sleep(0.2 if n < 5 else 2.5)")
    coordinator = lab.coordinator()
    first = lab.agent(lab.machine(), name="first", workers=1)
    lab.wait_for_runs(6)
    late = lab.agent(lab.machine(), name="late")
    lab.check(coordinator)
    assert [lab.wait(first), lab.wait(late)] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}


@pytest.mark.parametrize("kind", ["missing", "no pytest", "ends"])
def test_an_agent_whose_python_does_not_do_says_why_and_the_run_goes_on(make_lab, kind):
    lab = make_lab(network=False, files=1, tests=6, body="time.sleep(0.2)")
    python = lab.base / "python"
    if kind == "no pytest":
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    elif kind == "ends":
        python.write_text("#!/bin/sh\nexit 9\n")
    if kind != "missing":
        python.chmod(0o755)
    coordinator = lab.coordinator()
    right = lab.agent(lab.machine(), name="right", workers=1)
    lab.wait_for_runs(1)
    wrong = lab.agent(lab.machine(), "--python", str(python), name="wrong")
    assert lab.wait(wrong, 30) == 78, lab.words()
    assert "error" in wrong.said.read_text().lower(), lab.words()
    lab.check(coordinator)
    assert lab.wait(right) == 0


HUGE = """
import os, time, pytest
@pytest.mark.parametrize("n", range({tests}), ids=[str(n) + "x" * {size} for n in range({tests})])
def test(n, request):
    with open({ran!r}, "a") as file:
        file.write(request.node.nodeid + "\\n")
"""


def test_node_ids_of_a_hundred_kilobytes_are_only_long(make_lab):
    lab = make_lab(network=False, files=1, tests=6)
    (lab.root / "test_0.py").write_text(HUGE.format(tests=6, size=100_000, ran=str(lab.ran)))
    lab.ids = [f"test_0.py::test[{n}{'x' * 100_000}]" for n in range(6)]
    coordinator = lab.coordinator("--expect-agents", "2")
    agents = [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0]


def test_a_run_whose_only_agent_has_no_pytest_ends_with_the_reason(make_lab):
    lab = make_lab(network=False, files=1, tests=2, body="pass")
    python = lab.base / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    python.chmod(0o755)
    coordinator = lab.coordinator("--agents-timeout", "4")  # So long another one may come.
    agent = lab.agent(lab.machine(), "--python", str(python))
    assert lab.wait(coordinator, 30) == 3, lab.words()
    assert f"{python} ended before pytest was loaded" in coordinator.said.read_text()
    assert lab.wait(agent, 30) not in range(1, 7)


def limited(make_lab, limit: str, others: int = 0, **options):
    lab = make_lab(network=False, **options)
    coordinator = lab.coordinator()
    for number in range(others):
        lab.agent(lab.machine(), name=f"other{number}", workers=1)
        lab.wait_for_runs(1)
    lab.prefix = ["prlimit", limit]
    agent = lab.agent(lab.machine(), name="limited")
    lab.prefix = []
    return lab, coordinator, agent


def test_workers_with_little_memory_fail_what_needs_more_and_nothing_else(make_lab):
    body = "n == 3 and bytearray(2**31)"
    lab, coordinator, agent = limited(make_lab, f"--as={2**30}:{2**30}", files=2, tests=6, body=body)
    lab.check(coordinator, 1)
    assert lab.wait(agent) == 0, lab.words()
    assert len(lab.failed()) == 2 and all("MemoryError" in line for line in lab.failed())


@pytest.mark.parametrize("number", [pytest.param(12, marks=pytest.mark.long), pytest.param(24, marks=pytest.mark.long), 64, pytest.param(256, marks=pytest.mark.long)])
def test_an_agent_with_few_descriptors_works_or_says_why_not(make_lab, number):
    lab, coordinator, agent = limited(make_lab, f"--nofile={number}:{number}", 1, files=2, tests=8, body="time.sleep(0.3)")
    lab.check(coordinator)
    code = lab.wait(agent)
    assert code == 0 or (code not in range(1, 7) and agent.said.read_text().strip()), lab.words()


RING = """if n == 2:
        for name in os.listdir("/proc/self/fd"):
            try:
                if "memfd:" not in os.readlink("/proc/self/fd/" + name): continue
                {what}
            except OSError: pass
    time.sleep(0.1)"""


def test_a_test_that_shortens_our_memory_is_not_let(make_lab):
    lab = make_lab(network=False, files=2, tests=6, body=RING.format(what="os.ftruncate(int(name), 0)"))
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine())
    lab.check(coordinator)
    assert lab.wait(agent) == 0, lab.words()


def test_a_test_that_writes_over_our_memory_ends_the_run_with_the_reason(make_lab):
    """What stood there is lost, and nobody can tell any more which test the worker was in."""
    lab = make_lab(network=False, files=2, tests=6, body=RING.format(what="os.pwrite(int(name), os.urandom(100_000), 0)"))
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine())
    assert lab.wait(coordinator) == 3, lab.words()
    said = coordinator.said.read_text()
    assert "sent what is not its protocol and is stopped: the ring says" in said and "tests not run" in said, said
    assert lab.wait(agent) == 0, lab.words()


@pytest.mark.long
def test_all_agents_stand_still_until_they_are_lost_and_begin_anew(make_lab):
    lab = make_lab(network=False, tests=20, body="time.sleep(0.4)")
    coordinator = lab.coordinator("--expect-agents", "2")
    agents = [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    lab.wait_for_runs(4)
    for agent in agents:
        agent.send_signal(signal.SIGSTOP)
    time.sleep(25)
    for agent in agents:
        agent.send_signal(signal.SIGCONT)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert max(lab.runs().values()) <= 2
