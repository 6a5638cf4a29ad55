"""Plays a run's events through pytest's hooks, as xdist's controller would: nodes, reports, warnings (docs/protocol.md, 1.7).

Two processes do so: one that the runner started for plugins that report (controller.py), and a pytest that handed its
run to the runner (handover.py).
"""

from __future__ import annotations

import builtins
import warnings
from dataclasses import dataclass
from typing import Any

import pytest

from fastest import compat, compat_junit, inherited, values, wire
from fastest.nodes import Crew
from fastest.wire import Frames

_EXIT, _INTERRUPTED = "_pytest.outcomes.Exit: ", "Interrupted: "  # As a run's reason begins.


@dataclass
class Progress:
    """How far an item has come that was started."""

    location: tuple
    is_finished: bool = False
    is_torn_down: bool = False


class Replay:
    """The plugin that stands where xdist's DSession stands. `setup` is SETUP's body, once it is there."""

    def __init__(self, frames: Frames, setup: dict[str, Any]) -> None:
        self.frames = frames
        self.setup = setup
        self.header: list[str] = []  # Of plugins, for the runner to print.
        self.session: pytest.Session | None = None
        self._crew: Crew | None = None
        self._running: dict[tuple[str, str], Progress] = {}  # By worker and node id.
        self._node_ids: list[str] = []
        self.has_reported = False
        self._given = 0  # The run's exit status, as the coordinator has it.
        self._failed_before = 0

    # ---- what differs ----
    def is_active(self) -> bool:
        return True

    def on_runner_gone(self) -> None:
        raise NotImplementedError

    def on_farewell(self) -> None:
        """The first worker has ended in order."""

    def before_end(self) -> None:
        """All is reported; hooks that follow speak to the user."""

    # ---- the session ----
    @property
    def count(self) -> int:
        return int(self.setup["n"])

    def run_session(self, config: pytest.Config) -> int:
        option = config.option
        option.dist = "load" if option.dist == "no" else option.dist
        option.numprocesses = self.count
        option.tx = ["popen"] * self.count
        option.basetemp = None  # --basetemp's folder is the workers' and is theirs to empty.
        return compat.wrap_session(config, self._run)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> object:
        outcome = yield
        outcome.get_result()
        if not self.is_active():
            return
        self.session = session
        self._crew = Crew(session.config, self.count, self.setup.get("testrun_uid", ""))
        self._crew.set_up()
        worker = {name: values.to_wire(given) for name, given in self._crew.inputs().items()}
        header = [str(line) for line in self.header]
        self.frames.write(wire.WORKERINPUT, {"worker": worker, "environment": inherited.changes(), "header": header})

    def _run(self, config: pytest.Config, session: pytest.Session) -> int:
        """pytest's main loop; its answer becomes the exit status."""
        config.hook.pytest_collection(session=session)
        config.hook.pytest_runtestloop(session=session)
        failed_since = session.testsfailed > self._failed_before  # pytest-cov's --cov-fail-under counts so.
        return 1 if failed_since and self._given in (0, 5) else self._given

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool | None:
        return True if self.is_active() else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if not self.is_active():
            return None
        while True:
            frame = self.frames.read()
            if frame is None:
                self.on_runner_gone()
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
        self.before_end()
        reason = order["reason"]
        if reason.startswith(_EXIT):
            pytest.exit(reason[len(_EXIT) :], self._given)
        if reason and self._given == 1:
            raise session.Failed(reason)
        if reason and self._given == 2:
            raise session.Interrupted(reason[len(_INTERRUPTED) :] if reason.startswith(_INTERRUPTED) else reason)

    # ---- events ----
    def _on_up(self, event: dict[str, Any]) -> None:
        self._crew.up(event["worker"])

    def _on_down(self, event: dict[str, Any]) -> None:
        output = event.get("output")
        compat_junit.add_suite_properties(self.session.config, event.get("suite_properties", []))
        if output is not None and not event.get("recycled"):  # The run is ending; and xdist's controller alone has this hook.
            self.on_farewell()
        self._crew.down(event["worker"], None if output is None else values.from_wire(output), event.get("error"))

    def _on_collected(self, event: dict[str, Any]) -> None:
        self._node_ids += event["items"]
        self.session.testscollected = len(self._node_ids)

    def _on_collection_finished(self, event: dict[str, Any]) -> None:
        self._crew.all_have_collected(self._node_ids)

    def _on_collectreport(self, event: dict[str, Any]) -> None:
        report = self._rebuild(event["report"])
        self.session.config.hook.pytest_collectreport(report=report)

    def _on_report(self, event: dict[str, Any]) -> None:
        known = values.from_wire(event["exact"]) if "exact" in event else event["report"]
        data = {**known, "item_index": event["item"], "worker_id": event["worker"], "testrun_uid": self.setup.get("testrun_uid", "")}
        report = self._rebuild(data)
        report.node = self._crew.node(event["worker"])
        hook = self.session.config.hook
        self.has_reported = True
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
            self.session.config.hook.pytest_runtest_logfinish(nodeid=key[1], location=progress.location)

    def _on_warning(self, event: dict[str, Any]) -> None:
        warning = event["warning"]
        category = _category(warning.get("category"))
        message = warnings.WarningMessage(
            category(warning["message"]), category, warning.get("filename") or "", warning.get("lineno") or 0
        )
        location = warning.get("location")
        known = {"warning_message": message, "when": warning["when"], "nodeid": warning["nodeid"]}
        self.session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={**known, "location": tuple(location) if location else None}
        )

    def _rebuild(self, data: dict[str, Any]) -> Any:
        if data.get("$report_type") not in ("TestReport", "CollectReport"):
            data["_report_type"] = data.pop("$report_type", None)  # Subtests' name for it.
        config = self.session.config
        return config.hook.pytest_report_from_serializable(config=config, data={**data, **_as_tuples(data)})


def _as_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists for what is a tuple in a report, and hooks look (junitxml at a skip's longrepr)."""
    found: dict[str, Any] = {name: tuple(data[name]) for name in ("longrepr", "location") if isinstance(data.get(name), list)}
    for name in ("user_properties", "sections"):
        if isinstance(data.get(name), list):
            found[name] = [tuple(each) if isinstance(each, list) else each for each in data[name]]
    return found


def _category(name: str | None) -> type[Warning]:
    for home in (builtins, pytest):
        found = getattr(home, name or "Warning", None)
        if isinstance(found, type) and issubclass(found, Warning):
            return found
    return type(name or "Warning", (Warning,), {})
