"""What concerns the whole run is the coordinator's: here it is taken away from pytest, after it has parsed everything.

Each line of the tables below has a test. Collection-time behaviour (--lf, --sw … choose items) stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fastest import compat, compat_cache, compat_junit, compat_logs

# Option -> the value under which its plugin does nothing.
_NEUTRAL_OPTIONS = {
    "report_log": None,  # pytest-reportlog: likewise.
    "durations": None,
    "max_warnings": None,
    "cacheclear": False,
    "pastebin": None,
    "looponfail": False,
}
_NEUTRAL_INI = {"max_warnings": None}

# (hook, plugin): these would write the cache, which is the coordinator's to write.
_CACHE_WRITERS = (
    ("pytest_sessionfinish", "lfplugin"),
    ("pytest_sessionfinish", "nfplugin"),
    ("pytest_sessionfinish", "stepwiseplugin"),
    ("pytest_sessionfinish", "stepwise"),
)

# What xdist sets in a worker's options.
_DISTRIBUTED_OPTIONS = {
    "usepdb": False,
    "dist": "no",
    "distload": False,
    "numprocesses": None,
    "maxprocesses": None,
    "loadgroup": False,
    "tx": [],
    "clean_alluredir": False,  # allure-pytest: the controller has done it; a late worker would delete results.
}
# pytest-cov erases old data when it is made: the controller does, once, before there are workers.
_EARLY_OPTIONS = {"cov_append": True}
_SINGLE_OPTIONS = {"dist": "no", "distload": False, "tx": []}
# --retries: only the coordinator knows which failure is final.
_RETRY_OPTIONS = {"maxfail": 0}


def begin(config: pytest.Config, single: bool, setup: dict[str, Any]) -> None:
    """What the first process of a run does before there are others."""
    if setup.get("again") or setup.get("id"):
        return
    compat_cache.clear_if_asked(config)
    if not single:
        compat_logs.begin_file(config)


def neutralise_options(config: pytest.Config, single: bool, setup: dict[str, Any]) -> None:
    """Before pytest_configure."""
    neutralise_reports(config)
    if not single or setup.get("again"):
        compat_logs.go_on_with_file(config)
    if setup.get("retries"):
        _set_options(config.option, _RETRY_OPTIONS)
    _set_options(config.option, _SINGLE_OPTIONS if single else _DISTRIBUTED_OPTIONS)


def neutralise_reports(config: pytest.Config) -> None:
    """Before pytest_configure: what the runner writes by itself, in every process."""
    compat_junit.leave_to_coordinator(config)
    _set_options(config.option, _NEUTRAL_OPTIONS)
    for name, value in _NEUTRAL_INI.items():
        compat.override_ini(config, name, value)


def neutralise_early(config: pytest.Config) -> None:
    """In a process that will be or make workers, before plugins look at the options for the first time."""
    _set_options(config.known_args_namespace, _EARLY_OPTIONS)


def _set_options(options: object, table: dict[str, object]) -> None:
    for name, value in table.items():
        if hasattr(options, name):
            setattr(options, name, value)


class AfterConfigure:
    """A plugin that calls `function` when every other has configured itself: registered last, it is the last of those
    that try to be last."""

    def __init__(self, function: Callable[[pytest.Config], None]) -> None:
        self._function = function

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._function(config)


def neutralise_plugins(config: pytest.Config, single: bool) -> None:
    """After every plugin has configured itself."""
    for hook, plugin in _CACHE_WRITERS:
        compat.remove_hook(config, hook, plugin)
    if not single:
        # The run's summary is one, and not a worker's: xdist's workers have no terminal plugin either.
        compat.remove_hook(config, "pytest_sessionfinish", "terminalreporter")
