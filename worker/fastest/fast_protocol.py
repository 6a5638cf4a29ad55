"""The fast protocol: runs an item with pytest's own set-up, fixtures and calls, but without the hooks round them.

A phase that passes and has nothing to tell makes no report. Any other is *replayed*: its hooks are called as ever, but
a stand-in raises the exception that was raised, from where it was raised; so reports, tracebacks, xfail and skips are
pytest's own. Hooks of plugins and conftests are called where they would be (foreign_hooks.py); where pytest's own are
not those that we know, pytest_runtest_protocol does it all (known_hooks.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import perf_counter, time
from types import SimpleNamespace, TracebackType

import pytest

from fastest import core_protocol, known_hooks, ring
from fastest.compat_setup import FixtureSetup
from fastest.foreign_hooks import DECIDING_MARKS, ForeignHooks, Neighbours
from fastest.passed import PassedEnvelopes
from fastest.passed_reports import PassedReports
from fastest.recorder import Entry, Recorder
from fastest.reports import PHASES
from fastest.stand_in import StandIn, mend_fixture
from fastest.surroundings import Logs, Output, Warnings

_CURRENT_TEST = "PYTEST_CURRENT_TEST"
_STATES = {"setup": ring.SETUP, "call": ring.CALL, "teardown": ring.TEARDOWN}
_PASSED = 0
_REPLACED = frozenset(known_hooks.OWN_STEPS)


class FastProtocol:
    """Runs a worker's items, one at a time."""

    def __init__(self, session: pytest.Session, recorder: Recorder, wanted: bool, single: bool) -> None:
        config = session.config
        self._session, self._config = session, config
        self._recorder, self._link = recorder, recorder.link
        self._plugins: dict = config.pluginmanager._name2plugin  # Tests register and unregister plugins.
        self._neighbours: Neighbours | None = None
        self._foreign: ForeignHooks | None = None  # Of the item that runs.
        self._entered = False
        self._entry: Entry | None = None
        self.is_possible = wanted and known_hooks.is_possible(config)
        self._is_single = single
        if self.is_possible:
            config.pluginmanager.register(self, "fastest-protocol")
            core_protocol.keep_hook_proxies(session)
            self._warnings, self._output, self._logs = Warnings(config), Output(config), Logs(config)
            self._passed = PassedEnvelopes(config, recorder.envelopes)
            self._reports = PassedReports(config)
            self._fixtures = FixtureSetup(config)
            self._queues = core_protocol.exception_queues(config)
            self._wrappers = [core_protocol.explain_assertions]
            if known_hooks.has_timeout(config):
                self._wrappers.append(core_protocol.watch_for_timeout)
            self._failed_subtests = core_protocol.failed_subtests(config)

    @pytest.hookimpl
    def pytest_plugin_registered(self) -> None:
        self._neighbours = None  # Its hooks are to be looked at.

    # ---- an item ----
    def run(self, entry: Entry, nextitem: pytest.Item | pytest.Collector | None) -> None:
        item = entry.item
        if self.is_possible and self._is_fast(item):
            self._entered = True
            self._entry = entry
            foreign = self._foreign = self._neighbours.foreign_of(item)
            if foreign.needs_location or not self._passed.locates(item):
                self._locate(item)
            with self._warnings.catch(item, self._neighbours.have_filters(item)):
                wrappers = [wrap(item) for wrap in self._wrappers]
                for wrapper in wrappers:
                    next(wrapper)
                try:
                    marks = self._count_marks(self._neighbours, item)
                    if foreign.is_empty:
                        self._run_phases(item, nextitem, marks)
                    else:
                        if foreign.hears_between:
                            self._logs.leave()
                        foreign.call_protocol(item, nextitem, lambda: self._run_phases(item, nextitem, marks))
                        self._output.spill()
                finally:
                    for wrapper in reversed(wrappers):
                        wrapper.close()
        else:
            self.leave()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)

    def leave(self) -> None:
        """Before anything but a fast item: the surroundings become those between two items."""
        if self._entered:
            self._entered = False
            self._output.leave()
            self._logs.leave()

    def _is_fast(self, item: pytest.Item) -> bool:
        around = self._neighbours
        if around is None or around.parent is not item.parent or around.plugins != len(self._plugins) or around.have_marks_changed():
            around = self._neighbours = Neighbours(item.parent, len(self._plugins), self._is_single)
            if type(item) is pytest.Function:
                self._passed.location(item)  # Its file is known from now on.
        if not around.is_known or type(item) is not pytest.Function or "subtests" in item.fixturenames or self._output.is_closed():
            return False
        if not _REPLACED.isdisjoint(vars(item)):
            return False
        return not item.own_markers or not any(mark.name in DECIDING_MARKS for mark in item.own_markers)

    def _locate(self, item: pytest.Item) -> None:
        """item.location, which pytest asks for before the item runs: a test may leave paths that nobody can look at."""
        vars(item).setdefault("location", self._passed.location(item))

    def _run_phases(self, item: pytest.Item, nextitem: pytest.Item | pytest.Collector | None, marks: int) -> None:
        session, state = self._session, self._session._setupstate
        around = self._neighbours
        is_marked = not self._foreign.is_empty and self._count_marks(around, item) != marks  # By a wrapper of the protocol.
        if not item._request:
            item._initrequest()
        self._fixtures.prepare(item)
        is_quiet = not is_marked and self._is_quiet(item, around)
        try:
            if is_quiet:
                passed = self._set_up_quietly(item)
            elif is_marked or "setup" in self._foreign.phases or any(error for _, error in state.stack.values()):
                # Outside hooks; or the set-up of a class or module has failed before.
                passed = self._as_pytest(item, "setup")
            else:
                passed = self._phase(item, "setup", state.setup, item, state, "setup")
            if passed:
                is_hooked = "call" in self._foreign.phases
                if self._have_hooks_changed(around) or is_hooked or self._count_marks(around, item) != marks:
                    passed = self._as_pytest(item, "call")
                else:
                    passed = self._call(item, around, marks)
            if session.shouldfail or session.shouldstop:
                nextitem = None
            if self._have_hooks_changed(around) or self._recorder.holding or "teardown" in self._foreign.phases:
                self._as_pytest(item, "teardown", nextitem=nextitem)
            elif is_quiet and passed and self._can_end_quietly(item, nextitem):
                self._tear_down_quietly(item)
            else:
                self._phase(item, "teardown", state.teardown_exact, nextitem, state, "teardown_exact")
        finally:
            item._request = False
            item.funcargs = None
            if self._foreign.hears_between:
                self._logs.leave()

    def _as_pytest(self, item: pytest.Item, when: str, **arguments: object) -> bool:
        if not self._foreign.is_empty:
            self._output.spill()
            self._output.leave()  # What a plugin writes outside of core's wrappers is not captured.
            self._logs.leave_level()
        return core_protocol.call_and_report(item, when, **arguments).passed

    def _have_hooks_changed(self, around: Neighbours) -> bool:
        """Whether the item itself has registered or unregistered a plugin, or closed what is captured into: the surroundings
        are the hooks' again, then."""
        if self._neighbours is around and len(self._plugins) == around.plugins and not self._output.is_closed():
            return False
        self.leave()
        return True

    @staticmethod
    def _count_marks(around: Neighbours, item: pytest.Item) -> int:
        return len(item.own_markers) + around.count_marks()

    # ---- an item without fixtures: nobody's code runs before and after the function ----
    def _is_quiet(self, item: pytest.Item, around: Neighbours) -> bool:
        stack, (unraisable, threads) = self._session._setupstate.stack, self._queues
        if item.fixturenames or not self._foreign.leaves_quiet or unraisable or threads or not stack or next(reversed(stack)) is not around.parent:
            return False
        return not any(error for _, error in stack.values())

    def _set_up_quietly(self, item: pytest.Item) -> bool:
        start, precise_start = time(), perf_counter()
        self._session._setupstate.stack[item] = ([item.teardown], None)
        self._logs.begin_item(item)
        return self._tell_pass(item, "setup", start, time(), perf_counter() - precise_start)

    def _can_end_quietly(self, item: pytest.Item, nextitem: pytest.Item | pytest.Collector | None) -> bool:
        unraisable, threads = self._queues
        if unraisable or threads or nextitem is None or nextitem.parent is not item.parent:
            return False
        return self._output.is_in_place() and len(self._session._setupstate.stack[item][0]) == 1

    def _tear_down_quietly(self, item: pytest.Item) -> None:
        start, precise_start = time(), perf_counter()
        self._link.phase(ring.TEARDOWN)
        self._session._setupstate.stack.popitem()
        os.environ.pop(_CURRENT_TEST, None)
        self._logs.end_item(item)
        self._tell_pass(item, "teardown", start, time(), perf_counter() - precise_start)

    # ---- a phase ----
    def _call(self, item: pytest.Item, around: Neighbours, marks: int) -> bool:
        if hasattr(sys, "last_type"):
            core_protocol.forget_last_exception()
        is_odd = lambda: self._count_marks(around, item) != marks or core_protocol.subtest_failed(self._failed_subtests, item) or self._recorder.has_forked()  # noqa: E731
        work = core_protocol.pytest_pyfunc_call if around.calls_itself else pytest.Function.runtest
        return self._phase(item, "call", work, item, item, "_obj" if around.calls_itself else "runtest", is_odd)

    def _phase(
        self,
        item: pytest.Item,
        when: str,
        work: Callable,
        argument: object,
        owner: object,
        name: str,
        is_odd: Callable[[], object] = bool,
    ) -> bool:
        """Does `work(argument)`; `owner.name` is what the stand-in of a replay replaces. Whether the phase passed."""
        self._link.phase(_STATES[when])
        if not self._foreign.is_empty:
            self._output.spill()
        self._output.enter()
        if when == "setup":
            self._logs.begin_item(item)
        self._logs.enter(item, when)
        error = trace = None
        start, precise_start = time(), perf_counter()
        try:
            if self._foreign.are_inside(when):
                self._foreign.call_phase(when, item, argument)
            else:
                os.environ[_CURRENT_TEST] = f"{item.nodeid} ({when})".replace("\x00", "(null)")
                work(argument)
                if when == "teardown":
                    os.environ.pop(_CURRENT_TEST)
        except BaseException as caught:
            error, trace = caught, _without_us(caught.__traceback__)
        self._link.check_pid()
        unraisable, threads = self._queues
        if error is not None or unraisable or threads or is_odd() or self._output.is_closed():
            if error is not None and self._foreign.are_inside(when):
                owner, name, trace = SimpleNamespace(hook=None), "hook", ForeignHooks.without_call(trace)
            stand_in = StandIn(owner, name, error, trace, start, precise_start)
            del error, trace
            return self._replay(item, when, argument, stand_in, owner if name == "hook" else None)
        self._output.exit(item, when)
        self._logs.exit(item, when)
        if when == "teardown":
            self._logs.end_item(item)
        return self._tell_pass(item, when, start, time(), perf_counter() - precise_start)

    def _replay(self, item: pytest.Item, when: str, argument: object, stand_in: StandIn, hook: SimpleNamespace | None) -> bool:
        """The phase as pytest has it, with the stand-in for what was done already (`hook`: for all its hooks)."""
        arguments = {"nextitem": argument} if when == "teardown" else {}
        self._locate(item)
        self._recorder.mend = stand_in.mend
        stand_in.install()
        try:
            with self._logs.keeping_records(), self._foreign.silenced(when, hook):
                return core_protocol.call_and_report(item, when, **arguments).passed
        finally:
            self._recorder.mend = mend_fixture
            stand_in.remove()

    def _tell_pass(self, item: pytest.Item, when: str, start: float, stop: float, duration: float) -> bool:
        """Reports a phase that ended well; whether it still passes when plugins have seen its report."""
        envelopes, foreign, around = self._recorder.envelopes, self._foreign, self._neighbours
        is_new = around is None or around.plugins != len(self._plugins)  # Who has come in the phase is asked.
        if foreign.wants_reports and not is_new:
            if not foreign.is_empty:
                self._logs.leave()  # What these hooks log is not the test's.
            call = core_protocol.passed_call(when, start, stop, duration)
            report = self._reports.make(item, call, foreign.report_wrappers)
            if foreign.reads_log or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
            else:
                self._recorder.report(report, self._entry)
            return report.passed
        is_told = is_new or (item._report_sections and envelopes.needs_output(when, item._report_sections))
        if is_told or item.user_properties or envelopes.foreign_status or not self._passed.is_usable:
            self.leave() if is_new else self._output.leave()
            call = core_protocol.passed_call(when, start, stop, duration)
            report = item.ihook.pytest_runtest_makereport(item=item, call=call)
            item.ihook.pytest_runtest_logreport(report=report)
            return True
        item.stash.setdefault(core_protocol.tmppath_result_key, {})[when] = True
        entry = self._entry
        if envelopes.full:
            envelope = self._passed.of(item, when, start, stop, duration)
            self._link.report(entry.unit, entry.index, PHASES[when], _PASSED, (start, stop, duration), envelope)
        else:
            self._link.passed(entry.unit, entry.index, PHASES[when], (start, stop, duration))
        return True


def _without_us(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not this file's."""
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    return trace
