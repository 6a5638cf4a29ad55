"""What pytest puts round every phase of every item (warning filters, captured output, log handlers), kept up between items.

pytest builds these up and takes them down for each phase. Here they stay; a phase only looks whether something came
in, and puts right what a test has changed. Whoever runs anything else calls `leave` first.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import fstat  # By its name: a test may put something else into os.

import pytest

from fastest import core_protocol, extension


class Warnings:
    """pytest's filters, made once; each item gets a copy, and its own list of what was warned."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outer: list | None = None
        self._filters: list = []

    @contextmanager
    def catch(self, item: pytest.Item, marks: bool) -> Iterator[None]:
        """As core's catch_warnings_for_item, which parses every filter for every item."""
        before = warnings.filters, warnings.showwarning, warnings._showwarnmsg_impl
        if before[0] != self._outer:
            self._outer = before[0][:]
            self._filters = core_protocol.configured_warning_filters(self._config)
        warned: list[warnings.WarningMessage] = []
        warnings.filters = self._filters[:]
        warnings._filters_mutated()
        warnings.showwarning = warnings._showwarning_orig
        warnings._showwarnmsg_impl = warned.append
        try:
            if marks:
                core_protocol.apply_filterwarnings_marks(item)
            yield
        finally:
            for message in warned:
                told = {"warning_message": message, "nodeid": item.nodeid, "when": "runtest", "location": None}
                item.ihook.pytest_warning_recorded.call_historic(kwargs=told)
            warnings.filters, warnings.showwarning, warnings._showwarnmsg_impl = before
            warnings._filters_mutated()


class Output:
    """Global capturing. A phase asks the two files for their sizes, and reads only what has grown."""

    def __init__(self, config: pytest.Config) -> None:
        self._manager = config.pluginmanager.get_plugin("capturemanager")
        self._multi = self._manager._global_capturing
        method = self._manager._method
        self.has_grown: Callable[[], bool] = {"fd": self._fd_has_grown, "sys": self._sys_has_grown}.get(method, bool)
        self._files = ()
        if method != "no":
            self._files = (self._multi.out.tmpfile, self._multi.err.tmpfile)
        self._fstat = fstat  # pyfakefs replaces a module's names.
        if method == "fd":
            self._inodes = tuple(fstat(file.fileno()).st_ino for file in self._files)
            are_empty, inodes = getattr(extension.load(), "are_empty", None), self._inodes
            if are_empty is not None:  # A tenth of the time: no objects for what fstat tells.
                self.has_grown = lambda: not are_empty(*inodes)

    def is_in_place(self) -> bool:
        """Whether sys.stdout and sys.stderr are still what they were."""
        if not self._files:
            return True
        out, err = self._files
        return self._multi._state == "started" and sys.stdout is out and sys.stderr is err

    def is_closed(self) -> bool:
        """Whether a test has closed what pytest captures into: it fails then, and so do all after it."""
        files = self._files  # None with -s.
        return bool(files) and (files[0].closed or files[1].closed)

    def enter(self) -> None:
        """A phase starts: what a test put in the place of sys.stdout goes, and capsys and its like come to power."""
        if not self.is_in_place():
            self._renew()
        if self._manager._capture_fixture is not None:
            self._manager.activate_fixture()

    def exit(self, item: pytest.Item, when: str) -> None:
        """A phase has ended: its output becomes the item's sections."""
        if self._manager._capture_fixture is not None:
            self._manager.deactivate_fixture()
        if self.has_grown():
            self._manager.suspend_global_capture()
            out, err = self._manager.read_global_capture()
            item.add_report_section(when, "stdout", out)
            item.add_report_section(when, "stderr", err)
            self._manager.resume_global_capture()

    def spill(self) -> None:
        """What came outside any phase goes where it would without us: a plugin's hook has written it."""
        if self._multi._state != "started" or not self.has_grown():
            return
        self._manager.suspend_global_capture()
        texts = self._manager.read_global_capture()
        for stream, text in zip((sys.stdout, sys.stderr), texts):
            stream.write(text)
            stream.flush()
        self._manager.resume_global_capture()

    def leave(self) -> None:
        if self._multi is not None and self._multi._state == "started":
            self._manager.suspend_global_capture()

    def _renew(self) -> None:
        self._manager.suspend_global_capture()
        self._manager.resume_global_capture()

    def _fd_has_grown(self) -> bool:
        """Also if a test has put something else on 1 or 2."""
        try:
            out, err = self._fstat(1), self._fstat(2)
        except OSError:
            return True
        return out.st_size > 0 or err.st_size > 0 or (out.st_ino, err.st_ino) != self._inodes

    def _sys_has_grown(self) -> bool:
        return any(file.buffer.getbuffer().nbytes for file in self._files)


class Logs:
    """The two handlers of core's logging plugin, left where they are."""

    def __init__(self, config: pytest.Config) -> None:
        plugin = config.pluginmanager.get_plugin("logging-plugin")
        self._caplog, self._report = plugin.caplog_handler, plugin.report_handler
        self._level: int | None = plugin.log_level
        self._root = logging.getLogger()
        self._root_level = 0  # As we have set it, where there is a level.
        self._apart: list[logging.Logger] = []  # Loggers that do not propagate have the handlers, too (pytest 9).
        self._catching: list = []

    def begin_item(self, item: pytest.Item) -> None:
        item.stash[core_protocol.caplog_handler_key] = self._caplog
        item.stash[core_protocol.caplog_records_key] = {"setup": []}

    def end_item(self, item: pytest.Item) -> None:
        del item.stash[core_protocol.caplog_records_key]
        del item.stash[core_protocol.caplog_handler_key]

    def enter(self, item: pytest.Item, when: str) -> None:
        """A phase starts, with nothing logged yet."""
        caplog, report = self._caplog, self._report
        if report.records or caplog.records:
            caplog.reset()
            report.reset()
        handlers = self._root.handlers
        if len(handlers) < 2 or handlers[-1] is not report or handlers[-2] is not caplog or self._are_others_apart():
            self._attach()
        elif self._level is not None and not self._root_level == self._root.level <= self._level == caplog.level == report.level:
            self._attach()
        caplog.records = []
        item.stash[core_protocol.caplog_records_key][when] = caplog.records

    def exit(self, item: pytest.Item, when: str) -> None:
        if self._report.records:
            item.add_report_section(when, "log", self._report.stream.getvalue().strip())

    @contextmanager
    def keeping_records(self) -> Iterator[None]:
        """What was logged in the phase so far stays, though the logging plugin starts the phase anew."""
        handlers = self._caplog, self._report
        for handler in handlers:
            handler.reset = bool
        try:
            yield
        finally:
            for handler in handlers:
                del handler.reset

    def leave(self) -> None:
        while self._catching:
            self._catching.pop().__exit__(None, None, None)

    def leave_level(self) -> None:
        """For a hook outside of pytest's wrappers: the level of logs counts only inside them."""
        if self._level is not None:
            self.leave()

    def _attach(self) -> None:
        self.leave()
        self._catching = [core_protocol.catching_logs(handler, self._level) for handler in (self._caplog, self._report)]
        for catching in self._catching:
            catching.__enter__()
        self._root_level = self._root.level
        self._apart = self._list_apart()

    def _are_others_apart(self) -> bool:
        if not core_protocol.CATCHES_LOGGERS_APART:
            return False
        apart = self._list_apart()
        return apart != self._apart or any(self._report not in logger.handlers for logger in apart)

    def _list_apart(self) -> list[logging.Logger]:
        loggers = self._root.manager.loggerDict.values()
        return [logger for logger in loggers if not getattr(logger, "propagate", True) and isinstance(logger, logging.Logger)]
