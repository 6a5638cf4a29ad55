"""Loading pytest's plugins into a warm process, if that leaves no trace that a cold start would not have.

A fork tries it first, under an audit hook that the warm process itself thus never has: it tells which files were read,
which folders listed, which names imported, and why the plugins had better not be loaded beforehand: what is said or
warned then would be said to nobody, what is learnt from elsewhere (a network, a program, the process's id) would be old.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import site
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastest import bytecode, compat_warm, process, xdist_shim
from fastest.watch import LIBRARY, Watch

_PATIENCE = 30.0  # Seconds.
_FOREIGN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "sqlite3.", "urllib.", "os.kill")
_WRITING_EVENTS = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod", "os.chown", "shutil.")
_CLOCKS = (
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime", "strftime", "ctime", "asctime",
)  # fmt: skip
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass
class Trial:
    """What loading the plugins did."""

    why_not: list[str] = field(default_factory=list)  # Empty: they may be loaded.
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def load_plugins(order: dict[str, Any]) -> bool:
    """Loads what the run of this LAUNCH would load."""
    shim = xdist_shim.make_shim(order["setup"], with_module=False)
    return compat_warm.load_plugins(order["plugin_words"], [shim] if shim is not None else [])


def try_plugins(order: dict[str, Any]) -> Trial:
    """Loads the plugins in a fork and tells what that did; this process stays as it was."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            with open(writing, "w", encoding="utf-8", errors="surrogateescape") as pipe:
                json.dump(vars(_observed(order)), pipe)
        finally:
            os._exit(0)
    os.close(writing)
    told = _read_all(reading, pid)
    os.waitpid(pid, 0)
    try:
        return Trial(**json.loads(told.decode("utf-8", "surrogateescape")))
    except (ValueError, TypeError):
        return Trial(["loading the plugins took too long, or the process down"])


def _read_all(fd: int, pid: int) -> bytes:
    told = b""
    with open(fd, "rb", buffering=0) as pipe:
        while True:
            if not select.select([pipe], [], [], _PATIENCE)[0]:
                os.kill(pid, signal.SIGKILL)
                return b""
            chunk = pipe.read(1 << 16)
            if not chunk:
                return told
            told += chunk


class _Audit:
    """Notes what a Trial tells. A hook cannot be taken away: the process ends with it."""

    def __init__(self) -> None:
        self.active = False
        self.events: set[str] = set()
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.names: set[str] = set()

    def __call__(self, event: str, args: tuple) -> None:
        if not self.active:
            return
        if event == "import":
            self.names.add(str(args[0]))
        elif event == "open":
            self._note_open(*args)
        elif event in ("os.listdir", "os.scandir"):
            if isinstance(args[0], (str, os.PathLike)) or args[0] is None:
                self.folders.add(os.path.abspath(args[0] or "."))
        elif event.startswith(_FOREIGN_EVENTS):
            self.events.add(event)
        elif event.startswith(_WRITING_EVENTS) and not _is_bytecode(args[0] if args else ""):
            self.events.add(event)

    def _note_open(self, path: object, _mode: object, flags: object) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.path.abspath(os.fsdecode(path))
        if _is_bytecode(name) or name.startswith(("/proc/", "/dev/", "/sys/")):
            return
        self.files.add(name)
        if isinstance(flags, int) and flags & _WRITING_FLAGS:
            self.events.add(f"writing {name}")


def _is_bytecode(path: object) -> bool:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False
    name = os.path.abspath(os.fsdecode(path))
    return "__pycache__" in name.split(os.sep) or name.startswith(bytecode.folder())


def _note_chance(reasons: list[str]) -> None:
    """Has reasons tell who, but the standard library, asks for random numbers or the time: each run is to have its own."""
    import datetime, secrets  # noqa: E401, PLC0415  Only in the fork: the warm process is not to have them.

    def noting(function: Callable, what: str) -> Callable:
        def noted(*args: object, **kwargs: object) -> object:
            caller = sys._getframe(1).f_code.co_filename
            if "site-packages" in caller or not caller.startswith((LIBRARY, "<")):
                reasons.append(f"{caller} asks {what} when it is loaded")
            return function(*args, **kwargs)

        return noted

    places = [(random, random.__all__), (secrets, secrets.__all__), (os, ["urandom"]), (uuid, ["uuid1", "uuid4"]), (time, _CLOCKS)]
    for module, names in places:
        for name in names:
            setattr(module, name, noting(getattr(module, name), f"{module.__name__}.{name}"))
    for kind, names in ((datetime.datetime, ("now", "utcnow", "today")), (datetime.date, ("today",))):
        own = {name: noting(getattr(kind, name), f"{kind.__name__}.{name}") for name in names}
        setattr(datetime, kind.__name__, type(kind.__name__, (kind,), {name: staticmethod(function) for name, function in own.items()}))


def _note_warnings(reasons: list[str]) -> None:
    """Whatever the filters now: a run's own may make an error of it."""

    def noting(function: Callable) -> Callable:
        def noted(message: object, *args: object, **kwargs: object) -> None:
            reasons.append(f"a plugin warns: {message}")
            function(message, *args, **kwargs)

        return noted

    for name in ("warn", "warn_explicit", "showwarning"):
        setattr(warnings, name, noting(getattr(warnings, name)))


def _observed(order: dict[str, Any]) -> Trial:
    trial = Trial()
    said = os.memfd_create("said")
    for fd in (1, 2):
        os.dup2(said, fd)
    _note_warnings(trial.why_not)
    before, fds, watch, audit = set(sys.modules), process.open_fds(), Watch(), _Audit()
    _note_chance(trial.why_not)
    sys.addaudithook(audit)
    audit.active = True
    with watch:
        loaded = load_plugins(order)
    audit.active = False
    sys.stdout.flush()
    sys.stderr.flush()
    trial.why_not += watch.reasons + [f"loading plugins does {event}" for event in sorted(audit.events)]
    if not loaded:
        trial.why_not.append("pytest does not load its plugins, or warns")
    if watch.seeded:
        trial.why_not.append("a plugin seeds random")
    if os.fstat(said).st_size:
        trial.why_not.append("a plugin writes something when it is loaded")
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:
        trial.why_not.append("a plugin starts a thread when it is loaded")
    if process.open_fds() - fds:
        trial.why_not.append("a plugin leaves a file open when it is loaded")
    trial.why_not += [f"{path} belongs to no installed distribution" for path in _foreign_modules(before)]
    trial.files, trial.folders, trial.names = sorted(audit.files), sorted(audit.folders), sorted(audit.names)
    return trial


def _foreign_modules(before: set[str]) -> list[str]:
    """Files of new modules that are neither the standard library's nor in a site-packages folder."""
    places = {os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()}
    known = tuple(os.path.realpath(place) + os.sep for place in places)
    paths = (getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before)
    return sorted(path for path in paths if isinstance(path, str) and not os.path.realpath(path).startswith(known))
