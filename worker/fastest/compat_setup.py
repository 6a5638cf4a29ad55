"""The set-up of an item's fixtures without pytest's detours, for pytest 9.1 and 9.2.

For each fixture that an item uses pytest makes a request and calls two hooks, also where the fixture is but the value of
a parameter, or was set up for long by another item. Where nobody but pytest has such hooks, fixtures are put among the
item's arguments when pytest looks whether they are there: values of parameters, wider fixtures that are set up, and
functions of function scope, which are called through pytest's own frames nearest to them (warnings tell the caller).
The order of set-up and teardown, cached results and finalizers are pytest's. A function that fails is *replayed*:
pytest goes its own way, frame by frame (tracebacks tell it), and a stand-in for the function raises what it raised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from sys import _getframe
from types import FunctionType, MethodType
from typing import Any

import pytest
from _pytest import fixtures, python

from fastest import compat, known_hooks, stand_in

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
        self._callable: dict[object, bool] = {}  # A fixture -> whether it is a function like most.
        functions = (
            *(_FILL, fixtures.FixtureRequest.getfixturevalue, fixtures.SubRequest.__init__, fixtures.call_fixture_func),
            *(fixtures.FixtureDef.execute, fixtures.FixtureDef.finish, fixtures.pytest_fixture_setup),
        )
        self._is_usable = compat.VERSION in _VERSIONS and all(getattr(each, "__module__", "") == "_pytest.fixtures" for each in functions)
        config.pluginmanager.register(self, "fastest-fixture-setup")

    @pytest.hookimpl
    def pytest_plugin_registered(self) -> None:
        self._known.clear()  # Its hooks are to be looked at.

    def prepare(self, item: pytest.Function) -> None:
        if self._is_usable and item.fixturenames and type(item.funcargs) is dict and not item.funcargs and self._is_unheard(item):
            item.funcargs = _Arguments(item, self)

    def is_settled(self) -> bool:
        """Whether no plugin has come since the item was prepared."""
        return bool(self._known)

    def _is_unheard(self, item: pytest.Function) -> bool:
        """Whether nobody but pytest has hooks for the set-up and the end of the item's fixtures."""
        relay = item.ihook
        known = self._known.get(relay)
        if known is None:
            known = self._known[relay] = all(
                known_hooks.core_name(impl) in names.split() for hook, names in _HOOKS.items() for impl in known_hooks.impls_of(relay, hook)
            )
        return known

    def is_callable(self, definition: Any) -> bool:
        """Whether a fixture is a function of function scope that pytest would just call."""
        known = self._callable.get(definition)
        if known is None:
            function = definition.func
            known = self._callable[definition] = (
                type(definition) is fixtures.FixtureDef
                and definition._scope is _FUNCTION
                and type(function.__func__ if type(function) is MethodType else function) is FunctionType
                and not inspect.isasyncgenfunction(function)
                and not inspect.iscoroutinefunction(function)
            )
        return known

    def tell_end(self, definition: Any, request: Any) -> None:
        """Calls the hook for it, if a plugin has come meanwhile that has one."""
        if not self._is_unheard(request._pyfuncitem):
            request.node.ihook.pytest_fixture_post_finalizer(fixturedef=definition, request=request)


class _Arguments(dict):
    """An item's funcargs. To pytest's question whether an argument is there yet, it answers by putting it there."""

    __slots__ = ("_item", "_setup", "_definitions", "_params", "_scopes", "_direct")

    def __init__(self, item: pytest.Function, setup: FixtureSetup) -> None:
        self._item, self._setup = item, setup
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
        definition = active.get(name)
        if definition is None:
            if not self._is_possible(name, active, ()) or not self._set_up(name, request):
                self._direct = None
                return False
            definition = active[name]
        self[name] = definition.cached_result[0]
        return True

    def _is_possible(self, name: str, active: dict, users: tuple[str, ...]) -> bool:
        """Whether a fixture that is not active can be set up here with all that it uses. `users`: fixtures on the way to it."""
        found = self._definitions.get(name)
        if not found or name in users:  # It overrides another one that it uses.
            return False
        definition = found[-1]
        if name in self._params:
            if self._scopes[name] is not _FUNCTION:
                return False
            if _is_direct(definition):
                return True
        elif definition._scope is not _FUNCTION:
            return len(found) == 1 and self._is_there(definition, active)
        elif definition.params is not None:
            return False
        if definition.cached_result is not None or definition._finalizers or not self._setup.is_callable(definition):
            return False
        users = (*users, name)
        return all(used == "request" or used in active or self._is_possible(used, active, users) for used in definition.argnames)

    def _is_there(self, definition: Any, active: dict) -> bool:
        """Whether a fixture is set up for more than one item, and so is all that it uses."""
        result = definition.cached_result
        if type(definition) is not fixtures.FixtureDef or result is None or result[1] is not None or result[2] is not None:
            return False
        return all(
            used == "request" or used in active or (used not in self._params and self._has_one(used, active)) for used in definition.argnames
        )

    def _has_one(self, name: str, active: dict) -> bool:
        found = self._definitions.get(name)
        return found is not None and len(found) == 1 and found[0]._scope is not _FUNCTION and self._is_there(found[0], active)

    def _set_up(self, name: str, request: Any) -> bool:
        """Sets up what _is_possible; False: its function failed, and waits for pytest to call it."""
        definition = self._definitions[name][-1]
        if definition._scope is not _FUNCTION:
            self._take(definition, request._fixture_defs)
            return True
        if type(definition) is _Direct:
            self._put_parameter(name, definition, request)
            return True
        return self._call(definition, request)

    def _take(self, definition: Any, active: dict) -> None:
        """A wider fixture, and all it uses, are the item's."""
        for used in definition.argnames:
            if used != "request" and used not in active:
                self._take(self._definitions[used][0], active)
        active[definition.argname] = definition

    def _put_parameter(self, name: str, definition: Any, request: Any) -> None:
        """As if get_direct_param_fixture_func had been called for it."""
        if self._direct is None:
            self._direct = []
            self._item.session._setupstate.stack[self._item][0].append(partial(_finish, self._direct, request))
        self._direct.append(definition)
        value = self._params[name]
        definition.cached_result = (value, value, None)
        request._fixture_defs[name] = definition

    def _call(self, definition: Any, parent: Any) -> bool:
        """As FixtureDef.execute and pytest_fixture_setup."""
        name, item = definition.argname, self._item
        has_param = name in self._params
        param = self._params[name] if has_param else fixtures.NOTSET
        request = fixtures.SubRequest(parent, _FUNCTION, param, item.callspec.indices[name] if has_param else 0, definition, _ispytest=True)
        active, arguments = request._fixture_defs, {}
        for used in definition.argnames:
            if used == "request":
                arguments[used] = request
                continue
            if used not in active and not self._set_up(used, request):
                return False
            arguments[used] = active[used].cached_result[0]
        if not self._setup.is_settled():
            return False  # One of them has registered a plugin.
        finish = partial(definition.finish, request=request)
        needed = [active[used] for used in definition.argnames if used != "request" and active[used]._scope is _FUNCTION]
        for each in needed:
            each.addfinalizer(finish)
        definition._finalizers.append(partial(self._setup.tell_end, definition, request))
        function = definition.func
        if type(function) is not FunctionType:
            function = fixtures.resolve_fixture_function(definition, request)
        try:
            value = _call(function, request, arguments)
        except BaseException as error:
            for each in needed:
                each._finalizers.pop()
            if not _prepare_replay(definition, function, error):
                raise
            return False
        definition.cached_result = (value, param if has_param else None, None)
        item.session._setupstate.stack[item][0].append(finish)
        active[name] = definition
        self._direct = None
        return True


def _is_direct(definition: Any) -> bool:
    """Whether it is a parameter of the test function itself, and for this item alone."""
    if _Direct is None or type(definition) is not _Direct or definition._scope is not _FUNCTION:
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


def _make_call() -> Callable[[Callable, Any, dict], Any]:
    """What calls call_fixture_func, and looks as if it were pytest_fixture_setup, which a warning in a fixture may name."""

    def pytest_fixture_setup(fixturefunc: Callable, request: Any, kwargs: dict) -> Any:
        return call_fixture_func(fixturefunc, request, kwargs)  # noqa: F821  # Of pytest's module.

    theirs = fixtures.pytest_fixture_setup.__code__
    code = pytest_fixture_setup.__code__.replace(co_filename=theirs.co_filename, co_firstlineno=theirs.co_firstlineno)
    return FunctionType(code, vars(fixtures))


_call = _make_call()


def _prepare_replay(definition: Any, function: Callable, error: BaseException) -> bool:
    """Has pytest, which sets the fixture up next, find that its function does what it did. False: there is no saying what."""
    frames = error.__traceback__.tb_next  # Ours, _call, call_fixture_func and those of the function.
    trace = frames.tb_next.tb_next if frames is not None and frames.tb_next is not None else None
    finalizers = definition._finalizers[1:]  # That the function has asked for; tell_end is pytest's to do.
    definition._finalizers.clear()
    is_empty = trace is None and inspect.isgeneratorfunction(function) and type(error.__context__) is StopIteration
    if trace is None and not is_empty:
        return type(error) is TypeError  # It could not be called, and can't be again.

    def restore() -> None:
        definition.func = theirs
        definition._finalizers.extend(finalizers)

    theirs = definition.func
    made = stand_in.of_fixture(function, None if is_empty else error.with_traceback(trace), restore)
    definition.func = MethodType(made, theirs.__self__) if type(theirs) is MethodType else made
    return True
