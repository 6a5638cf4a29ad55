"""Puts our ndiff (delta.py) where failures are explained, and nowhere else.

pytest looks difflib.ndiff up when it explains a comparison: it is replaced while the hook for that runs, and still
answers as difflib's own to everybody who is not pytest. unittest's assert methods make their message inside the test:
while an item runs, the name `difflib` of unittest.case stands for a view of difflib with our ndiff.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

_UNITTEST, _PYTEST = "unittest.case", "_pytest.assertion"


class DifflibView:
    """difflib, with another ndiff."""

    def __init__(self, module: ModuleType, ndiff: Callable) -> None:
        self.module = module
        self.ndiff = ndiff

    def __getattr__(self, name: str) -> object:
        return getattr(self.module, name)


class Explaining:
    """A plugin of the worker, which says when an item begins and ends."""

    def __init__(self, config: pytest.Config, seconds: float) -> None:
        self._seconds = seconds  # The budget of one diff; 0: all is left as it is.
        self._view: DifflibView | None = None
        if seconds > 0:
            config.pluginmanager.register(self, "fastest-explaining")

    # ---- pytest ----
    @pytest.hookimpl(hookwrapper=True)
    def pytest_assertrepr_compare(self) -> Iterator[None]:
        import difflib

        original = difflib.ndiff

        def ndiff(*args: object, **named: object) -> Iterator[str]:
            caller = str(sys._getframe(1).f_globals.get("__name__"))
            if caller.startswith(_PYTEST):
                return self._ndiff(original, *args, **named)
            return original(*args, **named)

        difflib.ndiff = ndiff
        try:
            yield
        finally:
            if difflib.ndiff is ndiff:
                difflib.ndiff = original

    # ---- unittest ----
    def begin_item(self) -> None:
        case = sys.modules.get(_UNITTEST)
        module = sys.modules.get("difflib")
        if self._seconds > 0 and case is not None and module is not None and getattr(case, "difflib", None) is module:
            if self._view is None or self._view.module is not module:
                self._view = DifflibView(module, lambda *args, **named: self._ndiff(module.ndiff, *args, **named))
            case.difflib = self._view

    def end_item(self) -> None:
        case = sys.modules.get(_UNITTEST)
        if case is not None and self._view is not None and getattr(case, "difflib", None) is self._view:
            case.difflib = self._view.module

    def _ndiff(self, original: Callable, *args: object, **named: object) -> Iterator[str]:
        """As pytest and unittest call it: with two lists of lines. Anything else is difflib's."""
        from fastest import delta

        if len(args) != 2 or named:
            return original(*args, **named)
        return delta.ndiff(args[0], args[1], self._seconds, original)
