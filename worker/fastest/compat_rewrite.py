"""compat.py's part about assertion rewriting: keeps what it makes, and what is costly to make, in the bytecode cache."""

from __future__ import annotations

import functools
import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

from fastest import bytecode, compat
from fastest.compat_rewriter import compile_rewritten

_HASHED = compat.VERSION >= (9, 2)  # pytest's .pyc files know the source by its hash; before, by its time.


def _parts() -> tuple:
    """What decides the code: a plugin may have put something of its own in a place."""
    return rewrite._rewrite_test, rewrite.rewrite_asserts, *vars(rewrite.AssertionRewriter).values()


_PRISTINE = _parts()


def keep_rewritten(config: pytest.Config) -> None:
    """Has the rewriting hook of `config` (not those of sessions inside tests) find what was rewritten before.

    The hook reads a valid .pyc first, as ever. Where it would rewrite, it gets the code, as if it had, and may write
    its .pyc. A file that does not compile, or that rewriting warns of, is left to it altogether.
    """
    read_pyc = rewrite._read_pyc

    def read_pyc_or_cache(source: Path, pyc: Path, *trace: Callable) -> types.CodeType | None:
        code = read_pyc(source, pyc, *trace)
        if code is None:
            hook = sys._getframe(1).f_locals.get("self")
            if getattr(hook, "config", None) is config and _parts() == _PRISTINE:
                _rewrite_ahead(config, source)
        return code

    if bytecode.store is not None:
        rewrite._read_pyc = read_pyc_or_cache


def _rewrite_ahead(config: pytest.Config, path: Path) -> None:
    """If all goes well, the hook's next call of _rewrite_test answers at once. Else it fails (or warns) by itself."""
    name = str(path)

    try:
        status = path.stat()
        source = path.read_bytes()
        key = _keys(bool(config.getini("enable_assertion_pass_hook")))(source)
        code = bytecode.kept_or_made(key, name, lambda: compile_rewritten(source, name, config))
    except Exception:
        return
    if code is None:
        return
    rewrite_test = rewrite._rewrite_test

    def rewritten(asked: Path, its_config: pytest.Config) -> tuple:
        rewrite._rewrite_test = rewrite_test
        if asked != path or its_config is not config:
            return rewrite_test(asked, its_config)
        return (importlib.util.source_hash(source) if _HASHED else status), code

    rewrite._rewrite_test = rewritten


@functools.lru_cache(maxsize=None)
def _keys(passes: bool) -> Callable[[bytes], str]:
    rewriter = rewrite.__spec__.loader.get_data(rewrite.__file__)
    return bytecode.store.keys(b"\0".join((b"rewritten", pytest.__version__.encode(), str(passes).encode(), rewriter)))
