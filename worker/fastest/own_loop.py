"""Whether somebody else's pytest_runtestloop decides which tests run, how often and in which order: then pytest has to run the
suite alone. Hooks that only stand round pytest's own loop (wrappers) stand round each worker's.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fastest import core_protocol, verdicts
from fastest.per_item import Doubt, source_of

_HOOK = "pytest_runtestloop"
# A wrapper that says how the run ended says it of the whole run.
_COUNTS = frozenset(("testsfailed", "testscollected"))
# What the condition may be made of under which a loop leaves the suite to pytest's own.
_PLAIN = (ast.Name, ast.Attribute, ast.Constant, ast.UnaryOp, ast.Not, ast.BoolOp, ast.And, ast.Or, ast.Load, ast.Call)
_OPTION_CALLS = frozenset(("getoption", "getvalue", "getini"))


def reasons(config: pytest.Config) -> list[str]:
    """A line for a person for each such loop; what pytest_configure will register is found by a conftest's classes."""
    found = []
    for hook, impl in verdicts.foreign_hooks(config, (_HOOK,)):
        if core_protocol.is_wrapper(impl):
            decides = _is_conftest(impl.plugin) and verdicts.mentioned(impl.function, _COUNTS)
        else:
            decides = not _declines(config, impl.function)
        if decides:
            found.append(f"{verdicts.plugin_name(config, impl.plugin)} implements {hook}")
    for plugin in config.pluginmanager.get_plugins():
        if _is_conftest(plugin):
            loops = [each for each in verdicts.own_classes(plugin) if _is_loop(getattr(each, _HOOK, None))]
            found += [f"{verdicts.plugin_name(config, plugin)} has {each.__name__}.{_HOOK}" for each in loops]
    return found


def problem(config: pytest.Config) -> str:
    """Why a collected suite cannot be run by us after all; empty: it can."""
    late = reasons(config)
    return f"{late[0]}, which was not there when pytest had loaded (hint: run this suite with pytest itself)" if late else ""


def _declines(config: pytest.Config, loop: Callable) -> bool:
    """Whether the loop begins with `if not <an option>: return`, and the option is not given."""
    try:
        tree, names = source_of(getattr(loop, "__func__", loop))
    except (Doubt, OSError, TypeError, SyntaxError, ValueError):
        return False
    first = tree.body[1 if ast.get_docstring(tree) else 0 :][:1]
    if not first or not isinstance(first[0], ast.If) or not _returns_nothing(first[0].body) or not _is_plain(first[0].test):
        return False
    given = {"self": getattr(loop, "__self__", None), "session": SimpleNamespace(config=config)}
    try:
        return bool(eval(compile(ast.Expression(first[0].test), "<loop>", "eval"), names, given))
    except Exception:
        return False


def _returns_nothing(body: list[ast.stmt]) -> bool:
    only = body[0]
    if len(body) != 1 or not isinstance(only, ast.Return):
        return False
    return only.value is None or (isinstance(only.value, ast.Constant) and only.value.value is None)


def _is_plain(test: ast.expr) -> bool:
    calls = [node.func for node in ast.walk(test) if isinstance(node, ast.Call)]
    options = all(isinstance(called, ast.Attribute) and called.attr in _OPTION_CALLS for called in calls)
    return options and all(isinstance(node, _PLAIN) for node in ast.walk(test))


def _is_loop(function: Callable | None) -> bool:
    options = getattr(function, "pytest_impl", None) or {}
    return callable(function) and not (options.get("wrapper") or options.get("hookwrapper"))


def _is_conftest(plugin: object) -> bool:
    return os.path.basename(getattr(plugin, "__file__", None) or "") == "conftest.py"
