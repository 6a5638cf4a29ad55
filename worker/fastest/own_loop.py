"""Whether somebody else's pytest_runtestloop decides which tests run, how often and in which order: then pytest has to run the
suite alone. Hooks that only stand round pytest's own loop (wrappers) stand round each worker's.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from fastest import core_protocol, verdicts

_HOOK = "pytest_runtestloop"
# A wrapper that says how the run ended says it of the whole run.
_COUNTS = frozenset(("testsfailed", "testscollected"))


def reasons(config: pytest.Config) -> list[str]:
    """A line for a person for each such loop; what pytest_configure will register is found by a conftest's classes."""
    found = []
    for hook, impl in verdicts.foreign_hooks(config, (_HOOK,)):
        if not core_protocol.is_wrapper(impl) or (_is_conftest(impl.plugin) and verdicts.mentioned(impl.function, _COUNTS)):
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


def _is_loop(function: Callable | None) -> bool:
    options = getattr(function, "pytest_impl", None) or {}
    return callable(function) and not (options.get("wrapper") or options.get("hookwrapper"))


def _is_conftest(plugin: object) -> bool:
    return os.path.basename(getattr(plugin, "__file__", None) or "") == "conftest.py"
