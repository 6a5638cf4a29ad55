"""The set-up of an item's fixtures without pytest's detours, for pytest 9.1 and 9.2, where no function is to be called.

For each fixture that an item uses pytest makes a request and calls two hooks, also where the fixture is but the value of
a parameter, or was set up for long by another item. Here such values are put among the item's arguments when pytest
looks whether they are there. For all others it goes its own way, frame by frame (tracebacks and warnings tell it). The
order of set-up and teardown, cached results and finalizers are pytest's.
"""

from __future__ import annotations

from functools import partial
from sys import _getframe
from typing import Any

import pytest
from _pytest import fixtures, python

from fastest import compat, known_hooks

_Direct = getattr(python, "DirectParamFixtureDef", None)
_FUNCTION = fixtures.Scope.Function
_FILL = getattr(getattr(fixtures, "TopRequest", None), "_fillfixtures", None)
_FILLS = getattr(_FILL, "__code__", None)
_HOOKS = {"pytest_fixture_setup": "fixtures setuponly setupplan", "pytest_fixture_post_finalizer": "setuponly"}
_VERSIONS = ((9, 1), (9, 2))  # Those whose FixtureDef.execute was read for this.


class FixtureSetup:
    """A plugin. `prepare` is called for each item before its set-up."""

    def __init__(self, config: pytest.Config) -> None:
        self._known: dict[object, bool] = {}  # A node's hooks -> whether only pytest hears of fixtures.
        functions = (_FILL, fixtures.FixtureRequest.getfixturevalue, fixtures.FixtureDef.execute)
        self._is_usable = compat.VERSION in _VERSIONS and all(getattr(each, "__module__", "") == "_pytest.fixtures" for each in functions)
        config.pluginmanager.register(self, "fastest-fixture-setup")

    @pytest.hookimpl
    def pytest_plugin_registered(self) -> None:
        self._known.clear()  # Its hooks are to be looked at.

    def prepare(self, item: pytest.Function) -> None:
        if self._is_usable and item.fixturenames and type(item.funcargs) is dict and not item.funcargs and self._is_unheard(item):
            item.funcargs = _Arguments(item)

    def _is_unheard(self, item: pytest.Function) -> bool:
        """Whether nobody but pytest has hooks for the set-up and the end of the item's fixtures."""
        relay = item.ihook
        known = self._known.get(relay)
        if known is None:
            known = self._known[relay] = all(
                known_hooks.core_name(impl) in names.split() for hook, names in _HOOKS.items() for impl in known_hooks.impls_of(relay, hook)
            )
        return known


class _Arguments(dict):
    """An item's funcargs. To pytest's question whether an argument is there yet, it answers by putting it there if that is all to do."""

    __slots__ = ("_item", "_definitions", "_params", "_scopes", "_direct")

    def __init__(self, item: pytest.Function) -> None:
        self._item = item
        self._definitions = item._request._arg2fixturedefs
        callspec = getattr(item, "callspec", None)
        self._params, self._scopes = ({}, {}) if callspec is None else (callspec.params, callspec._arg2scope)
        self._direct: list | None = None  # The parameters since the last other fixture: torn down one after the other.

    def __contains__(self, name: object) -> bool:
        if dict.__contains__(self, name):
            return True
        return _getframe(1).f_code is _FILLS and self._put(name)

    def _put(self, name: str) -> bool:
        request = self._item._request
        if name == "request":
            self[name] = request
            return True
        active = request._fixture_defs
        if name not in active:
            if name in self._params:
                definition = (self._definitions.get(name) or (None,))[-1]
                if _is_direct(definition, self._scopes[name]):
                    self._put_parameter(name, definition, request)
                    return True
            elif self._is_there(name, active):
                self[name] = active[name].cached_result[0]
                return True
        self._direct = None
        return False

    def _put_parameter(self, name: str, definition: Any, request: Any) -> None:
        """As if get_direct_param_fixture_func had been called for it."""
        if self._direct is None:
            self._direct = []
            self._item.session._setupstate.stack[self._item][0].append(partial(_finish, self._direct, request))
        self._direct.append(definition)
        value = self[name] = self._params[name]
        definition.cached_result = (value, value, None)
        request._fixture_defs[name] = definition

    def _is_there(self, name: str, active: dict) -> bool:
        """Whether a fixture is set up for more than one item, and so is all that it uses; they are the item's then."""
        found = self._definitions.get(name)
        if found is None or len(found) != 1 or name in self._params:
            return False
        definition = found[0]
        result = definition.cached_result
        if type(definition) is not fixtures.FixtureDef or definition._scope is _FUNCTION:
            return False
        if result is None or result[1] is not None or result[2] is not None:
            return False
        for used in definition.argnames:
            if used != "request" and used not in active and not self._is_there(used, active):
                return False
        active[name] = definition
        return True


def _is_direct(definition: Any, scope: object) -> bool:
    """Whether it is a parameter of the test function itself, and for this item alone."""
    if _Direct is None or type(definition) is not _Direct or scope is not _FUNCTION or definition._scope is not _FUNCTION:
        return False
    return definition.cached_result is None and not definition._finalizers


def _finish(definitions: list, request: Any) -> None:
    """Ends parameters, the last one first."""
    while definitions:
        definition = definitions.pop()
        if not definition._finalizers:
            definition.cached_result = None
            continue
        try:
            definition.finish(request)
        finally:
            _finish(definitions, request)
