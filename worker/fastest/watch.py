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

# Not from sysconfig, whose import takes as long as all of ours.
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_SITE = tuple(path + os.sep for path in site.getsitepackages())


class Watch:
    """A context, for any number of times: while it is open, `reasons` gathers 'FILE:LINE does this' lines."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._undo: list[tuple[object, str, object, object]] = []  # (owner, name, ours, what was there)
        self._made: list[tuple[str, str | None, object]] = []  # (what, who, path) of temporary files.
        self._seeded = False
        self._loaded_before: set[str] = set()

    def __enter__(self) -> Watch:
        self._loaded_before = set(sys.modules)
        get = os._Environ.__getitem__

        def watched_get(environ: object, key: str) -> str:
            if isinstance(key, str) and key.startswith("PYTEST_XDIST_"):
                self._note(f"reads {key}", _caller(), everywhere=True)
            return get(environ, key)

        self._replace(os._Environ, "__getitem__", watched_get)
        self._replace(os, "getpid", self._noting(os.getpid, "calls os.getpid", direct=True))
        for name in ("mkdtemp", "mkstemp", "NamedTemporaryFile"):
            self._replace(tempfile, name, self._noting_path(getattr(tempfile, name), f"calls tempfile.{name}"))
        self._replace(socket.socket, "bind", self._noting(socket.socket.bind, "binds a socket", everywhere=True))
        seed = random.seed

        def watched_seed(*args: object, **kwargs: object) -> None:
            self._seeded |= any(value is not None for value in (*args, *kwargs.values()))  # Else it is as a fork does.
            seed(*args, **kwargs)

        self._replace(random, "seed", watched_seed)
        return self

    def __exit__(self, *_exc: object) -> None:
        """What was replaced meanwhile by somebody else stays."""
        watched = {name: (ours, value) for _, name, ours, value in self._undo}
        while self._undo:
            owner, name, ours, value = self._undo.pop()
            if vars(owner).get(name) is not ours:
                continue
            setattr(owner, name, value)
            if name == "bind":
                delattr(owner, name)  # It is inherited.
        self._give_back(watched)
        for what, where, path in self._made:
            if isinstance(path, (str, bytes)) and os.path.lexists(path):  # Else it was for a moment.
                self._note(what, where, everywhere=False)
        self._made.clear()

    def _give_back(self, watched: dict[str, tuple[object, object]]) -> None:
        """To modules that were loaded meanwhile: `from os import getpid`."""
        for name in set(sys.modules) - self._loaded_before:
            namespace = getattr(sys.modules.get(name), "__dict__", None)
            for word, (ours, value) in watched.items() if type(namespace) is dict else ():
                if namespace.get(word) is ours:
                    namespace[word] = value

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

    def _noting(self, function: Callable, what: str, everywhere: bool = False, direct: bool = False) -> Callable:
        """`direct`: what the standard library itself asks for, it keeps right over a fork."""

        def noted(*args: object, **kwargs: object) -> object:
            if self._undo:
                self._note(what, _caller(direct), everywhere)
            return function(*args, **kwargs)

        noted.__name__ = function.__name__
        return noted

    def _noting_path(self, function: Callable, what: str) -> Callable:
        def noted(*args: object, **kwargs: object) -> object:
            made = function(*args, **kwargs)
            if self._undo:
                self._made.append((what, _caller(), made[1] if type(made) is tuple else getattr(made, "name", made)))
            return made

        noted.__name__ = function.__name__
        return noted

    def _note(self, what: str, where: str | None, everywhere: bool) -> None:
        """`everywhere`: installed plugins count, too, not only the project's own files."""
        if where is not None and (everywhere or not where.startswith(_SITE)):
            reason = f"{where} {what} while loading"
            if reason not in self.reasons:
                self.reasons.append(reason)


def _caller(direct: bool = False) -> str | None:
    """FILE:LINE of the innermost frame outside the standard library and this file; `direct`: only if it is the innermost."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and not file.startswith("<"):
            if not file.startswith(_LIBRARY) or file.startswith(_SITE):
                return f"{file}:{frame.f_lineno}"
            if direct:
                return None
        frame = frame.f_back
    return None
