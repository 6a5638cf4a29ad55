"""Links that delay, tear, damage or swallow what passes: each test is reported exactly once."""

from __future__ import annotations

import os
import random
import time

import pytest
from proxy import Proxy

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))
pytestmark = pytest.mark.long


@pytest.fixture
def proxied(make_lab):
    """A run with an agent behind a proxy and one that is not; `go` sets the proxy up and starts them."""
    made = []

    def go(set_up=lambda proxy: None, **options):
        lab = make_lab(network=False, **{"tests": 14, "body": "time.sleep(0.3)", **options})
        proxy = Proxy(lab.port, SEED)
        made.append(proxy)
        set_up(proxy)
        coordinator = lab.coordinator("--expect-agents", "2")
        agents = [lab.agent(lab.machine(), "--orphan-timeout", "25", name="far", endpoint=proxy.endpoint), lab.agent(lab.machine(), name="near")]
        return lab, proxy, coordinator, agents

    yield go
    for proxy in made:
        proxy.close()


def check_all(lab, coordinator, agents, *, once: bool) -> None:
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    if once:
        assert set(lab.runs().values()) == {1}, lab.words()


def test_a_link_with_long_and_changing_delays_is_no_loss(proxied):
    lab, _, coordinator, agents = proxied(lambda proxy: setattr(proxy, "delay", (0.1, 0.4)))
    check_all(lab, coordinator, agents, once=True)
    assert "is lost" not in coordinator.said.read_text()


def test_a_link_that_passes_a_few_bytes_at_a_time_is_no_loss(proxied):
    def set_up(proxy):
        proxy.piece, proxy.delay = 7, (0.0, 0.0003)

    lab, _, coordinator, agents = proxied(set_up)
    check_all(lab, coordinator, agents, once=True)


def test_connections_that_are_reset_again_and_again_lose_nothing(proxied):
    lab, proxy, coordinator, agents = proxied()
    lab.wait_for_runs(4)
    chance = random.Random(SEED)
    for _ in range(10):
        time.sleep(chance.uniform(0.05, 0.7))
        proxy.reset()
    check_all(lab, coordinator, agents, once=True)
    assert proxy.connections > 5


@pytest.mark.parametrize("kind", ["flipped", "swapped", "doubled", "left out"])
def test_damaged_bytes_end_the_connection_and_never_a_result(proxied, kind):
    chance = random.Random(f"{SEED}-{kind}")

    def damage(piece: bytes) -> bytes:
        if len(piece) < 40 or chance.random() > 0.05:
            return piece
        at = chance.randrange(8, len(piece) - 8)
        if kind == "flipped":
            return piece[:at] + bytes([piece[at] ^ 1 << chance.randrange(8)]) + piece[at + 1 :]
        if kind == "swapped":
            return piece[at:] + piece[:at]
        return piece + piece[at:] if kind == "doubled" else piece[:at]

    lab, proxy, coordinator, agents = proxied()
    lab.wait_for_runs(4)
    proxy.damage = damage
    until = time.monotonic() + 15
    while proxy.damaged < 3 and time.monotonic() < until and coordinator.poll() is None:
        time.sleep(0.1)
    proxy.damage = None
    lab.check(coordinator)
    # Where the run ended while its connection was of no use, the agent waits for another coordinator.
    assert lab.wait(agents[0]) in (0, 75) and lab.wait(agents[1]) == 0, lab.words()
    assert proxy.damaged > 0
    assert max(lab.runs().values()) <= 2


def test_a_connection_that_is_open_but_passes_nothing_is_given_up(proxied):
    lab, proxy, coordinator, agents = proxied(tests=40, body="time.sleep(0.5)")
    lab.wait_for_runs(6)
    proxy.half_open()
    check_all(lab, coordinator, agents, once=False)
    assert proxy.connections > 1, "the agent did not connect anew"
    assert max(lab.runs().values()) <= 2


def test_much_output_over_a_link_that_breaks_is_whole(proxied):
    lab, proxy, coordinator, agents = proxied(files=2, tests=6, body="print('x' * 700_000); time.sleep(0.2); assert n != 3")
    lab.wait_for_runs(3)
    for _ in range(4):
        time.sleep(0.6)
        proxy.reset()
    lab.check(coordinator, 1)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert len(lab.failed()) == 2 and all("x" * 700_000 in line for line in lab.failed())
