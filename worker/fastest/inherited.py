"""What workers take over of the main process's environment: pytest-xdist's inherit it, since that process starts them when it
is configured, and plugins tell their workers something so. Ours are there before, so they are told what has changed.
"""

from __future__ import annotations

import os

_OWN = ("PYTEST_XDIST_", "PYTEST_CURRENT_TEST", "PYTEST_VERSION")  # Each process has its own.
_at_start: dict[str, str] = {}


def remember() -> None:
    """Before plugins and conftests are loaded."""
    _at_start.clear()
    _at_start.update(os.environ)


def changes() -> dict[str, str | None]:
    """What this process has set since, and (None) taken away."""
    names = [name for name in {*_at_start, *os.environ} if not name.startswith(_OWN)]
    return {name: os.environ.get(name) for name in names if os.environ.get(name) != _at_start.get(name)}


def take_over(given: dict[str, str | None]) -> None:
    """In a worker, before pytest_configure. What it has set by itself meanwhile stays, as it would have under pytest-xdist."""
    for name, value in given.items():
        if os.environ.get(name) != _at_start.get(name):
            continue
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
