"""The parts of pytest's own protocol that the fast protocol is made of, by version (compat.py has the other private names)."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import FunctionType

import pluggy
import pytest
from _pytest import fixtures, runner
from _pytest.assertion import pytest_runtest_protocol as explain_assertions  # A generator: up to its yield, and after.
from _pytest.config import parse_warning_filter
from _pytest.faulthandler import pytest_runtest_protocol as watch_for_timeout  # Such a generator, too.
from _pytest.logging import caplog_handler_key, caplog_records_key, catching_logs
from _pytest.python import pytest_pyfunc_call
from _pytest.tmpdir import tmppath_result_key
from _pytest.warnings import catch_warnings_for_item

try:  # pytest 8.4 and later.
    from _pytest.threadexception import thread_exceptions
    from _pytest.unraisableexception import unraisable_exceptions
except ImportError:
    thread_exceptions = unraisable_exceptions = None
try:  # pytest 9 and later.
    from _pytest.subtests import failed_subtests_key
except ImportError:
    failed_subtests_key = None

__all__ = ["caplog_handler_key", "caplog_records_key", "catching_logs", "explain_assertions", "pytest_pyfunc_call", "tmppath_result_key", "watch_for_timeout"]

HAS_EXCEPTION_QUEUES = unraisable_exceptions is not None
CATCHES_LOGGERS_APART = hasattr(catching_logs, "attached_loggers")


def catch_warnings(item: pytest.Item) -> AbstractContextManager[None]:
    """As pytest does for an item's whole protocol; not with -p no:warnings."""
    if not item.config.pluginmanager.has_plugin("warnings"):
        return nullcontext()
    return catch_warnings_for_item(config=item.config, ihook=item.ihook, when="runtest", item=item)


def configured_warning_filters(config: pytest.Config) -> list:
    """The warning filters that core sets for an item, before the item's own marks."""
    with catch_warnings_for_item(config=config, ihook=config.hook, when="config", item=None):
        return warnings.filters[:]


def apply_filterwarnings_marks(item: pytest.Item) -> None:
    for mark in item.iter_markers(name="filterwarnings"):
        for argument in mark.args:
            warnings.filterwarnings(*parse_warning_filter(argument, escape=False))


def exception_queues(config: pytest.Config) -> tuple[object, object]:
    """What was raised where nobody could catch it, and in threads: pytest warns of it at the end of a phase."""
    return config.stash.get(unraisable_exceptions, ()), config.stash.get(thread_exceptions, ())  # -p no: their plugins.


def failed_subtests(config: pytest.Config) -> dict:
    return config.stash.get(failed_subtests_key, {}) if failed_subtests_key is not None else {}


def subtest_failed(failed: dict, item: pytest.Item) -> bool:
    """`failed`: see failed_subtests; pytest leaves zeros in it."""
    return bool(failed) and failed.get(id_of(item), 0) > 0


def steps_round_it() -> Iterator[object]:
    """What pytest calls between an item's hooks; a plugin may put its own in place."""
    for owner, names in ((runner, ("runtestprotocol", "call_and_report", "call_runtest_hook")), (pytest.TestReport, ("from_item_and_call",))):
        yield from (getattr(owner, name) for name in names if hasattr(owner, name))


def call_and_report(item: pytest.Item, when: str, **arguments: object) -> pytest.TestReport:
    """One phase as pytest has it: its hooks, its report, and what happens on a failure."""
    return runner.call_and_report(item, when, True, **arguments)


def is_wrapper(impl: pluggy.HookImpl) -> bool:
    return impl.hookwrapper or getattr(impl, "wrapper", False)


def hook_implementation(function: Callable) -> pluggy.HookImpl:
    """For one call of a hook, without registering anything. The function takes no arguments."""
    options = {name: False for name in ("wrapper", "hookwrapper", "optionalhook", "tryfirst", "trylast")}
    return pluggy.HookImpl(None, "fastest", function, {**options, "specname": None})


def hook_caller(manager: pluggy.PluginManager, name: str, impls: list[pluggy.HookImpl]) -> pluggy.HookCaller:
    """Calls just these."""
    caller = pluggy.HookCaller(name, manager._hookexec)
    caller._hookimpls = impls
    return caller


def passed_call(when: str, start: float, stop: float, duration: float) -> runner.CallInfo:
    return runner.CallInfo(None, None, start=start, stop=stop, duration=duration, when=when, _ispytest=True)


def copy_of_fixture_info(info: object) -> object:
    """For another item: plugins change an item's fixture names in place."""
    closure, definitions = list(info.names_closure), dict(info.name2fixturedefs)
    return type(info)(argnames=info.argnames, initialnames=info.initialnames, names_closure=closure, name2fixturedefs=definitions)


def id_of(item: pytest.Item) -> object:
    """What a report is given to name its item: a str, or pytest 9.2's structured id."""
    return getattr(item, "id", None) or item.nodeid


def count_keywords(item: pytest.Item) -> int:
    """Grows when a keyword or mark is added to the item or to a node above it."""
    count, node = 0, item
    while node is not None:
        count += len(node.keywords._markers)
        node = node.parent
    return count


def forget_last_exception() -> None:
    """What core does before it calls a test function."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        vars(sys).pop(name, None)


def remember_argument_names() -> None:
    """Has pytest look at the arguments of one function once: it makes a new definition of `request` for each of its uses."""
    theirs = fixtures.getfuncargnames
    known: dict[int, tuple] = {}  # By the id of a function's code: the code, which so stays alive, and the names.

    def getfuncargnames(function: Callable, *args: object, **kwargs: object) -> tuple[str, ...]:
        if args or kwargs.keys() - {"name"} or type(function) is not FunctionType:
            return theirs(function, *args, **kwargs)
        if function.__dict__ or function.__defaults__ or function.__kwdefaults__:
            return theirs(function, *args, **kwargs)
        code = function.__code__
        entry = known.get(id(code))
        if entry is None:
            entry = known[id(code)] = (code, theirs(function, **kwargs))
        return entry[1]

    fixtures.getfuncargnames = getfuncargnames


def keep_hook_proxies(session: pytest.Session) -> None:
    """Has session.gethookproxy, which every `ihook` goes through, remember its answers while no conftest is loaded."""
    make, manager = type(session).gethookproxy, session.config.pluginmanager
    known: dict = {}
    seen = (-1, -1)

    def gethookproxy(fspath: os.PathLike) -> object:
        nonlocal seen
        now = (len(manager._conftest_plugins), len(manager._dirpath2confmods))
        if now != seen:
            known.clear()
            seen = now
        proxy = known.get(fspath)
        if proxy is None:
            proxy = make(session, fspath)
            known[fspath] = proxy
        return proxy

    session.gethookproxy = gethookproxy
