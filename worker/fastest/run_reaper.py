"""The process between a warm process and the zygote that it gives to a run: reaps the zygote and its orphans, and tells.

A run's own zygote is its child, and what its workers leave behind comes to it. This zygote is the reaper's child, and
so do its orphans come to the reaper, whose children the agent searches instead of its own. It ends with the run.
"""

from __future__ import annotations

import importlib.util
import os
import select
import signal
from os import getpid  # By its name: while plugins load somebody watches who asks for it.
from typing import Any

from fastest import wire
from fastest.wire import Frames

IS_POSSIBLE = importlib.util.find_spec("_ctypes") is not None
_PR_SET_CHILD_SUBREAPER = 36


def stand_between(frames: Frames, claim: int, fds: list[int], warm: dict[str, Any]) -> bool:
    """True in a child, which is to be the zygote; this process reaps, and ends. `fds` are left to the child."""
    if not os.read(claim, 1):
        os._exit(0)  # The run has lost patience and started its zygote by itself.
    os.close(claim)
    pid = os.fork()
    if not pid:
        frames.close()
        return True
    # The last one is the warm process's, which thus sees this process's end.
    for fd in fds[:-1]:
        os.close(fd)
    try:
        frames.write(wire.BEGUN, {"pid": pid, "reaper": getpid(), "warm": warm})
        _become_subreaper()
        _reap(frames)
    except OSError:
        pass  # The run has gone.
    os._exit(0)


def _become_subreaper() -> None:
    # Not before the fork: the zygote is not to have the module.
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap(frames: Frames) -> None:
    """Until the run closes its end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(frames.fileno(), select.POLLIN)
    poll.register(reading, select.POLLIN)
    while True:
        _tell_ended(frames)
        ready = [fd for fd, _ in poll.poll()]
        if reading in ready:
            os.read(reading, 4096)
        if frames.fileno() in ready and frames.read() is None:
            return


def _tell_ended(frames: Frames) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        frames.write(wire.ENDED, {"pid": pid, "status": status})
