"""What a process of ours is: descriptors out of the way, bound to the agent's life, and itself again after a fork."""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib.util
import os
import select
import signal
import socket
import sys
import tempfile
import weakref
from os import getpid  # By its name: while plugins load somebody watches who asks for it.
from typing import Any, TextIO

import pytest

from fastest import compat, wire
from fastest.wire import Frames

_AGENT_SOCKET, _LIFE_PIPE = 3, 4
# Tests find low descriptors free, as under pytest, and may close all that a daemon would. Below 1024: select() takes no more.
_FIRST_OWN_FD = 960
# It comes from a warm process: what that had loaded is no garbage, and looking at it would copy all its pages.
is_given = False


def out_of_the_way(fd: int) -> int:
    """Moves a descriptor to where tests do not look; the old number is closed."""
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN_FD)
    except OSError:  # A small RLIMIT_NOFILE.
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 0)
    os.close(fd)
    return moved


def socket_of(fd: int) -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=out_of_the_way(fd))


def meet_agent() -> tuple[Frames, dict[str, Any], int]:
    """The agent's socket, SETUP, and the life pipe."""
    die_with_agent(_LIFE_PIPE)
    life_pipe = out_of_the_way(_LIFE_PIPE)
    frames = Frames(socket_of(_AGENT_SOCKET))
    frame = frames.read()
    if frame is None:
        leave(0)
    kind, setup = frame
    if kind != wire.SETUP:
        raise wire.WireError(f"SETUP comes first, not a frame of kind {kind}")
    return frames, setup, life_pipe


def die_with_agent(life_pipe: int) -> None:
    """Has the kernel kill this process when the agent's end of the pipe closes, whatever we are doing then."""
    own = out_of_the_way(os.open(f"/proc/self/fd/{life_pipe}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    fcntl.fcntl(own, fcntl.F_SETOWN, getpid())
    fcntl.fcntl(own, getattr(fcntl, "F_SETSIG", 10), signal.SIGKILL)
    fcntl.fcntl(own, fcntl.F_SETFL, fcntl.fcntl(own, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(own, select.POLLIN)
    if poll.poll(0):  # It had gone before we asked.
        os._exit(1)


def look_like_pytest(argv: list[str]) -> None:
    """sys.argv and __main__ as `python -m pytest` leaves them (multiprocessing's spawn reads the latter)."""
    spec = importlib.util.find_spec("pytest.__main__")
    main = sys.modules["__main__"]
    if spec is not None and spec.origin is not None:
        main.__spec__, main.__file__, main.__package__ = spec, spec.origin, "pytest"
        sys.argv = [spec.origin, *argv]


def forget_exit_handlers() -> None:
    """In a fork: what was registered for the zygote's end runs there, once. The registrars' own start afresh."""
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        finalizer.atexit = False
    atexit._clear()
    if getattr(weakref.finalize, "_registered_with_atexit", False):
        atexit.register(weakref.finalize._exitfunc)
    for module, name in (("logging", "shutdown"), ("multiprocessing.util", "_exit_function")):
        if module in sys.modules:
            atexit.register(getattr(sys.modules[module], name))


def redirect_output(fd: int, config: pytest.Config | None) -> None:
    """Puts `fd` on standard output and error; with capturing on, the capture files become this process's own.

    Objects stay the same (a log handler may hold one); only the open files beneath them change, since a fork shares
    their offsets.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    saved = {}
    for capture in compat.captures(config) if config is not None else ():
        target = getattr(capture, "targetfd", None)
        if target not in (1, 2) or not hasattr(capture, "targetfd_save"):
            continue
        saved[target] = capture.targetfd_save
        with tempfile.TemporaryFile(buffering=0) as fresh:
            os.dup2(fresh.fileno(), capture.tmpfile.fileno(), inheritable=False)
            if getattr(capture, "_state", "") == "started":
                os.dup2(fresh.fileno(), target)
            else:
                os.dup2(fd, target)
    for target in (1, 2):
        os.dup2(fd, saved.get(target, target), inheritable=target not in saved)
    os.close(fd)


def replace_everywhere(old: int, new: int) -> None:
    """Whatever descriptor is open on the file of `old` is open on that of `new`; these two are closed."""
    unwanted = os.fstat(old)
    os.close(old)
    for fd in open_fds():
        if os.path.samestat(os.fstat(fd), unwanted):
            os.dup2(new, fd, inheritable=os.get_inheritable(fd))
    os.close(new)


def real_output(config: pytest.Config) -> int:
    """A new descriptor of what is standard output beneath capturing."""
    saved = (capture.targetfd_save for capture in compat.captures(config) if getattr(capture, "targetfd", None) == 1)
    return os.dup(next(saved, 1))


def null_writer(config: pytest.Config) -> TextIO:
    """A file to nowhere, open as long as the config."""
    writer = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    config.add_cleanup(writer.close)
    return writer


def leave(status: int) -> None:
    """Ends the process as an interpreter does, but without waiting for threads that a test left behind."""
    try:
        atexit._run_exitfuncs()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                pass
        os._exit(status)


def dump_faults_to(fd: int) -> None:
    """faulthandler's; negative: nowhere."""
    if fd >= 0:
        import faulthandler

        faulthandler.enable(file=fd)


def open_fds() -> set[int]:
    names = os.listdir("/proc/self/fd")  # One of them is the listing's own, and closed now.
    return {int(name) for name in names if os.path.lexists(f"/proc/self/fd/{name}")}


def collect_garbage_once() -> None:
    """At the session's end pytest collects garbage up to ten times, for what it has to say of it. Where the first time
    leaves none (what finalizers make is new, and found by a look at that), what is alive is put out of the others' sight."""
    gc.collect()
    if gc.collect(1) == 0:
        gc.freeze()
