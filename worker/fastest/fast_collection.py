"""Collects plain test functions without the detour that parametrisation needs.

For each name of a module pytest calls a hook; for each function it makes a definition node, finds out its fixtures, and
asks pytest_generate_tests how often it is to run. Where neither a mark nor a fixture nor a hook parametrises, the
answer is known: once. The item that is made here is the one that pytest makes; whatever else a name is, pytest collects.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from fastest import compat_function, core_protocol, known_hooks
from fastest.compat_function import FunctionMaker
from fastest.garbage import no_garbage_collection

_NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_SPECIAL = frozenset(["__wrapped__", "__test__", "__signature__", "place_as", "__func__", "_pytestfixturefunction"])
_DECIDING_MARKS = frozenset(["parametrize", "usefixtures"])
# Objects of these types are nothing to pytest's own hooks, unless they are named like a test.
_NOTHING = frozenset([str, bytes, int, float, bool, type(None), dict, list, tuple, set, frozenset])


class FastCollection:
    """A plugin. Keeps what holds for all functions of the collector that is being collected."""

    def __init__(self, leaves_out: Callable[[pytest.Collector, str], bool]) -> None:
        self._leaves_out = leaves_out  # Whether a name belongs to another part of the file.
        self._collector: pytest.Collector | None = None
        self._is_known = False  # Nobody but pytest makes items of this collector's names.
        self._is_plain = False  # And nothing parametrises all its functions.
        self._prefixes: tuple[str, ...] = ()
        self._fixtures: dict[tuple[str, ...], object] = {}  # Argument names -> FuncFixtureInfo; None: parametrised.

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        core_protocol.keep_hook_proxies(session)
        core_protocol.remember_argument_names()
        compat_function.skip_trivial_reports(session)
        FunctionMaker().install(session.config)
        compat_function.install_collect(session.config, self._collect)

    @compat_function.as_pytests
    def _collect(self, collector: pytest.Collector, theirs: Callable[[pytest.Collector], list]) -> list:
        """PyCollector.collect, with a hook call only for names that need one."""
        self._enter(collector)
        if not self._is_known or not compat_function.imports_are_collected(collector.config):
            return theirs(collector)
        if not getattr(collector.obj, "__test__", True):
            return []
        with no_garbage_collection():  # It takes a third of the time where there are many items.
            return self._collect_names(collector)

    def _collect_names(self, collector: pytest.Collector) -> list:
        holder = collector.obj
        namespaces = [getattr(holder, "__dict__", {})]
        if isinstance(holder, type):
            namespaces += [base.__dict__ for base in holder.__mro__]
        ihook = collector.ihook
        seen: set[str] = set()
        found: list[list] = []
        for namespace in namespaces:
            here: list = []
            for name, obj in list(namespace.items()):
                if name in compat_function.IGNORED_NAMES or name in seen:
                    continue
                seen.add(name)
                if self._leaves_out(collector, name):
                    continue
                if type(obj) is FunctionType:
                    made = self._of_function(collector, name, obj)
                elif type(obj) in _NOTHING and not collector.funcnamefilter(name):
                    continue
                else:
                    made = None
                if made is None:
                    made = ihook.pytest_pycollect_makeitem(collector=collector, name=name, obj=obj)
                    if collector is not self._collector:  # Something was collected meanwhile.
                        self._enter(collector)
                if made is not None:
                    here += made if isinstance(made, list) else [made]
            found.append(here)
        return [node for here in reversed(found) for node in here]  # Those of base classes first.

    def _of_function(self, collector: pytest.Collector, name: str, obj: FunctionType) -> list | None:
        """What the function is collected as; None: that is for pytest's hooks to say."""
        code, attributes = obj.__code__, obj.__dict__
        if not self._is_plain or code.co_flags & _NOT_PLAIN or (attributes and not _SPECIAL.isdisjoint(attributes)):
            return None
        if not name.startswith(self._prefixes) and not collector.funcnamefilter(name):
            return []
        if obj.__defaults__ or obj.__kwdefaults__ or code.co_posonlyargcount:
            return None
        if attributes and not _decides_nothing(attributes.get("pytestmark", [])):
            return None
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        info = self._fixture_info(collector, obj, arguments)
        if info is None:
            return None
        return [pytest.Function.from_parent(collector, name=name, fixtureinfo=core_protocol.copy_of_fixture_info(info))]

    def _enter(self, collector: pytest.Collector) -> None:
        self._collector = collector
        self._fixtures = {}
        self._is_known = self._is_plain = False
        if type(collector) not in (pytest.Module, pytest.Class) or not known_hooks.collect_functions(collector.ihook):
            return
        self._is_known = True
        self._prefixes = tuple(collector.config.getini("python_functions"))
        if not _decides_nothing(list(collector.iter_markers()), ("usefixtures",)):
            return
        parents = [node for node in collector.listchain() if isinstance(node, (pytest.Module, pytest.Class))]
        self._is_plain = not any(hasattr(parent.obj, "pytest_generate_tests") for parent in parents)

    def _fixture_info(self, collector: pytest.Collector, obj: FunctionType, arguments: tuple[str, ...]) -> object | None:
        """What pytest finds out for the definition node, which sees what its collector sees."""
        if arguments not in self._fixtures:
            manager, cls = collector.session._fixturemanager, collector.obj if type(collector) is pytest.Class else None
            info = manager.getfixtureinfo(collector, obj, cls)
            parametrised = any(each.params is not None for defs in info.name2fixturedefs.values() for each in defs)
            self._fixtures[arguments] = None if parametrised else info
        return self._fixtures[arguments]


def _decides_nothing(marks: Any, allowed: tuple[str, ...] = ()) -> bool:
    """Whether none of these marks has a say in fixtures or parameters (one of `allowed` may, if it has arguments)."""
    if not isinstance(marks, list):
        return False
    for mark in marks:
        name = getattr(mark, "name", "parametrize")
        if name in _DECIDING_MARKS and not (name in allowed and mark.args):
            return False
    return True
