"""The controller process: real pytest in the part of xdist's controller, fed with what the workers reported.

It loads the user's plugins and conftests, configures a node for each worker, hears the run's events in order, and ends
the session as pytest would, so that plugins which report in the main process do so (docs/protocol.md, 1.7). It runs no
test and prints nothing of pytest's own.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import pytest

from fastest import compat, compat_cache, compat_logs, identity, process, whole_run, wire
from fastest.recorder import flat_lines
from fastest.replay import Replay
from fastest.summary import ForeignSummary
from fastest.wire import Frames
from fastest.xdist_shim import make_shim


class Output:
    """Standard output and error: kept back until the end of the run, when the user's plugins write for the user."""

    def __init__(self) -> None:
        self._real = process.out_of_the_way(os.dup(1))
        self._kept = os.memfd_create("fastest-kept-output")
        for fd in (1, 2):
            os.dup2(self._kept, fd)
        self.is_open = False

    def open(self, config: pytest.Config | None) -> None:
        """From here on what is written goes out; what was written so far is what workers write, too."""
        if not self.is_open:
            self.is_open = True
            process.redirect_output(os.dup(self._real), config)
            for stream in (sys.stdout, sys.stderr):
                if hasattr(stream, "reconfigure"):
                    stream.reconfigure(line_buffering=True, errors="backslashreplace")

    def tell_all(self) -> None:
        """Where the end was never reached: what was kept back says why."""
        if self.is_open:
            return
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with open(self._real, "wb", closefd=False) as real:
            real.write(os.pread(self._kept, 1 << 20, 0))


class Controller(Replay):
    """The process's part of the run: what pytest writes is kept from the terminal, what plugins write at the end is not."""

    def __init__(self, frames: Frames, setup: dict[str, Any], output: Output) -> None:
        super().__init__(frames, setup)
        self._output = output
        self._summary: ForeignSummary | None = None

    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        whole_run.neutralise_reports(config)
        compat_logs.go_on_with_file(config)
        return self.run_session(config)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        whole_run.neutralise_plugins(config, single=False)
        color, columns = bool(self.setup.get("color")), int(self.setup.get("columns") or 80)
        compat.mute_terminal(config, process.null_writer(config), color, columns)
        self._summary = ForeignSummary(config, sys.stdout)
        config.pluginmanager.register(self._summary, "fastest-summary")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_report_header(self, config: pytest.Config) -> object:
        outcome = yield
        own = {*compat.header_lines(config), *compat_cache.header_lines(config)}
        self.header += [line for line in flat_lines(outcome.get_result()) if line not in own]

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        if self.session is not None:
            self.before_end()

    def on_runner_gone(self) -> None:
        process.leave(1)

    def on_farewell(self) -> None:
        self._output.open(self.session.config)

    def before_end(self) -> None:
        self._output.open(self.session.config)
        self._summary.begin()


def play(frames: Frames, setup: dict[str, Any]) -> None:
    """The process's life, from SETUP to its end."""
    output = Output()
    argv = ["-n", str(setup["n"]), *setup["argv"]]
    process.look_like_pytest(argv)
    identity.apply_before_loading(setup)
    plugins = [plugin for plugin in (make_shim(setup), Controller(frames, setup, output)) if plugin is not None]
    try:
        status = int(compat.run_main(argv, plugins))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1  # As Python ends where pytest lets an exception through.
    output.tell_all()
    frames.write(wire.CONTROLLER_DONE, {"exit": status})
    process.leave(0)
