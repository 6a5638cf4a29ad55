"""Where one process collects everything: tells the agent what is being imported, in case it hangs or dies there."""

from __future__ import annotations

import pytest

from fastest import compat, ring, wire
from fastest.link import WorkerLink
from fastest.recorder import Recorder

_IMPORTED = (pytest.File, compat.Directory) if compat.HAS_DIRECTORIES else (pytest.File,)  # A folder: its conftest.py.


class Importing:
    """A plugin of the zygote, or of a worker that collects by itself: there --hang-timeout counts by the ring."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._is_over = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        if isinstance(collector, _IMPORTED):
            self._tell(collector.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self) -> None:
        self._tell("")  # What hooks do to the whole list is no file's fault.

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # A wrapper is called whoever collects.
    def pytest_collection(self) -> object:
        yield
        self._tell("")
        self._is_over = True

    def _tell(self, path: str) -> None:
        if self._is_over:
            return
        link = self._recorder.link
        link.send(wire.IMPORTING, {"path": path})
        if isinstance(link, WorkerLink):
            link.begin(ring.COLLECTING if path else ring.IDLE)
