"""Agents that go and come: killed, drained, late. Each test is reported exactly once."""

from __future__ import annotations

import signal
import time

import pytest

POISON = """if n == 2:
        pid = os.getppid()
        while open(f"/proc/{pid}/comm").read().strip() != "fastest":
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        os.kill(pid, 9)"""


def test_a_killed_agents_tests_run_elsewhere_soon(make_lab):
    lab = make_lab(network=False, files=2, tests=10, body="time.sleep(0.15)")
    coordinator = lab.coordinator("--expect-agents", "2", "--json", str(lab.base / "run.json"))
    victim, other = (lab.agent(lab.machine(), name=name) for name in ("victim", "other"))
    lab.wait_for_runs(4)
    victim.kill()
    began = time.monotonic()
    lab.check(coordinator)
    assert time.monotonic() - began < 18, "its silence alone had to tell"
    assert lab.wait(other) == 0
    assert '"end": "lost"' in (lab.base / "run.json").read_text()
    assert "agent victim is lost" in coordinator.said.read_text()


def test_a_run_without_any_agent_goes_on_when_one_comes(make_lab):
    lab = make_lab(network=False, files=1, tests=8, body="time.sleep(0.1)")
    coordinator = lab.coordinator()
    first = lab.agent(lab.machine(), name="first")
    lab.wait_for_runs(2)
    first.kill()
    second = lab.agent(lab.machine(), name="second")
    lab.check(coordinator)
    assert lab.wait(second) == 0


@pytest.mark.long
def test_a_run_that_nobody_comes_to_ends_and_says_so(make_lab):
    lab = make_lab(network=False)
    coordinator = lab.coordinator("--agents-timeout", "3")
    assert lab.wait(coordinator, 20) == 3, lab.words()
    assert "no agent for 3 s (--agents-timeout)" in coordinator.said.read_text()


@pytest.mark.long
def test_a_run_that_not_all_expected_agents_come_to_ends_and_says_how_many_did(make_lab):
    lab = make_lab(network=False)
    coordinator = lab.coordinator("--expect-agents", "2", "--agents-timeout", "6")
    agent = lab.agent(lab.machine(), name="only")
    assert lab.wait(coordinator, 20) == 3, lab.words()
    assert "1 of the 2 agents that --expect-agents asks for were ready within 6 s" in coordinator.said.read_text()
    lab.wait(agent)


def test_a_late_agent_gets_work_at_once(make_lab):
    lab = make_lab(network=False, files=1, tests=24, body="time.sleep(0.25)")
    coordinator = lab.coordinator("--json", str(lab.base / "run.json"))
    first = lab.agent(lab.machine(), name="first", workers=1)
    lab.wait_for_runs(3)
    late = lab.agent(lab.machine(), name="late", workers=1)
    lab.check(coordinator)
    assert [lab.wait(first), lab.wait(late)] == [0, 0]
    said = coordinator.said.read_text()
    assert "agent late (1 worker from gw1): 0 tests" not in said and "agent late (1 worker from gw1)" in said, said


def test_a_drained_agent_finishes_what_runs_and_gives_the_rest_back(make_lab):
    lab = make_lab(network=False, files=2, tests=8, body="time.sleep(0.4)")
    coordinator = lab.coordinator("--expect-agents", "2")
    drained, other = (lab.agent(lab.machine(), name=name) for name in ("drained", "other"))
    lab.wait_for_runs(4)
    drained.send_signal(signal.SIGTERM)
    assert lab.wait(drained, 20) == 143, lab.words()
    lab.check(coordinator)
    assert lab.wait(other) == 0
    assert set(lab.runs().values()) == {1}, "nothing was cut off"
    assert "agent drained leaves" in coordinator.said.read_text()


def test_a_second_signal_ends_an_agent_at_once(make_lab):
    lab = make_lab(network=False, files=1, tests=3, body="time.sleep(3)")
    coordinator = lab.coordinator("--expect-agents", "2")
    hasty, other = (lab.agent(lab.machine(), name=name, workers=1) for name in ("hasty", "other"))
    lab.wait_for_runs(2)
    began = time.monotonic()
    hasty.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    hasty.send_signal(signal.SIGTERM)
    assert lab.wait(hasty, 20) == 143
    assert time.monotonic() - began < 2.5
    coordinator.kill()
    other.kill()


@pytest.mark.long
def test_what_does_not_end_within_the_grace_period_runs_elsewhere(make_lab):
    lab = make_lab(network=False, files=1, tests=4, body="time.sleep(6)")
    coordinator = lab.coordinator("--expect-agents", "2")
    drained = lab.agent(lab.machine(), "--grace", "1", name="drained", workers=1)
    other = lab.agent(lab.machine(), name="other", workers=1)
    lab.wait_for_runs(2)
    drained.send_signal(signal.SIGTERM)
    assert lab.wait(drained, 5) == 143, lab.words()
    lab.check(coordinator)
    assert lab.wait(other) == 0
    assert max(lab.runs().values()) == 2


def test_the_coordinator_can_be_an_agent_too_and_x_stops_everybody(make_lab):
    lab = make_lab(network=False, files=2, tests=30, body="time.sleep(0.2); assert n != 3")
    coordinator = lab.coordinator("--with-agent", "-n", "1", "--expect-agents", "2", "-x")
    agent = lab.agent(lab.machine(), name="elsewhere", workers=1)
    assert lab.wait(coordinator) == 1, lab.words()
    assert lab.wait(agent) == 0, lab.words()
    assert sum(lab.runs().values()) < 40
    assert "stopping after 1 failures" in coordinator.said.read_text()


@pytest.mark.long
def test_a_test_that_takes_three_agents_down_is_set_aside(make_lab):
    lab = make_lab(network=False, files=1, tests=4, body=POISON)
    coordinator = lab.coordinator()
    for number in range(8):
        lab.wait(lab.agent(lab.machine(), name="poisoned", workers=1), 60)
        if coordinator.poll() is not None:
            break
    assert lab.wait(coordinator, 30) == 1, lab.words()
    assert "at least 3 agents were lost while they ran this test" in coordinator.said.read_text()
