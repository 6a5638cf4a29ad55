"""Whole mode: what importing the test files did to the zygote that its forks would not have, or would have in common."""

from __future__ import annotations

import pytest

from fastest import process, verdicts, wire
from fastest.watch import Watch
from fastest.wire import Frames


class Imported:
    """A plugin of the zygote. Where something is found, workers start fresh and import the files themselves."""

    def __init__(self, watch: Watch, frames: Frames) -> None:
        self._watch, self._frames = watch, frames

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> object:
        own_fds, loading = process.open_fds(), len(self._watch.reasons)
        with self._watch:
            yield
        reasons = self._watch.reasons[loading:] + verdicts.unshareable(own_fds)
        if reasons:
            self._frames.write(wire.FRESH, {"fresh": reasons})
