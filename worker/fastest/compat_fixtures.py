"""compat.py's part about pytest's search for fixtures in its own plugins: it need not look at what is none."""

from __future__ import annotations

import inspect
from builtins import dir as _dir

import pytest
from _pytest import fixtures

from fastest import compat

_Definition = getattr(fixtures, "FixtureFunctionDefinition", None)  # pytest 8.4 and later.


class FixtureScan:
    """A plugin. At the session's start pytest looks at each attribute of each plugin, and unwraps it (9.2); of its own
    plugins and ours, what is not a fixture as it stands is none however unwrapped."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> object:
        if _Definition is not None:
            fixtures.dir = _names_of_fixtures
        try:
            yield
        finally:
            vars(fixtures).pop("dir", None)


def _names_of_fixtures(holder: object) -> list[str]:
    owner = holder if inspect.ismodule(holder) or inspect.isclass(holder) else type(holder)
    if not compat.is_core(None, holder) and not compat.is_ours(holder):
        return _dir(holder)
    spaces = [vars(owner)] if inspect.ismodule(owner) else [vars(base) for base in owner.__mro__]
    found = {name for space in spaces for name, value in space.items() if type(value) is _Definition}
    return [name for name in _dir(holder) if name in found] if found else []
