"""What a worker says and hears of shared fixtures: the client of the run's arbiter, the coordinator (docs/protocol.md).

Set in a worker of a run with several; elsewhere `client` is None, and shared fixtures are ordinary ones.
"""

from __future__ import annotations

from collections.abc import Callable
from os import getpid, urandom
from typing import Any

import pytest

from fastest import ring, wire
from fastest.link import WorkerLink

is_wanted = False  # This process is, or will be forked into, a worker among several. Set before conftests load.
client: Client | None = None


def heed(setup: dict[str, Any]) -> None:
    """SETUP has come."""
    global is_wanted
    is_wanted = setup.get("n", 0) > 1


def leave() -> None:
    """This process is a fork of the worker: it sets up what it needs for itself."""
    if client is not None:
        client.is_alone = True


class Client:
    """Asks and waits. While a fixture waits, what the agent sends is obeyed: a lease that others want is given back."""

    def __init__(self, config: pytest.Config, link: WorkerLink, obey: Callable[[int, dict[str, Any]], None]) -> None:
        self.config = config
        self.owned: dict[str, object] = {}  # The values of what this worker has set up, by key.
        self.is_alone = False
        self._link = link
        self._obey = obey
        self._asked = 0
        self._name = f"{getpid()}-{urandom(6).hex()}"

    def say(self, what: str, key: str, text: str = "", ticket: str = "") -> None:
        if not self.is_alone:
            self._link.send(wire.SHARED, {"what": what, "key": key, "ticket": ticket, "text": text})

    def acquire(self, key: str) -> tuple[str, str]:
        """("set-up" | "value" | "failed" | "gave-up", text). A fixture's set-up waits here for another worker's."""
        return self._ask("acquire", key, self._link.touch)

    def retire(self, key: str) -> None:
        """Returns when no other worker uses the fixture or can come to. That wait counts towards no time-out."""
        state = self._link.ring.words[ring.STATE]
        self._link.phase(ring.IDLE)
        try:
            self._ask("retire", key, lambda: None)
        finally:
            self._link.phase(state)

    def _ask(self, what: str, key: str, beat: Callable[[], None]) -> tuple[str, str]:
        if self.is_alone:
            return "set-up", ""
        self._asked += 1
        ticket = f"{self._name}-{self._asked}"
        self.say(what, key, ticket=ticket)
        while True:
            if not self._link.wait(1.0):
                beat()
                continue
            frame = self._link.inbox(block=True)
            if frame is None:
                raise RuntimeError("fastest.shared: the agent of this worker has gone")
            kind, order = frame
            if kind != wire.SHARED_ANSWER:
                self._obey(kind, order)
            elif order.get("ticket") == ticket:  # Else the answer is for a worker that was here before us.
                return order.get("what", ""), order.get("text", "")
