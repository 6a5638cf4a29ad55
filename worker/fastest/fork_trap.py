"""A test that forks and returns in the child: the child must not report, and the parent's test fails saying so.

The child says that it came back in memory that both share, and ends. The parent looks there when the test's call is
over; where the test left a fork running, it gives that a moment to come back.
"""

from __future__ import annotations

import mmap
import os
import sys
from io import open as _open
from os import _exit, getpid
from time import sleep

import pytest

EXIT_STATUS = 70
# Only for a test that called os.fork and whose child still runs. Counted: a test may have stopped the clock.
_PATIENCE, _PAUSE = 125, 0.002


class ForkTrap:
    """One a worker."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self._pid = getpid()
        self.has_work = False  # A fork was made since the last check.
        os.register_at_fork(after_in_parent=self._count)

    def _count(self) -> None:
        if getpid() == self._pid:
            self.has_work = True

    def fall(self) -> None:
        """In the child that came back."""
        self._shared[0] = 1
        _exit(EXIT_STATUS)

    def check(self, call: object) -> None:
        """In the parent, after the call phase: turns a pass into a failure if a child came back."""
        if not self.has_work:
            return
        self.has_work = False
        for _ in range(_PATIENCE):
            if self._shared[0] or not _raw_children():
                break
            sleep(_PAUSE)
        if self._shared[0]:
            self._shared[0] = 0
            if call.excinfo is None:
                message = "the test forked and its child process returned into pytest; the child was ended (exit status 70)"
                call.excinfo = pytest.ExceptionInfo.from_exc_info(_raised(message))

    def sprung(self) -> bool:
        """Whether a child came back that no test has been failed for."""
        return bool(self._shared[0])


def _raised(message: str) -> tuple:
    try:
        pytest.fail(message, pytrace=False)
    except pytest.fail.Exception:
        return sys.exc_info()


def _raw_children() -> bool:
    """Whether a child runs that multiprocessing does not know (its children never return into the test)."""
    try:
        with _open(f"/proc/self/task/{getpid()}/children", encoding="ascii") as file:
            children = {int(pid) for pid in file.read().split()}
    except (OSError, ValueError):
        return False
    module = sys.modules.get("multiprocessing.process")
    known = {child.ident for child in getattr(module, "_children", ())}
    return any(_is_alive(pid) for pid in children - known)


def _is_alive(pid: int) -> bool:
    try:
        with _open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
