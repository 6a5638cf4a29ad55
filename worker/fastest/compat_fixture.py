"""pytest's private shape of a decorated fixture (see compat.py): what it says, its function, and how to make one like it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, NamedTuple


class Fixture(NamedTuple):
    """What a decorated function says of itself."""

    name: str
    scope: str  # "dynamic": a function decides.
    params: object
    autouse: bool
    function: Callable


def fixtures_of(plugin: object) -> Iterator[Fixture]:
    """The fixtures that a plugin or conftest defines at its top level."""
    holder = plugin if inspect.ismodule(plugin) else type(plugin)
    for name, value in list(vars(holder).items()):
        marker = None
        if type(value).__name__ == "FixtureFunctionDefinition":  # pytest 8.4 and later.
            marker = value._fixture_function_marker
        elif inspect.isfunction(value):
            marker = getattr(value, "_pytestfixturefunction", None)
        if marker is not None:
            scope = getattr(marker.scope, "value", marker.scope)
            scope = scope if isinstance(scope, str) else "dynamic"
            yield Fixture(marker.name or name, scope, marker.params, marker.autouse, take_apart(value)[0])


def inside(value: object) -> object | None:
    """What a static or class method, a decorator that says what it wraps, or a fixture is made of; None: it is none of these.

    Nothing is asked of the value itself: it may be a proxy.
    """
    kind = type(value)
    if kind in (staticmethod, classmethod):
        return value.__func__
    if kind is FunctionType or kind.__name__ == "FixtureFunctionDefinition":  # pytest 8.4 and later.
        return vars(value).get("__wrapped__")
    return None


def take_apart(fixture: Any) -> tuple[Any, Callable[[Any], Any]]:
    """(the function, what makes of a function a fixture with the same scope, params and name).

    Of what is no fixture yet: itself, and what leaves it as it is.
    """
    marker = getattr(fixture, "_fixture_function_marker", None)  # Since 8.4 a fixture is an object.
    if marker is not None:
        return fixture._fixture_function, marker
    marker = getattr(fixture, "_pytestfixturefunction", None)
    if marker is not None:
        return fixture.__pytest_wrapped__.obj, marker
    return fixture, lambda function: function
