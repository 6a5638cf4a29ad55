"""How a process tells the agent things: a worker by ring or socket, the zygote by its socket."""

from __future__ import annotations

import struct
from collections.abc import Callable
from os import getpid  # By its name: a test may put something else into os.
from select import poll, POLLIN

from fastest import cutting, wire
from fastest import ring as rings
from fastest.ring import Ring
from fastest.wire import Frames

_REPORT = struct.Struct("<IIBBHIddd")
_ITEM = struct.Struct("<II")


class ZygoteLink:
    """The zygote's records: on its socket, without numbers."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames

    def send(self, kind: int, value: object) -> None:
        self.frames.write_record(kind, wire.NOT_NUMBERED, cutting.to_json(value))


class SilentLink:
    """In a fork of the worker: whoever made it hands over what is to be told."""

    def check_pid(self) -> None: ...

    def phase(self, state: int) -> None: ...

    def send(self, kind: int, value: object) -> None: ...


class WorkerLink:
    """A worker's records, numbered. Every record checks that this process is the worker and not a fork of it.

    `trespassed` is called in a forked child that came back into the runner; it must not return.
    """

    def __init__(self, frames: Frames, ring: Ring, trespassed: Callable[[], None]) -> None:
        self.frames = frames
        self.ring = ring
        self._pid = getpid()
        self._trespassed = trespassed
        self._received = 0
        ring.own()

    def is_ours(self) -> bool:
        """Whether this process is the worker, not a fork of it."""
        return getpid() == self._pid

    def check_pid(self) -> None:
        if getpid() != self._pid:
            self._trespassed()

    def send(self, kind: int, value: object) -> None:
        self.send_bytes(kind, cutting.to_json(value))

    def send_bytes(self, kind: int, body: bytes) -> None:
        self.check_pid()
        if not self.ring.record(kind, body):
            number = self.ring.number
            self.ring.number = number + 1
            self.frames.write_record(kind, number, body)

    def report(
        self, unit: int, index: int, phase: int, outcome: int, times: tuple[float, float, float], envelope: bytes = b""
    ) -> None:
        self.check_pid()
        if envelope or not self.ring.plain(unit, index, phase, outcome, *times):
            self.send_bytes(wire.REPORT, _REPORT.pack(unit, index, phase, outcome, 0, 0, *times) + envelope)

    def passed(self, unit: int, index: int, phase: int, times: tuple[float, float, float]) -> None:
        """`report` of a phase that passed with nothing to tell, where nobody's code has run since the pid was checked."""
        if not self.ring.plain(unit, index, phase, 0, *times):
            self.report(unit, index, phase, 0, times)

    def item(self, kind: int, unit: int, index: int) -> None:
        self.send_bytes(kind, _ITEM.pack(unit, index))

    def begin(self, state: int, lease: int = 0, unit: int = 0, index: int = rings.NONE) -> None:
        self.ring.begin(state, lease, unit, index)

    def phase(self, state: int) -> None:
        self.ring.words[rings.STATE] = state

    def touch(self) -> None:
        """What the header tells starts now: waiting for others counts towards no time-out."""
        self.check_pid()
        self.ring.touch()

    def inbox(self, block: bool) -> tuple[int, dict] | None:
        """The next frame of the agent; None: none has come (or, when blocking, the agent has gone)."""
        if not block and not self.frames.ready() and self.ring.words[rings.INBOX] <= self._received:
            return None
        frame = self.frames.read()
        self._received += 1
        return frame

    def wait(self, seconds: float) -> bool:
        """Waits until a frame comes (or the agent goes), but not longer than that; False: in vain."""
        if self.frames.ready():
            return True
        waiting = poll()
        waiting.register(self.frames.fileno(), POLLIN)
        return bool(waiting.poll(seconds * 1000))
