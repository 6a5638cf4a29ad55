"""Why pytest gave up, in its own words: standard error is kept from when pytest is about to print them."""

from __future__ import annotations

import io
import sys

import pytest


class _Text(io.StringIO):
    """A terminal if the user's is one, so that colours come out."""

    def __init__(self, color: bool) -> None:
        super().__init__()
        self._color = color

    def isatty(self) -> bool:
        return self._color


class ErrorText:
    """Also a plugin: sees an error leave pytest_cmdline_main, before pytest prints it."""

    def __init__(self, color: bool) -> None:
        self._color = color
        self._real_stderr = sys.stderr
        self._text: _Text | None = None
        self._is_wanted = False  # An error has left pytest_cmdline_main.

    def __str__(self) -> str:
        return self._text.getvalue() if self._text is not None else ""

    def catch(self) -> None:
        """From here on standard error goes into a text for the agent."""
        if self._text is None:
            self._real_stderr = sys.stderr
            self._text = _Text(self._color)
        sys.stderr = self._text

    def on_unconfigured(self, was_ready: bool) -> None:
        """pytest 9 prints an error only now, when standard error is again what it was before capturing began."""
        if self._is_wanted or not was_ready:
            self.catch()

    def release(self) -> None:
        """What was written so far is forgotten."""
        self._text, sys.stderr = None, self._real_stderr

    def explain(self, text: str) -> None:
        """What Python says of an exception that pytest let through."""
        self.catch()
        self._text.write(text)

    def refuse(self, why: str) -> None:
        """A usage error, unless `why` is empty."""
        if why:
            self.catch()
            raise pytest.UsageError(why)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self) -> object:
        outcome = yield
        if outcome.excinfo is not None:
            self._is_wanted = True
            self.catch()
