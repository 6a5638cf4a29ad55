"""Whether a plugin's or conftest's hook looks at the item after the one that runs. Most take `nextitem` because the hook's
signature has it, and hand it on to pytest at most: these may be given the session where the next item is not known. The
others need an item."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from fastest import known_hooks

_NAME = "nextitem"
_HOOKS = ("pytest_runtest_protocol", "pytest_runtest_teardown")
# What of pytest's tears down by it, and does nothing else with it.
_PYTESTS = frozenset(
    "pytest_runtest_protocol pytest_runtest_teardown runtestprotocol call_and_report call_runtest_hook teardown_exact".split()
)
# Modules of plugins that keep it for pytest's teardown.
_KNOWN_TO_PASS_ON = frozenset(["pytest_rerunfailures"])


class ItemToCome(pytest.Item):
    """The next item, where all that is known of it is below which folder its file is."""

    module = cls = instance = function = obj = None
    fixturenames = ()

    def runtest(self) -> None:
        raise AssertionError("what stands for another item does not run")

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


def readers_of_nextitem(config: pytest.Config) -> Iterator[tuple[str, Any]]:
    """(hook, implementation) of each such hook."""
    for name in _HOOKS:
        for impl in known_hooks.foreign_impls(config.pluginmanager.hook, name):
            if _NAME in impl.argnames and is_read(impl.function):
                yield name, impl


def is_read(hook: Callable) -> bool:
    """Whether more is done with the argument than to hand it on; in doubt it is."""
    function = inspect.unwrap(getattr(hook, "__func__", hook))
    code = getattr(function, "__code__", None)
    return code is None or (function.__module__ not in _KNOWN_TO_PASS_ON and _is_read_in(code))


@functools.lru_cache(maxsize=None)
def _is_read_in(code: CodeType) -> bool:
    if not any(_NAME in (each.argval if isinstance(each.argval, tuple) else (each.argval,)) for each in dis.get_instructions(code)):
        return False  # (An instruction of Python 3.13 may have two names.)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return True
    handed_on = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in _PYTESTS:
            handed_on |= {id(each) for each in [*call.args, *(keyword.value for keyword in call.keywords)]}
    return any(isinstance(each, ast.Name) and each.id == _NAME and id(each) not in handed_on for each in ast.walk(tree))
