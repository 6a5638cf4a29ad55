"""The controller process: real pytest in the part of xdist's controller, fed with what the workers reported.

It loads the user's plugins and conftests, configures a node for each worker, hears the run's events in order, and ends
the session as pytest would, so that plugins which report in the main process do so (docs/protocol.md, 1.7). It runs no
test and prints nothing of pytest's own.
"""

from __future__ import annotations

import builtins
import os
import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

import pytest

from fastest import compat, compat_cache, identity, process, values, whole_run, wire
from fastest.nodes import Crew
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


@dataclass
class Progress:
    """How far an item has come that was started."""

    location: tuple
    is_finished: bool = False
    is_torn_down: bool = False


class Controller:
    """The plugin that stands where xdist's DSession stands."""

    def __init__(self, frames: Frames, setup: dict[str, Any], output: Output) -> None:
        self._frames = frames
        self._setup = setup
        self._output = output
        self._count = int(setup["n"])
        self._uid = setup.get("run_id", "")
        self._crew: Crew | None = None
        self._session: pytest.Session | None = None
        self._summary: ForeignSummary | None = None
        self._header: list[str] = []
        self._running: dict[tuple[str, str], Progress] = {}  # By worker and node id.
        self._given = 0  # The run's exit status, as the coordinator has it.
        self._failed_before = 0

    # ---- the session ----
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        whole_run.neutralise_reports(config)
        option = config.option
        option.dist = "load" if option.dist == "no" else option.dist
        option.tx = ["popen"] * self._count
        option.basetemp = None  # --basetemp's folder is the workers' and is theirs to empty.
        return compat.wrap_session(config, self._run)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        whole_run.neutralise_plugins(config, single=False)
        writer = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  Open as long as the terminal reporter.
        config.add_cleanup(writer.close)
        compat.mute_terminal(config, writer, bool(self._setup.get("color")), int(self._setup.get("columns") or 80))
        self._summary = ForeignSummary(config, sys.stdout)
        config.pluginmanager.register(self._summary, "fastest-summary")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_report_header(self, config: pytest.Config) -> object:
        outcome = yield
        own = {*compat.header_lines(config), *compat_cache.header_lines(config)}
        for lines in reversed(outcome.get_result()):
            self._header += [line for line in ([lines] if isinstance(lines, str) else lines) if line not in own]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> object:
        outcome = yield
        outcome.get_result()
        self._session = session
        self._crew = Crew(session.config, self._count, self._uid)
        self._crew.set_up()
        worker = {name: values.to_wire(given) for name, given in self._crew.inputs().items()}
        self._frames.write(wire.WORKERINPUT, {"worker": worker, "header": [str(line) for line in self._header]})

    def _run(self, config: pytest.Config, session: pytest.Session) -> int:
        """pytest's main loop; its answer becomes the exit status."""
        config.hook.pytest_collection(session=session)
        config.hook.pytest_runtestloop(session=session)
        failed_since = session.testsfailed > self._failed_before  # pytest-cov's --cov-fail-under counts so.
        return 1 if failed_since and self._given in (0, 5) else self._given

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        while True:
            frame = self._frames.read()
            if frame is None:
                process.leave(1)  # The runner has gone.
            kind, event = frame
            if kind == wire.FINISH:
                self._finish(session, event)
                return True
            if kind != wire.EVENT:
                raise wire.WireError(f"a controller does not take frames of kind {kind}")
            getattr(self, "_on_" + event["event"])(event)

    def _finish(self, session: pytest.Session, order: dict[str, Any]) -> None:
        self._crew.lose_the_rest()
        session.testscollected = order["collected"]
        self._given = order["exit"]
        self._failed_before = session.testsfailed
        self._speak(session.config)
        if order["reason"] and self._given == 1:
            raise session.Failed(order["reason"])
        if order["reason"] and self._given == 2:
            raise session.Interrupted(order["reason"])

    def _speak(self, config: pytest.Config) -> None:
        self._output.open(config)
        self._summary.begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        if self._session is not None:
            self._speak(self._session.config)

    # ---- events ----
    def _on_up(self, event: dict[str, Any]) -> None:
        self._crew.up(event["worker"])

    def _on_down(self, event: dict[str, Any]) -> None:
        output = event.get("output")
        if output is not None:  # The run is ending; and xdist's controller alone has this hook.
            self._output.open(self._session.config)
        self._crew.down(event["worker"], None if output is None else values.from_wire(output), event.get("error"))

    def _on_collected(self, event: dict[str, Any]) -> None:
        self._session.testscollected += event["items"]

    def _on_collectreport(self, event: dict[str, Any]) -> None:
        report = self._rebuild(event["report"])
        self._session.config.hook.pytest_collectreport(report=report)

    def _on_report(self, event: dict[str, Any]) -> None:
        known = values.from_wire(event["exact"]) if "exact" in event else event["report"]
        data = {**known, "item_index": event["item"], "worker_id": event["worker"], "testrun_uid": self._uid}
        report = self._rebuild(data)
        report.node = self._crew.node(event["worker"])
        hook = self._session.config.hook
        key = (event["worker"], event["nodeid"])
        progress = self._running.get(key)
        if progress is None:
            progress = self._running[key] = Progress(report.location)
            hook.pytest_runtest_logstart(nodeid=event["nodeid"], location=report.location)
        hook.pytest_runtest_logreport(report=report)
        progress.is_torn_down |= report.when == "teardown"
        self._end_item(key, progress)

    def _on_finished(self, event: dict[str, Any]) -> None:
        key = (event["worker"], event["nodeid"])
        progress = self._running.get(key)
        if progress is not None:
            progress.is_finished = True
            self._end_item(key, progress)

    def _end_item(self, key: tuple[str, str], progress: Progress) -> None:
        """A worker's last item has finished before its teardown is reported, which waits for the session's."""
        if progress.is_finished and progress.is_torn_down:
            del self._running[key]
            self._session.config.hook.pytest_runtest_logfinish(nodeid=key[1], location=progress.location)

    def _on_warning(self, event: dict[str, Any]) -> None:
        warning = event["warning"]
        category = _category(warning.get("category"))
        message = warnings.WarningMessage(
            category(warning["message"]), category, warning.get("filename") or "", warning.get("lineno") or 0
        )
        location = warning.get("location")
        known = {"warning_message": message, "when": warning["when"], "nodeid": warning["nodeid"]}
        self._session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={**known, "location": tuple(location) if location else None}
        )

    def _rebuild(self, data: dict[str, Any]) -> Any:
        if data.get("$report_type") not in ("TestReport", "CollectReport"):
            data["_report_type"] = data.pop("$report_type", None)  # Subtests' name for it.
        config = self._session.config
        return config.hook.pytest_report_from_serializable(config=config, data=data)


def _category(name: str | None) -> type[Warning]:
    for home in (builtins, pytest):
        found = getattr(home, name or "Warning", None)
        if isinstance(found, type) and issubclass(found, Warning):
            return found
    return type(name or "Warning", (Warning,), {})


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
        status = 3
    output.tell_all()
    frames.write(wire.CONTROLLER_DONE, {"exit": status})
    process.leave(0)
