"""The memory that a worker shares with its agent: what it is doing, and its records (docs/protocol.md, 1.3).

A record's bytes are written first and `written` last, each word by one aligned 8-byte store, so what the agent sees is
whole, even when this process dies in between. A plain pass costs one pack_into and one store.
"""

from __future__ import annotations

import mmap
import struct
from os import fstat, getpid
from time import clock_gettime_ns, CLOCK_MONOTONIC

HEADER = 128
WRITTEN, READ, STATE, UNIT, INDEX, SINCE, INBOX, PID, LEASE = 1, 2, 3, 4, 5, 6, 7, 8, 9
STARTING, IDLE, COLLECTING, SETUP, CALL, TEARDOWN, FINALIZING, ENDED = range(8)
NONE = 0xFFFFFFFFFFFFFFFF  # No item.

_RECORD = struct.Struct("<IIBBH")
_PLAIN = struct.Struct("<IIBBHIIBBHIddd")  # A record that is a REPORT without an envelope.
_REPORT_KIND = 66


class Ring:
    """The worker's end of the ring. The pid word is set by `own`, and nothing else may write then."""

    def __init__(self, fd: int) -> None:
        size = fstat(fd).st_size
        self._map = mmap.mmap(fd, size)
        self._bytes = memoryview(self._map)
        self.words = self._bytes[:HEADER].cast("Q")
        self._data = self._bytes[HEADER:]
        self._size = size - HEADER
        self._written = 0
        self.number = 0  # Of the next record, by ring or by socket.

    def own(self) -> None:
        self._written = self.words[WRITTEN]
        self.words[PID] = getpid()

    def begin(self, state: int, lease: int, unit: int, index: int) -> None:
        """Says what starts now; the state last, since the agent blames by it."""
        words = self.words
        words[LEASE] = lease
        words[UNIT] = unit
        words[INDEX] = index
        words[SINCE] = clock_gettime_ns(CLOCK_MONOTONIC)
        words[STATE] = state

    def touch(self) -> None:
        self.words[SINCE] = clock_gettime_ns(CLOCK_MONOTONIC)

    def plain(self, unit: int, index: int, phase: int, outcome: int, start: float, stop: float, duration: float) -> bool:
        """Writes a REPORT without envelope; False if there is no room in one piece."""
        at = self._written % self._size
        room = self._size - (self._written - self.words[READ])
        if room < 56 or at + 56 > self._size:
            return False
        number = self.number
        _PLAIN.pack_into(
            self._data, at, 48, number, _REPORT_KIND, 0, 0, unit, index, phase, outcome, 0, 0, start, stop, duration
        )
        self.number = number + 1
        self._written += 56
        self.words[WRITTEN] = self._written
        return True

    def record(self, kind: int, body: bytes) -> bool:
        """Writes a record; False if there is no room for it now."""
        size = 12 + len(body)
        padded = (size + 7) & ~7
        if padded > self._size - (self._written - self.words[READ]):
            return False
        record = _RECORD.pack(8 + len(body), self.number, kind, 0, 0) + body + bytes(padded - size)
        at = self._written % self._size
        first = min(padded, self._size - at)
        self._data[at : at + first] = record[:first]
        self._data[: padded - first] = record[first:]
        self.number += 1
        self._written += padded
        self.words[WRITTEN] = self._written
        return True
