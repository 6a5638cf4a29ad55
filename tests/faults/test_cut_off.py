"""Machines that are cut off while the run stops, prints or ends: each test is reported exactly once."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from lab import sh

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))
pytestmark = pytest.mark.long


def test_x_ends_a_run_in_time_though_an_agent_is_cut_off(make_lab):
    lab = make_lab(files=2, tests=40, body="time.sleep(0.3); assert n != 9")
    coordinator, agents, (here, _) = lab.two_agents("-x")
    here.cut()
    began = time.monotonic()
    assert lab.wait(coordinator, 60) == 1, lab.words()
    assert time.monotonic() - began < 45
    assert "stopping after 1 failures" in coordinator.said.read_text()
    here.heal()
    assert lab.wait(agents[1]) == 0
    assert lab.wait(agents[0], 140) not in range(1, 7), lab.words()


def test_an_agent_that_is_cut_off_at_the_end_does_not_hold_the_run_for_ever(make_lab):
    lab = make_lab(tests=8, body="time.sleep(0.3)")
    coordinator, agents, (here, _) = lab.two_agents()
    lab.wait_for_runs(len(lab.ids) - 3)
    here.cut()
    began = time.monotonic()
    lab.check(coordinator)
    assert time.monotonic() - began < 60
    here.heal()
    assert lab.wait(agents[1]) == 0
    assert lab.wait(agents[0], 140) not in range(1, 7), lab.words()


def test_much_output_of_an_agent_that_is_cut_off_comes_when_it_is_back(make_lab):
    lab = make_lab(files=2, tests=10, body="print('x' * 500_000); time.sleep(0.3); assert n != 4")
    coordinator, agents, (here, _) = lab.two_agents()
    here.cut()
    time.sleep(8)
    here.heal()
    lab.check(coordinator, 1)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()
    assert len(lab.failed()) == 2 and all("x" * 500_000 in line for line in lab.failed())


def test_a_coordinator_that_is_cut_off_from_everybody_goes_on_with_everybody(make_lab):
    lab = make_lab(tests=20, body="time.sleep(0.4)")
    coordinator, agents, _ = lab.two_agents()
    lab.home.cut()
    time.sleep(random.Random(SEED).uniform(3, 12))
    lab.home.heal()
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_an_agent_that_gets_another_address_goes_on_with_its_session(make_lab):
    lab = make_lab(tests=20, body="time.sleep(0.4)")
    coordinator, agents, (here, _) = lab.two_agents()
    device = f"w{lab.tag}1"
    sh("ip", "-n", here.namespace, "addr", "flush", "dev", device)
    time.sleep(2)
    sh("ip", "-n", here.namespace, "addr", "add", "10.77.0.200/24", "dev", device)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_an_agent_that_is_told_to_leave_while_it_is_cut_off_ends_by_itself(make_lab):
    lab = make_lab(tests=14, body="time.sleep(0.4)")
    coordinator, agents, (here, _) = lab.two_agents()
    here.cut()
    agents[0].send_signal(signal.SIGTERM)
    assert lab.wait(agents[0], 60) == 143, lab.words()
    lab.check(coordinator)
    assert lab.wait(agents[1]) == 0
    here.heal()


def test_partitions_at_random_again_and_again_lose_nothing(make_lab):
    lab = make_lab(tests=30, body="time.sleep(0.3)")
    coordinator, agents, machines = lab.two_agents()
    chance = random.Random(SEED)
    for _ in range(8):
        machine = chance.choice(machines)
        machine.cut()
        time.sleep(chance.uniform(0.2, 4))
        machine.heal()
        time.sleep(chance.uniform(0, 1))
        if coordinator.poll() is not None:
            break
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()
