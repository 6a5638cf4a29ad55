"""--retries: the same item may come again, and must then find itself as it was the first time.

Fixtures of wider scope survive, as between two items; those of the function are made anew by pytest itself.
"""

from __future__ import annotations

import pytest

from fastest import compat_attempts
from fastest.recorder import Recorder


class Attempts:
    """Which items have run in this process. `session` keeps them all alive."""

    def __init__(self, session: pytest.Session, recorder: Recorder) -> None:
        recorder.holds_failures = False
        self._session = session
        self._properties: dict[int, list[tuple[str, object]]] = {}  # By item: its user_properties before it ran.

    def prepare(self, item: pytest.Item) -> None:
        """Before each attempt."""
        before = self._properties.get(id(item))
        if before is None:
            self._properties[id(item)] = list(item.user_properties)
            return
        item.user_properties[:] = before
        compat_attempts.forget_attempt(item)
