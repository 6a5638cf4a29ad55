"""compat.py's part about --log-file, which the processes of one run write together."""

from __future__ import annotations

import os

import pytest
from _pytest import logging as core
from _pytest.logging import get_option_ini


class _FileHandler(core._FileHandler):
    """pytest opens the file anew in each process: here it is begun already, and every process adds to its end."""

    begun = ""

    def __init__(self, filename: str, mode: str = "w", **options: object) -> None:
        super().__init__(filename, mode="a" if os.path.abspath(filename) == self.begun else mode, **options)


def begin_file(config: pytest.Config) -> None:
    """Empties what is there, if it is to be: once in a run, before any process of it opens the file."""
    path = _path(config)
    mode = get_option_ini(config, "log_file_mode") if hasattr(config.option, "log_file_mode") else "w"
    if os.path.isfile(path) and (mode or "w") == "w":
        os.truncate(path, 0)


def go_on_with_file(config: pytest.Config) -> None:
    """Before pytest_configure. A conftest may still choose another file: that is opened as pytest does."""
    _FileHandler.begun = _path(config)
    core._FileHandler = _FileHandler


def _path(config: pytest.Config) -> str:
    """Empty: there is no such file, or logging is switched off."""
    path = get_option_ini(config, "log_file") if hasattr(config.option, "log_file") else None
    return os.path.abspath(path) if path else ""
