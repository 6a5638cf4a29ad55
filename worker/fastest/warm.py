"""A warm process (--persistent-workers): a Python that has imported pytest and its plugins, and gives each run a fork.

No test, no conftest and no option of a run is ever loaded here: the fork, which is the run's zygote, does all that anew,
with the run's own descriptors. What is loaded here is checked before each run (freshness.py); if it has changed, this
process declines and ends, and the run starts another. Between the zygote and this process stands a reaper, which tells
the run of the ends of processes that are not its children (docs/protocol.md, 1.8).
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import socket
import struct
import sys
import time
from os import getpid  # By its name: while plugins load somebody watches who asks for it.
from typing import Any

from fastest import compat_warm, preload, process, run_reaper, wire
from fastest.freshness import Snapshot
from fastest.given import Given
from fastest.warm_place import CLIENT_PATIENCE, WarmPlace
from fastest.wire import Frames

_FIRST_CLIENT = 3


def serve(place: str, began: float) -> WarmProcess | None:
    """Serves runs until nobody has come for long. Returns None in a process that is a run's zygote, and a warm process in
    one that is to parse its command line as a zygote does, and then to serve its runs."""
    compat_warm.import_core()
    return WarmProcess(place, began).serve()


class WarmProcess:
    """One that has imported what it may forks, for each command line that comes, another that goes on until conftests are
    next. That one serves runs of this command line alone, faster.
    """

    def __init__(self, place: str, began: float) -> None:
        self._place = WarmPlace(place)
        self._began = began
        self._born = self._used = time.monotonic()
        self._runs = 0
        self._active: dict[int, int] = {}  # The pipe that a run's reaper keeps open -> the reaper's pid.
        self._clients: dict[int, Frames] = {}
        self._order: dict[str, Any] = {}  # The last run's.
        self._trial: preload.Trial | None = None
        self._has_parsed = False
        self._forks: dict[int, str] = {}  # A socket to each that was forked to parse -> its place. They live as long as we do.
        self._parsed = ""  # The last place that one was forked for, until a run comes here again.
        self._parent = -1  # In one of those: the other end.
        self._add(process.socket_of(_FIRST_CLIENT))
        self._freeze()
        self._snapshot = Snapshot(began)
        self._place.take()

    def serve(self) -> WarmProcess | None:
        outcome = self.run()
        if outcome is None:
            os._exit(0)
        if outcome is self:
            return self
        outcome.enter()
        return None

    def run(self) -> Given | WarmProcess | None:
        """Given: this is the process of a run. A warm process: this is a fork that is to parse and go on. None: the end."""
        while not self._is_over():
            for fd in self._wait():
                given = self._attend(fd)
                if given is not None:
                    return given
            if self._runs and not self._active and self._place.listener is not None:
                if self._trial is None:
                    self._load_plugins()
                if self._parses_ahead() and self._fork_parsing():
                    return self
        self._place.leave()
        return None

    # ---- clients ----
    def _is_over(self) -> bool:
        if self._active or self._clients or self._forks:
            return False
        return self._place.listener is None or time.monotonic() - self._used >= self._idle_timeout()

    def _idle_timeout(self) -> float:
        return self._order.get("idle_timeout", 60.0)

    def _wait(self) -> list[int]:
        poll = select.poll()
        for fd in [*self._active, *self._clients, *self._forks, self._parent]:
            if fd >= 0:
                poll.register(fd, select.POLLIN)
        if self._place.listener is not None:
            poll.register(self._place.listener.fileno(), select.POLLIN)
        left = self._used + self._idle_timeout() - time.monotonic()
        return [fd for fd, _ in poll.poll(None if self._active or self._forks else max(left, 0.0) * 1000 + 1)]

    def _attend(self, fd: int) -> Given | None:
        if self._place.listener is not None and fd == self._place.listener.fileno():
            self._accept()
        elif fd in self._active:
            os.close(fd)
            os.waitpid(self._active.pop(fd), 0)
            self._used = time.monotonic()
        elif fd in self._forks:
            os.close(fd)
            del self._forks[fd]
        elif fd == self._parent:
            self._end()
        elif fd in self._clients:
            try:
                return self._answer(fd, self._clients[fd])
            except (OSError, ValueError, KeyError, TypeError, wire.WireError):
                self._drop(fd)
        return None

    def _accept(self) -> None:
        client, _ = self._place.listener.accept()
        peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", peer)[1] == os.geteuid():
            self._add(socket.socket(fileno=process.out_of_the_way(client.detach())))

    def _add(self, client: socket.socket) -> None:
        client.settimeout(CLIENT_PATIENCE)
        self._clients[client.fileno()] = Frames(client)

    def _drop(self, fd: int) -> None:
        self._clients.pop(fd).close()

    def _answer(self, fd: int, frames: Frames) -> Given | None:
        while True:
            frame = frames.read()
            if frame is None:
                self._drop(fd)
            elif frame[0] == wire.LAUNCH:
                return self._launch(fd, frames, frame[1])
            elif frame[0] == wire.QUIT:
                self._end()
            elif frame[0] == wire.ASK_STATUS:
                with contextlib.suppress(OSError):  # Who asked may have lost patience; QUIT may follow all the same.
                    frames.write(wire.STATUS, self._status())
            if not frames.ready():
                return None

    def _status(self) -> dict[str, Any]:
        now = time.monotonic()
        if self._trial is None:
            loaded = "pytest"
        elif self._trial.why_not:
            loaded = f"pytest without plugins: {self._trial.why_not[0]}"
        else:
            loaded = "pytest, plugins, options" if self._has_parsed else "pytest, plugins"
        return {
            "pid": getpid(),
            "project": self._order.get("project", ""),
            "loaded": loaded,
            "age": now - self._born,
            "idle": 0.0 if self._active else now - self._used,
            "runs": self._runs,
            "active": len(self._active),
            "memory": _resident(),
        }

    def _sign_place(self) -> None:
        self._place.sign({"project": self._order["project"], "parsed": self._has_parsed})

    # ---- runs ----
    def _launch(self, fd: int, frames: Frames, order: dict[str, Any]) -> Given | None:
        claim, *fds = frames.take_fds()
        self._order = order
        why = self._why_not(order)
        if why:
            self._place.leave()
            frames.write(wire.DECLINED, {"why": why})
            self._end()
        self._runs += 1
        self._parsed = ""
        self._used = time.monotonic()
        reading, writing = os.pipe()
        status = self._status()
        pid = os.fork()
        if not pid:
            os.close(reading)
            del self._clients[fd]
            self._let_go()
            # From here on this is the reaper, or its child.
            if run_reaper.stand_between(frames, claim, [*fds, writing], status):
                os.close(writing)
                return Given(order, fds)
            os._exit(0)
        os.close(writing)
        for each in (claim, *fds):
            os.close(each)
        self._active[process.out_of_the_way(reading)] = pid
        self._drop(fd)
        if self._runs == 1:
            self._sign_place()
        else:
            self._place.touch()
        return None

    def _why_not(self, order: dict[str, Any]) -> str:
        if not run_reaper.IS_POSSIBLE:
            return "this Python has no ctypes"
        limit = order["memory_limit"]
        if _resident() > limit:
            return f"it has {_resident() >> 20} MiB, and {limit >> 20} are allowed"
        return self._snapshot.difference()

    def _load_plugins(self) -> None:
        self._trial = preload.try_plugins(self._order)
        if not self._trial.why_not and preload.load_plugins(self._order):
            self._freeze()
            self._take_snapshot()

    def _take_snapshot(self) -> None:
        self._snapshot = Snapshot(self._began, self._trial.files, self._trial.folders, self._trial.names)

    # ---- command lines ----
    def _parses_ahead(self) -> bool:
        if self._has_parsed or self._trial.why_not or self._order["exact"] in (self._parsed, *self._forks.values()):
            return False
        return not any(word.startswith("@") for word in self._order["setup"]["argv"])  # What a file says may change.

    def _fork_parsing(self) -> bool:
        """True in the fork."""
        self._parsed = self._order["exact"]
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            theirs.close()
            self._forks[process.out_of_the_way(ours.detach())] = self._order["exact"]
            return False
        if os.fork():  # The warm process is not to wait for its end.
            os._exit(0)
        self._let_go()
        ours.close()
        self._parent = process.out_of_the_way(theirs.detach())
        self._place, self._has_parsed, self._runs = WarmPlace(self._order["exact"]), True, 0
        return True

    @property
    def setup(self) -> dict[str, Any]:
        """What a fork that is to parse has to parse."""
        return self._order["setup"]

    def serve_parsed(self) -> None:
        """Called once conftests are next. Returns in a run's zygote."""
        self._born = self._used = time.monotonic()
        self._freeze()
        self._take_snapshot()
        self._place.take()
        self._sign_place()
        if self._place.listener is None or self.serve() is not None:
            os._exit(0)

    def _freeze(self) -> None:
        gc.collect()
        gc.freeze()

    def _let_go(self) -> None:
        """In a fork: everything but the run's own is the warm process's."""
        for fd in [*self._active, *self._forks, self._parent]:
            if fd >= 0:
                os.close(fd)
        self._forks, self._parent = {}, -1
        for client in self._clients.values():
            client.close()
        self._active, self._clients = {}, {}
        self._place.let_go()

    def _end(self) -> None:
        """Runs under way do not need this process any more."""
        self._place.leave()
        os._exit(0)


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
