"""compat.py's part about processes that outlive runs: loads what pytest will load, without a run."""

from __future__ import annotations

import importlib
import warnings

import _pytest.config
import pytest


class _Loaded(BaseException):
    """Everything is there that is loaded before conftests."""


class _Stop:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    @pytest.hookimpl
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        self.warnings.append(str(warning_message.message))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> object:
        if not comes_first(early_config, self):
            raise pytest.UsageError
        raise _Loaded
        yield


def comes_first(config: pytest.Config, plugin: object) -> bool:
    """Whether the plugin's wrapper is the first that is called when the initial conftests are to be loaded."""
    return config.pluginmanager.hook.pytest_load_initial_conftests.get_hookimpls()[-1].plugin is plugin


def import_core() -> None:
    """pytest's own plugins, and what core imports when it configures itself, collects and runs."""
    for name in _pytest.config.default_plugins:
        importlib.import_module("_pytest." + name)
    for name in ("faulthandler", "getpass", "pdb"):
        importlib.import_module(name)


def load_plugins(words: list[str], plugins: list[object]) -> bool:
    """With `plugins` registered before, has pytest parse these words as far as it loads plugins: installed ones, those of -p and of PYTEST_PLUGINS, in its
    own order and by its own rewriting hook. What it makes of them is dropped; the modules stay. False: it did not get
    there, or had something to warn of."""
    stop = _Stop()
    try:
        _pytest.config._prepareconfig(list(words), [*plugins, stop])
    except _Loaded:
        return not stop.warnings
    except BaseException:
        return False
    return False
