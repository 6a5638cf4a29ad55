"""What plugins and conftests have to say of the items of one collector: they are called as ever.

Hooks of a phase that run inside pytest's own capturing and logging are called round the work of the phase; a phase with
one that runs outside of these (a conftest's wrapper) is pytest's own as a whole (call_and_report). Reports go through the
hooks for reports, if somebody listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace, TracebackType

import pluggy
import pytest

from fastest import core_protocol, idle_plugins, known_hooks, passed_reports

_PHASES = ("setup", "call", "teardown")
_AMONG_HOOKS = ("runner", "unraisableexception", "threadexception")  # Hooks hear what these raise.
DECIDING_MARKS = frozenset(["skip", "skipif", "xfail"])


class ForeignHooks:
    """Hooks of one collector's items, as they are now. `is_empty`: there are none outside core.

    `counts`: whether a plugin's hook is to be called. `single`: plugins may read at the end what core has heard.
    """

    def __init__(self, ihook: object, config: pytest.Config, counts: Callable[[pluggy.HookImpl], bool], single: bool) -> None:
        def has(name: str) -> bool:
            return any(map(counts, known_hooks.foreign_impls(ihook, f"pytest_runtest_{name}")))

        keeps_reports = single and any(map(counts, known_hooks.report_readers(config)))
        self._session = config.pluginmanager.get_plugin("session")
        self._manager = config.pluginmanager
        self._ihook = ihook
        self._wrappers = list(filter(counts, known_hooks.foreign_impls(config.hook, known_hooks.PROTOCOL)))
        self._hooked = frozenset(filter(has, _PHASES))
        self._inside = {when: impls for when in self._hooked if (impls := _inside_of_core(ihook, when, counts)) is not None}
        self.phases = self._hooked - self._inside.keys()  # Those that are pytest's own.
        hears_reports = has("makereport") or has("logreport")
        self.reads_log = has("logreport") or keeps_reports
        self.wants_reports = hears_reports or keeps_reports
        self.report_wrappers = passed_reports.wrappers_of(ihook, counts) if self.wants_reports else None
        self._reads_starts = has("logstart") or has("logfinish")
        self.hears_between = bool(self._wrappers) or self._reads_starts  # Hooks before and after the phases.
        self.leaves_quiet = not (self._wrappers or hears_reports or self._hooked - {"call"})
        self.is_empty = self.leaves_quiet and not self._hooked and not self._reads_starts
        self.needs_location = self.wants_reports or not self.is_empty

    def call_protocol(self, item: pytest.Item, nextitem: object, run: Callable[[], None]) -> None:
        """`run` inside the wrappers of pytest_runtest_protocol."""
        if self._reads_starts:
            run = self._told(item, run)
        if not self._wrappers:
            return run()
        inner = core_protocol.hook_implementation(lambda: run() or True)
        self._manager._hookexec(known_hooks.PROTOCOL, [inner, *self._wrappers], {"item": item, "nextitem": nextitem}, True)

    def are_inside(self, when: str) -> bool:
        """Whether the phase has hooks that are called by `call_phase`."""
        return when in self._inside

    def call_phase(self, when: str, item: pytest.Item, argument: object) -> None:
        """The work of the phase, as pytest does it, and its hooks. `argument`: the next item, for a teardown."""
        arguments = {"item": item, "nextitem": argument} if when == "teardown" else {"item": item}
        self._manager._hookexec(f"pytest_runtest_{when}", self._inside[when], arguments, False)

    @staticmethod
    def without_call(trace: TracebackType | None) -> TracebackType | None:
        """The traceback of what was raised in `call_phase`, from the first hook on."""
        while trace is not None and trace.tb_frame.f_code is not ForeignHooks.call_phase.__code__:
            trace = trace.tb_next
        trace = trace and trace.tb_next
        while trace is not None and trace.tb_frame.f_code.co_name in ("_hookexec", "_multicall"):
            trace = trace.tb_next
        return trace

    @contextmanager
    def silenced(self, when: str, hook: SimpleNamespace | None) -> Iterator[None]:
        """The phase's hooks have been called: for now nobody but pytest has any; `hook.hook` stands for all in `call_phase`."""
        if when not in self._inside:
            yield
            return
        name, session = f"pytest_runtest_{when}", self._session
        impls = [impl for impl in known_hooks.impls_of(self._ihook, name) if not known_hooks.is_foreign(impl)]
        if hook is not None:
            main = core_protocol.hook_implementation(hook.hook)
            done = self._inside[when]
            impls = [main if _is_main(impl) else impl for impl in impls if _is_main(impl) or impl not in done]
        silent = _WithHook(self._ihook, name, core_protocol.hook_caller(self._manager, name, impls))
        usual = session.gethookproxy
        session.gethookproxy = lambda fspath: silent
        try:
            yield
        finally:
            session.gethookproxy = usual

    def _told(self, item: pytest.Item, run: Callable[[], None]) -> Callable[[], None]:
        def told() -> None:
            self._ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            run()
            self._ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

        return told


class _WithHook:
    """A hook relay with another caller for one hook."""

    def __init__(self, ihook: object, name: str, caller: object) -> None:
        self._ihook = ihook
        setattr(self, name, caller)

    def __getattr__(self, name: str) -> object:
        return getattr(self._ihook, name)


def _is_main(impl: pluggy.HookImpl) -> bool:
    """Whether it does the work of the phase."""
    return known_hooks.core_name(impl) == "runner"


def _inside_of_core(ihook: object, when: str, counts: Callable[[pluggy.HookImpl], bool]) -> list[pluggy.HookImpl] | None:
    """The hooks of a phase that are to be called, in their order; None: one is outside."""
    impls = known_hooks.impls_of(ihook, f"pytest_runtest_{when}")  # The last is the outermost.
    impls = [impl for impl in impls if not known_hooks.is_foreign(impl) or counts(impl)]
    have_wrappers = any(core_protocol.is_wrapper(impl) for impl in impls if known_hooks.is_foreign(impl))
    inside = []
    is_outside = False
    for impl in impls:
        core = known_hooks.core_name(impl)
        if known_hooks.is_foreign(impl):
            if is_outside:
                return None
            inside.append(impl)
        elif core in ("capture", "logging"):
            is_outside = True
        elif core in _AMONG_HOOKS or (core == "skipping" and (when == "setup" or (have_wrappers and core_protocol.is_wrapper(impl)))):
            inside.append(impl)
    return inside


class Neighbours:
    """What the items of one collector have in common."""

    def __init__(self, parent: pytest.Collector, plugins: int, single: bool) -> None:
        self.parent = parent
        self.plugins = plugins  # How many there were.
        self.ihook = parent.ihook
        self._foreign = ForeignHooks(self.ihook, parent.config, lambda impl: True, single)
        self._busy = self._foreign
        if idle_plugins.are_loaded():
            self._busy = ForeignHooks(self.ihook, parent.config, lambda impl: not idle_plugins.may_be_idle(impl), single)
        self.nodes = parent.listchain()
        self.marks = [node.own_markers for node in self.nodes]
        self._mark_count = self.count_marks()
        names = {mark.name for marks in self.marks for mark in marks}
        self._have_filters = "filterwarnings" in names
        self.is_known = not names & DECIDING_MARKS and known_hooks.are_known(self.ihook, parent.config.hook)
        self.calls_itself = self.is_known and known_hooks.calls_functions_itself(self.ihook)

    def foreign_of(self, item: pytest.Item) -> ForeignHooks:
        has_idle = self._busy is not self._foreign
        return self._busy if has_idle and idle_plugins.are_idle_for(item) else self._foreign

    def have_filters(self, item: pytest.Item) -> bool:
        """Whether warnings have marks that filter them."""
        return self._have_filters or any(mark.name == "filterwarnings" for mark in item.own_markers)

    def count_marks(self) -> int:
        return sum(map(len, self.marks))

    def have_marks_changed(self) -> bool:
        """Whether a test or fixture has marked the collector, or one above it, since."""
        return self.count_marks() != self._mark_count
