"""Watches plugins and conftests while they load, for what a fork would get wrong: an identity read too early, a
process id or a temporary directory made once and shared by all."""

from __future__ import annotations

import os
import random
import site
import sys
import tempfile
from collections.abc import Callable

# Not from sysconfig, whose import takes as long as all of ours.
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_SITE = tuple(path + os.sep for path in site.getsitepackages())


class Watch:
    """A context: while it is open, `reasons` gathers 'FILE:LINE does this' lines."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._undo: list[tuple[object, str, object]] = []
        self._seeded = False

    def __enter__(self) -> Watch:
        get = os._Environ.__getitem__

        def watched_get(environ: object, key: str) -> str:
            if isinstance(key, str) and key.startswith("PYTEST_XDIST_"):
                self._note(f"reads {key}", everywhere=True)
            return get(environ, key)

        self._replace(os._Environ, "__getitem__", watched_get)
        self._replace(os, "getpid", self._noting(os.getpid, "calls os.getpid"))
        self._replace(tempfile, "mkdtemp", self._noting(tempfile.mkdtemp, "calls tempfile.mkdtemp"))
        seed = random.seed

        def watched_seed(*args: object, **kwargs: object) -> None:
            self._seeded = True
            seed(*args, **kwargs)

        self._replace(random, "seed", watched_seed)
        return self

    def __exit__(self, *_exc: object) -> None:
        while self._undo:
            owner, name, value = self._undo.pop()
            setattr(owner, name, value)

    @property
    def seeded(self) -> bool:
        return self._seeded

    def random_state(self) -> Callable[[], None]:
        """Called before a fork; its answer, called in the child, keeps a state that somebody seeded."""
        if not self._seeded:
            return lambda: None
        state = random.getstate()
        return lambda: random.setstate(state)

    def _replace(self, owner: object, name: str, value: object) -> None:
        self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def _noting(self, function: Callable, what: str) -> Callable:
        def noted(*args: object, **kwargs: object) -> object:
            if self._undo:
                self._note(what, everywhere=False)
            return function(*args, **kwargs)

        noted.__name__ = function.__name__
        return noted

    def _note(self, what: str, everywhere: bool) -> None:
        """`everywhere`: installed plugins count, too, not only the project's own files."""
        where = _caller()
        if where is not None and (everywhere or not where.startswith(_SITE)):
            reason = f"{where} {what} while loading"
            if reason not in self.reasons:
                self.reasons.append(reason)


def _caller() -> str | None:
    """FILE:LINE of the innermost frame outside the standard library and this file."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and not file.startswith("<") and not (file.startswith(_LIBRARY) and not file.startswith(_SITE)):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return None
