"""Watches plugins and conftests while they load, and test files while the zygote imports them, for what a fork would get
wrong: an identity read too early, a process id, a temporary file or a port that is asked for once and shared by all."""

from __future__ import annotations

import os
import random
import site
import socket
import sys
import tempfile
from collections.abc import Callable
from types import ModuleType
from weakref import WeakSet

from fastest import originals

# Not from sysconfig, whose import takes as long as all of ours.
LIBRARY = os.path.dirname(os.__file__) + os.sep
SITE = tuple(path + os.sep for path in site.getsitepackages())
_OWN = os.path.dirname(__file__) + os.sep
_NOT_THE_PROJECTS = (LIBRARY, *SITE, _OWN)


def is_of_library(module: object) -> bool:
    """Whether it is the standard library's, an installed package's or ours. Nothing is asked of it: it may load itself then."""
    file = vars(module).get("__file__") if issubclass(type(module), ModuleType) else None
    return not isinstance(file, str) or file.startswith(_NOT_THE_PROJECTS)


class Watch:
    """A context, for any number of times: while it is open, `reasons` gathers 'FILE:LINE does this' lines."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._undo: list[tuple[object, str, object, object]] = []  # (owner, name, ours, what was there)
        self._made: list[tuple[str, str | None, object]] = []  # (what, who, path) of temporary files.
        self._any_port: WeakSet[socket.socket] = WeakSet()  # Bound to whichever port is free, not asked yet for which.
        self._seeded = False

    def __enter__(self) -> Watch:
        get = os._Environ.__getitem__

        def watched_get(environ: object, key: str) -> str:
            if isinstance(key, str) and key.startswith("PYTEST_XDIST_"):
                self._note(f"reads {key}", _caller(), everywhere=True)
            return get(environ, key)

        self._replace(os._Environ, "__getitem__", watched_get)
        self._replace(os, "getpid", self._noting(os.getpid, "calls os.getpid", direct=True))
        for name in ("mkdtemp", "mkstemp", "NamedTemporaryFile"):
            self._replace(tempfile, name, self._noting_path(getattr(tempfile, name), f"calls tempfile.{name}"))
        self._hear_port("bind", self._bound_for_good)
        self._hear_port("getsockname", self._any_port.__contains__)
        self._replace(random, "seed", _Heard(random.seed, self._hear_seed))
        return self

    def __exit__(self, *_exc: object) -> None:
        """What was replaced meanwhile by somebody else stays."""
        given = []
        while self._undo:
            owner, name, ours, value = self._undo.pop()
            if vars(owner).get(name) is ours:
                setattr(owner, name, value)
                if owner is socket.socket:
                    delattr(owner, name)  # It is inherited.
            given.append((ours, value))
        ours = None  # Only those who bound it hold it now.
        originals.bring_back(given)
        for what, where, path in self._made:
            if isinstance(path, (str, bytes)) and os.path.lexists(path):  # Else it was for a moment.
                self._note(what, where, everywhere=False)
        self._made.clear()

    def hear_chance(self) -> None:
        """While it is open: who asks for random bytes, too, as uuid4 and secrets do."""
        for owner, name in ((os, "urandom"), (random, "_urandom")):
            self._replace(owner, name, self._noting(getattr(owner, name), "asks for random bytes"))

    @property
    def seeded(self) -> bool:
        return self._seeded

    def random_state(self) -> Callable[[], None]:
        """Called before a fork; its answer, called in the child, keeps a state that somebody seeded."""
        if not self._seeded:
            return lambda: None
        state = random.getstate()
        return lambda: random.setstate(state)

    def _replace(self, owner: object, name: str, ours: object) -> None:
        self._undo.append((owner, name, ours, getattr(owner, name)))
        setattr(owner, name, ours)

    def _noting(
        self, function: Callable, what: str, everywhere: bool = False, direct: bool = False, if_so: Callable[..., bool] | None = None
    ) -> Callable:
        """`direct`: what the standard library itself asks for, it keeps right over a fork. `if_so`: asked with the arguments."""

        def hear(_made: object, *args: object, **_kwargs: object) -> None:
            if self._undo and (if_so is None or if_so(*args)):
                self._note(what, _caller(direct), everywhere)

        return _Heard(function, hear)

    def _hear_port(self, method: str, if_so: Callable[..., bool]) -> None:
        hear = self._noting(getattr(socket.socket, method), "binds a socket", everywhere=True, if_so=if_so)
        self._replace(socket.socket, method, lambda *args: hear(*args))  # A function: it is a method.

    def _bound_for_good(self, bound: socket.socket, address: object) -> bool:
        """urllib3 and others bind any port only to see whether they could. Who uses the port asks for its number, or keeps it
        open, which a look at the open files finds."""
        if bound.family not in (socket.AF_INET, socket.AF_INET6) or address[1] != 0:
            return True
        self._any_port.add(bound)
        return False

    def _noting_path(self, function: Callable, what: str) -> Callable:
        def hear(made: object, *_args: object, **_kwargs: object) -> None:
            if self._undo:
                self._made.append((what, _caller(), made[1] if type(made) is tuple else getattr(made, "name", made)))

        return _Heard(function, hear)

    def _hear_seed(self, _made: object, *args: object, **kwargs: object) -> None:
        self._seeded |= any(value is not None for value in (*args, *kwargs.values()))  # Else it is as a fork does.

    def _note(self, what: str, where: str | None, everywhere: bool) -> None:
        """`everywhere`: installed plugins count, too, not only the project's own files."""
        if where is not None and not where.startswith(_OWN) and (everywhere or not where.startswith(SITE)):
            reason = f"{where} {what} while loading"
            if reason not in self.reasons:
                self.reasons.append(reason)


class _Heard:
    """Stands for a function while somebody listens to its calls. No function itself: in a class it must not become a method."""

    def __init__(self, function: Callable, hear: Callable[..., None]) -> None:
        self.__wrapped__ = function
        self._hear = hear

    def __call__(self, *args: object, **kwargs: object) -> object:
        made = self.__wrapped__(*args, **kwargs)
        self._hear(made, *args, **kwargs)
        return made

    def __getattr__(self, name: str) -> object:
        return getattr(self.__wrapped__, name)


def _caller(direct: bool = False) -> str | None:
    """FILE:LINE of the innermost frame outside the standard library and this file; `direct`: only if it is the innermost."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and not file.startswith("<"):
            if not file.startswith(LIBRARY) or file.startswith(SITE):
                return f"{file}:{frame.f_lineno}"
            if direct:
                return None
        frame = frame.f_back
    return None
