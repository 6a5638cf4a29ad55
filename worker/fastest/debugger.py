"""Debugging: with the user's terminal as pytest has it; without one a breakpoint fails its test instead of hanging."""

from __future__ import annotations

import sys

import pytest

from fastest import compat

_MESSAGE = "breakpoint() needs the terminal: rerun with --pdb"


def prepare(config: pytest.Config, attached: bool) -> None:
    if attached:
        config.pluginmanager.register(PostMortemTerminal(config), "fastest-post-mortem")
    else:
        config.add_cleanup(compat.replace_debugger(_refuse))


def _refuse(*_args: object, **_kwargs: object) -> None:
    __tracebackhide__ = True
    pytest.fail(_MESSAGE)


class PostMortemTerminal:
    """--pdb shows the failure through the terminal reporter, which is silent otherwise."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_exception_interact(self) -> object:
        before = compat.terminal_file(self._config, sys.stdout)
        yield
        compat.terminal_file(self._config, before)
