"""A fork of a warm process, on its way to be a run's zygote: becomes what a process started for the run would be."""

from __future__ import annotations

import fcntl
import importlib
import os
import sys
import time
from typing import Any

from fastest import process


class Given:
    """LAUNCH, and the descriptors that came with it."""

    def __init__(self, order: dict[str, Any], fds: list[int]) -> None:
        self._order = order
        self._fds = fds

    def enter(self) -> None:
        os.setpgid(0, 0)
        self._place_descriptors()
        for name, value in self._order["environment"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _forget()
        process.is_given = True

    def _place_descriptors(self) -> None:
        """Each gets its number; through high copies, since a number may be another one's."""
        targets = self._order["fds"]
        above = max(targets) + 1
        copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, above) for fd in self._fds]
        for fd in self._fds:
            os.close(fd)
        for copy, target in zip(copies, targets):
            os.dup2(copy, target, inheritable=True)
            os.close(copy)


def _forget() -> None:
    """What Python has looked up and would look up again in a new process."""
    importlib.invalidate_caches()
    sys.path_importer_cache.clear()
    linecache, logging, tempfile = (sys.modules.get(name) for name in ("linecache", "logging", "tempfile"))
    if linecache is not None:
        linecache.clearcache()
    if logging is not None:  # LogRecord.relativeCreated counts from here.
        logging._startTime = type(logging._startTime)(time.time_ns() if isinstance(logging._startTime, int) else time.time())
    if tempfile is not None:
        tempfile.tempdir = None
    time.tzset()
    if hasattr(sys, "orig_argv") and "--warm" in sys.orig_argv:
        del sys.orig_argv[sys.orig_argv.index("--warm") :]
