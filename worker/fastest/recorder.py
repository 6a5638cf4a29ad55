"""The plugin that hears what pytest reports and passes it on: to the agent at once, or into a collection's answer."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fastest import compat, compat_attempts, core_protocol, cutting, reports, ring, sharing, wire
from fastest.fork_trap import ForkTrap
from fastest.link import SilentLink, WorkerLink, ZygoteLink
from fastest.reports import OTHER, OUTCOMES, PHASES, Envelopes
from fastest.stand_in import mend_fixture
from fastest.stopping import stopping_of

NO_INDEX = 0xFFFFFFFF


@dataclass
class Entry:
    """One item in the queue: where it stands in its unit's ids, and by which lease it came."""

    lease: int
    unit: int
    index: int
    item: pytest.Item

    @property
    def file(self) -> str:
        return self.item.nodeid.partition("::")[0]


@dataclass
class Held:
    """The teardown report of the last item, kept back while its outer fixtures are still set up."""

    entry: Entry
    report: pytest.TestReport
    call: object  # The CallInfo that it was made of; None: it was made in another process.


class Recorder:
    """Reports go to `link`. `entry` is the item that runs; `holding`: its teardown report is kept in `held`."""

    def __init__(self, envelopes: Envelopes, link: WorkerLink | ZygoteLink | SilentLink) -> None:
        self.envelopes = envelopes
        self.link = link
        self.entry: Entry | None = None
        self.holding = False
        self.held: Held | None = None
        self.collect_reports: list[dict] = []
        self.deselected: list[str] = []
        self.is_finalizing = False
        self.holds_failures = True  # False: a failed teardown is told at once, since it decides on a retry.
        self.fork_trap: ForkTrap | None = None
        self.mend: Callable[[object], None] = mend_fixture  # Makes a replayed call what it was (fast_protocol.py).
        self._teardown_call: object = None
        self._header: list[str] = []  # What plugins and conftests have pytest's terminal reporter write before the tests.
        self._finish: list[str] = []
        self._is_early = True  # Collection has not begun.
        self.is_told = False  # Why the session ends before its time; or nobody needs to be told.

    def has_forked(self) -> bool:
        """Whether a test has forked since the trap was last looked at."""
        return self.fork_trap is not None and self.fork_trap.has_work

    def is_worker(self) -> bool:
        return isinstance(self.link, WorkerLink)

    # ---- phases ----
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        if isinstance(self.link, WorkerLink) and not self.link.is_ours():
            self._fall_silent()
        self.link.phase(ring.SETUP)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self.link.phase(ring.CALL)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        if not self.is_finalizing:
            self.link.phase(ring.TEARDOWN)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: object) -> None:
        # A test that forked and came back in the child ends here, before any plugin sees its report.
        self.link.check_pid()
        self.mend(call)
        if call.when == "teardown":
            self._teardown_call = call
        elif call.when == "call" and self.fork_trap is not None:
            self.fork_trap.check(call)

    def _fall_silent(self) -> None:
        """A plugin runs the item in a fork of the worker (pytest-forked) and will report it in the worker."""
        self.link, self.entry, self.fork_trap = SilentLink(), None, None
        sharing.leave()

    # ---- reports ----
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Last, so that plugins which change reports have done so.
        entry = self.entry
        if entry is None:
            return
        if self.held is not None and self.held.entry is entry:
            self.release_held()  # A plugin runs the item again.
        is_teardown = report.when == "teardown" and report.nodeid == entry.item.nodeid
        if self.holding and is_teardown and (self.holds_failures or not report.failed):
            self.held = Held(entry, report, self._teardown_call)
        else:
            self.report(report, entry)
        if is_teardown:
            self._teardown_call = None

    def report(self, report: pytest.TestReport, entry: Entry) -> None:
        """Tells the agent of one report of `entry`'s item."""
        phase = PHASES.get(report.when, 1)
        outcome = OUTCOMES.get(report.outcome, OTHER)
        times = (getattr(report, "start", 0.0), getattr(report, "stop", 0.0), getattr(report, "duration", 0.0))
        index = entry.index if report.nodeid == entry.item.nodeid else NO_INDEX
        if index != NO_INDEX and self.envelopes.is_plain(report):
            self.link.report(entry.unit, index, phase, outcome, times)
        else:
            envelope = self.envelopes.of(report)
            error = self._teardown_call.excinfo if self._teardown_call is not None else None
            if outcome == OTHER and compat_attempts.withdraws_subtests(report):
                envelope["withdraws_subtests"] = True
            if not self.holds_failures and report.failed and error is not None and compat_attempts.is_of_wider_fixture(error.value):
                envelope["wider"] = True
            self.link.report(entry.unit, index, phase, outcome, times, cutting.report_to_json(envelope))

    def release_held(self) -> None:
        """Sends the held teardown report as it was."""
        if self.held is not None:
            held, self.held = self.held, None
            self.report(held.report, held.entry)

    def finalize(self, last: Entry, nextitem: pytest.Item | None) -> None:
        """Tears down to `nextitem` as a part of `last`'s teardown: one report of both goes out.

        Hooks outside core have seen the item's teardown already and are not called again.
        """
        item, held = last.item, self.held
        before = len(item._report_sections)
        compat.renew_log_records(item)
        self.is_finalizing = True
        hook = compat.core_hook(item.config, "pytest_runtest_teardown")

        def teardown() -> None:
            __tracebackhide__ = True
            hook(item=item, nextitem=nextitem)

        with core_protocol.catch_warnings(item):
            call = compat.CallInfo.from_call(teardown, when="teardown", reraise=compat.reraise_exceptions(item.config))
        self.is_finalizing = False
        failed = call.excinfo is not None
        if not failed and (held is None or len(item._report_sections) == before):
            return
        self.held = None
        if held is not None and held.call is not None:
            compat.merge_calls(held.call, call)
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        if not failed:
            self.report(report, last)
            return
        self.entry, self.holding = last, False
        item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_exception_interact(node=item, call=call, report=report)
        self.entry = None

    # ---- collection ----
    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if self.envelopes.full or not report.passed:
            self.collect_reports.append(self.envelopes.of(report))

    @pytest.hookimpl(trylast=True)
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += [item.nodeid for item in items]

    def miss(self, path: str) -> list[pytest.Item]:
        """A test file that the run has and this machine has not: a collection error, and no items."""
        report = pytest.CollectReport(path, "failed", f"{path}: no such file on {socket.gethostname()}", [])
        self.collect_reports.append(self.envelopes.of(report))
        return []

    def take_collection(self) -> dict:
        """The reports and the deselected items since the last call."""
        self.envelopes.look_for_statuses()
        answer = {"reports": self.collect_reports, "deselected": self.deselected}
        self.collect_reports, self.deselected = [], []
        return answer

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_report_header(self) -> object:
        outcome = yield
        self._header += flat_lines(outcome.get_result())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_report_collectionfinish(self) -> object:
        outcome = yield
        self._finish += flat_lines(outcome.get_result())

    def take_lines(self) -> dict:
        answer = {"header": self._header, "finish": self._finish}
        self._header, self._finish = [], []
        return answer

    # ---- the rest ----
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # A wrapper is called whoever collects.
    def pytest_collection(self) -> object:
        self._is_early = False
        yield

    @pytest.hookimpl
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo) -> None:
        """pytest.exit or Ctrl-C: before there is anything to collect, nobody else tells it."""
        if self._is_early and self.is_worker():
            self.link.send(wire.STOPPING, stopping_of(excinfo.value, self.envelopes))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> object:
        """Outermost: what ends the session may be somebody's wrapper, round a loop that ended well."""
        outcome = yield
        if outcome.excinfo is not None and self.is_worker():
            self.tell_stopping(outcome.excinfo[1])

    def tell_stopping(self, error: BaseException) -> None:
        """Why the session ends before its time, once; nothing of a mere bug, which pytest_internalerror tells."""
        stopping = stopping_of(error, self.envelopes)
        if stopping is not None and not self.is_told:
            self.is_told = True
            self.link.send(wire.STOPPING, stopping)

    def tell_end(self, usage_error: str, status: int) -> None:
        """pytest's main has returned, perhaps because somebody's pytest_cmdline_main has taken the run on itself."""
        if usage_error:
            self.link.send(wire.STOPPING, {"kind": "usage", "reason": usage_error, "exit": status})
        elif self._is_early:
            self.link.send(wire.STOPPING, {"kind": "exit", "reason": "", "exit": status})

    @pytest.hookimpl(trylast=True)
    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: tuple | None
    ) -> None:
        self.link.send(wire.WARNING, reports.of_warning(warning_message, when, nodeid, location))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        self.link.send(wire.INTERNAL_ERROR, {"text": str(excrepr)})


def flat_lines(results: list) -> list[str]:
    """What a report hook's implementations said, as pytest's terminal reporter writes it."""
    said = [[lines] if isinstance(lines, str) else lines for lines in reversed(results)]
    return [str(line) for lines in said for line in lines]
