"""Where a warm process listens, and that only one does: PLACE.sock, and a lock on PLACE.lock, in the user's private folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastest import process, wire
from fastest.wire import Frames

CLIENT_PATIENCE = 2.0  # Seconds for a frame to come or go.
_MOST_OF_A_KIND = 4  # Each has another environment or command line; the one longest unused goes.


class WarmPlace:
    """`listener` is set while this process is the one that listens."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._lock = -1
        self.listener: socket.socket | None = None

    def take(self) -> None:
        """Listens, unless somebody does."""
        path = self._place + ".lock"
        self._lock = process.out_of_the_way(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(path).st_ino != os.fstat(self._lock).st_ino:
                return  # Its holder has just left and taken it away.
        except OSError:
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short_name(self._place) as name:
            if os.path.lexists(name):  # Left behind by a process that was killed.
                os.unlink(name)
            listener.bind(name)
            listener.listen(16)
        self.listener = socket.socket(fileno=process.out_of_the_way(listener.detach()))

    def leave(self) -> None:
        """Nobody comes any more."""
        if self.listener is not None:
            for suffix in (".sock", ".lock"):
                try:
                    os.unlink(self._place + suffix)
                except OSError:
                    pass  # Somebody has tidied up.
        self.let_go()

    def let_go(self) -> None:
        """In a fork: the place stays its parent's."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def touch(self) -> None:
        """In use: the lock's time is that of the last run."""
        if self.listener is not None:
            os.utime(self._lock)

    def sign(self, kind: dict[str, Any]) -> None:
        """Says in the lock what is here. Too many of a kind: one is told to go."""
        if self.listener is None:
            return
        os.pwrite(self._lock, json.dumps(kind).encode(), 0)
        self.touch()
        folder = os.path.dirname(self._place)
        alike = []
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            try:
                with open(path, encoding="utf-8") as file:
                    if name.endswith(".lock") and json.load(file) == kind:
                        alike.append((os.stat(path).st_mtime, path[: -len(".lock")]))
            except (OSError, ValueError):
                continue
        for _, place in sorted(alike)[:-_MOST_OF_A_KIND]:
            if place != self._place:
                _tell_to_go(place)


@contextmanager
def _short_name(place: str) -> Iterator[str]:
    """PLACE.sock by way of its folder's descriptor: a socket's address is short."""
    folder = os.open(os.path.dirname(place), os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(place)}.sock"
    finally:
        os.close(folder)


def _tell_to_go(place: str) -> None:
    try:
        with _short_name(place) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.settimeout(CLIENT_PATIENCE)
            other.connect(name)
            Frames(other).write(wire.QUIT, {})
    except OSError:
        pass  # It has gone already.
