"""pytest's private shape of a decorated fixture (see compat.py): its function, and how to make one like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


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
