"""Collects plain test functions without the detour that parametrisation needs.

For each function pytest makes a definition node, finds out its fixtures, and asks pytest_generate_tests how often it is
to run. Where neither a mark nor a fixture nor a hook parametrises, the answer is known: once. The item that is made
here is the one that pytest makes; whatever else a name in a module is, pytest collects it.
"""

from __future__ import annotations

import inspect
from types import FunctionType

import pytest

from fastest import core_protocol, known_hooks

_NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_SPECIAL = frozenset(["__wrapped__", "__test__", "__signature__", "place_as", "__func__"])


class FastCollection:
    """A plugin. Keeps what holds for all functions of the collector that is being collected."""

    def __init__(self) -> None:
        self._collector: pytest.Collector | None = None
        self._is_plain = False
        self._fixtures: dict[tuple[str, ...], object] = {}  # Argument names -> FuncFixtureInfo; None: parametrised.

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        core_protocol.keep_hook_proxies(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self) -> None:
        self._collector = None  # The fixtures that it sees may be others by now.

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, name: str, obj: object) -> list | None:
        if type(obj) is not FunctionType:
            return None
        if collector is not self._collector:
            self._enter(collector)
        code, attributes = obj.__code__, obj.__dict__
        if not self._is_plain or code.co_flags & _NOT_PLAIN or (attributes and not _SPECIAL.isdisjoint(attributes)):
            return None
        if not collector.istestfunction(obj, name):
            return []
        if attributes.get("pytestmark") or obj.__defaults__ or obj.__kwdefaults__ or code.co_posonlyargcount:
            return None
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        info = self._fixture_info(collector, obj, arguments)
        if info is None:
            return None
        return [pytest.Function.from_parent(collector, name=name, fixtureinfo=core_protocol.copy_of_fixture_info(info))]

    def _enter(self, collector: pytest.Collector) -> None:
        self._collector = collector
        self._fixtures = {}
        self._is_plain = False
        if type(collector) not in (pytest.Module, pytest.Class):
            return
        marks = collector.iter_markers()
        if any(mark.name == "parametrize" or (mark.name == "usefixtures" and not mark.args) for mark in marks):
            return
        if not known_hooks.collect_functions(collector.ihook):
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
