"""The zygote's forks: watched by pidfd, and their ends told to the agent."""

from __future__ import annotations

import os
import select

from fastest import wire
from fastest.wire import Frames


class Children:
    """Living forks of this process, each a worker."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._workers: dict[int, tuple[int, int]] = {}  # pidfd -> (pid, worker)

    def add(self, pid: int, worker: int) -> None:
        self._workers[os.pidfd_open(pid)] = (pid, worker)
        self._frames.write(wire.FORKED, {"worker": worker, "pid": pid})

    def forget(self) -> None:
        """In a fork: these are its siblings."""
        for pidfd in self._workers:
            os.close(pidfd)
        self._workers.clear()

    def watch_until_frame(self) -> None:
        """Tells of children that end until the agent has something to say."""
        while True:
            readable, _, _ = select.select([self._frames.fileno(), *self._workers], [], [])
            for pidfd in readable:
                if pidfd in self._workers:
                    self._reap(pidfd)
            if self._frames.fileno() in readable:
                return

    def reap_all(self) -> None:
        for pidfd in list(self._workers):
            try:
                self._reap(pidfd)
            except OSError:
                return  # The agent has gone.

    def _reap(self, pidfd: int) -> None:
        pid, worker = self._workers.pop(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        self._frames.write(wire.EXITED, {"worker": worker, "pid": pid, "status": status})
