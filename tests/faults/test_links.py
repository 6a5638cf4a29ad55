"""Links that break: each test is reported exactly once, and what an agent finished during a short break is not run again."""

from __future__ import annotations

import signal
import time

import pytest

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seconds", [2, 6, 12])
def test_a_short_partition_costs_nothing(make_lab, seconds):
    lab = make_lab(tests=20, body="time.sleep(0.4)")
    coordinator, agents, (here, _) = lab.two_agents()
    here.cut()
    time.sleep(seconds)
    here.heal()
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_a_long_partition_makes_the_agent_lost_and_it_begins_anew(make_lab):
    lab = make_lab(tests=60, body="time.sleep(0.7)")
    coordinator, agents, (here, _) = lab.two_agents()
    here.cut()
    time.sleep(30)
    here.heal()
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    said = coordinator.said.read_text()
    assert "agent one is lost" in said
    assert max(lab.runs().values()) == 2


@pytest.mark.parametrize("direction", ["inward", "outward"])
def test_a_partition_of_one_direction_is_a_partition(make_lab, direction):
    lab = make_lab(tests=20, body="time.sleep(0.4)")
    coordinator, agents, (here, _) = lab.two_agents()
    here.filter("drop" if direction == "inward" else "accept", "drop" if direction == "outward" else "accept")
    time.sleep(5)
    here.heal()
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_reset_connections_are_made_anew_and_nothing_is_lost(make_lab):
    lab = make_lab(tests=20, body="time.sleep(0.3)")
    coordinator, agents, (here, _) = lab.two_agents()
    for _ in range(4):
        here.filter("accept", "meta l4proto tcp reject with tcp reset")
        time.sleep(0.5)
        here.heal()
        time.sleep(1.5)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_packets_that_get_lost_at_random_cost_only_time(make_lab):
    lab = make_lab(tests=10, body="print('x' * 20000); time.sleep(0.2)")
    coordinator, agents, (here, _) = lab.two_agents()
    here.filter("numgen random mod 100 < 10 drop", "numgen random mod 100 < 10 drop")
    lab.check(coordinator)
    here.heal()
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


@pytest.mark.parametrize("seconds", [10, 30])
def test_a_stopped_agent_goes_on_or_is_replaced(make_lab, seconds):
    lab = make_lab(network=False, tests=40 if seconds == 30 else 20, body="time.sleep(0.6)")
    coordinator, agents, _ = lab.two_agents()
    agents[0].send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    agents[0].send_signal(signal.SIGCONT)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert ("agent one is lost" in coordinator.said.read_text()) == (seconds == 30)
    if seconds == 10:
        assert set(lab.runs().values()) == {1}, lab.words()


def test_a_stopped_coordinator_does_not_take_its_agents_for_lost(make_lab):
    lab = make_lab(network=False, tests=20, body="time.sleep(0.3)")
    coordinator, agents, _ = lab.two_agents()
    coordinator.send_signal(signal.SIGSTOP)
    time.sleep(25)
    coordinator.send_signal(signal.SIGCONT)
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}, lab.words()


def test_a_slow_link_with_much_output_is_no_loss(make_lab):
    lab = make_lab(files=2, tests=4, body="print('x' * 300_000); assert n != 1")
    here, there = lab.machine(), lab.machine()
    device = f"w{lab.tag}1"
    from lab import sh

    sh("tc", "-n", here.namespace, "qdisc", "add", "dev", device, "root", "tbf", "rate", "1mbit", "burst", "16kb", "latency", "400ms")
    coordinator = lab.coordinator("--expect-agents", "2")
    agents = [lab.agent(here, name="slow"), lab.agent(there, name="fast")]
    lab.check(coordinator, 1)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert "is lost" not in coordinator.said.read_text()


def test_agents_begin_anew_with_a_coordinator_that_was_started_again(make_lab):
    lab = make_lab(network=False, tests=10, body="time.sleep(0.3)")
    coordinator, agents, _ = lab.two_agents()
    coordinator.kill()
    coordinator.wait()
    again = lab.coordinator("--expect-agents", "2", name="again")
    lab.check(again)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()


def test_an_agent_without_a_coordinator_ends_by_itself(make_lab):
    lab = make_lab(network=False, body="time.sleep(0.3)")
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine(), "--orphan-timeout", "4")
    lab.wait_for_runs(2)
    coordinator.kill()
    began = time.monotonic()
    assert lab.wait(agent, 20) == 75, lab.words()
    assert time.monotonic() - began < 15
