"""What plugins and conftests have to say of the items of one collector: they are called as ever.

A phase whose hook somebody outside of pytest implements is pytest's own as a whole (call_and_report); the others of the
item go the short way, and their reports through the hooks for reports, if somebody listens.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fastest import core_protocol, known_hooks

_PHASES = ("setup", "call", "teardown")
DECIDING_MARKS = frozenset(["skip", "skipif", "xfail"])


class ForeignHooks:
    """Hooks of one collector's items, as they are now. `is_empty`: there are none outside core."""

    def __init__(self, ihook: object, config: pytest.Config) -> None:
        def has(name: str) -> bool:
            return bool(known_hooks.foreign_impls(ihook, f"pytest_runtest_{name}"))

        self._manager = config.pluginmanager
        self._ihook = ihook
        self._wrappers = known_hooks.foreign_impls(ihook, "pytest_runtest_protocol")
        self.phases = frozenset(filter(has, _PHASES))  # Those with hooks.
        self.reads_reports, self.reads_log = has("makereport"), has("logreport")
        self._reads_starts = has("logstart") or has("logfinish")
        self.leaves_quiet = not (self._wrappers or self.reads_reports or self.reads_log or self.phases - {"call"})
        self.is_empty = self.leaves_quiet and not self.phases and not self._reads_starts

    def call_protocol(self, item: pytest.Item, nextitem: object, run: Callable[[], None]) -> None:
        """`run` inside the wrappers of pytest_runtest_protocol."""
        if self._reads_starts:
            run = self._told(item, run)
        if not self._wrappers:
            return run()
        inner = core_protocol.hook_implementation(lambda: run() or True)
        self._manager._hookexec("pytest_runtest_protocol", [inner, *self._wrappers], {"item": item, "nextitem": nextitem}, True)

    def _told(self, item: pytest.Item, run: Callable[[], None]) -> Callable[[], None]:
        def told() -> None:
            self._ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            run()
            self._ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

        return told


class Neighbours:
    """What the items of one collector have in common."""

    def __init__(self, parent: pytest.Collector, plugins: int) -> None:
        self.parent = parent
        self.plugins = plugins  # How many there were.
        self.ihook = parent.ihook
        self.foreign = ForeignHooks(self.ihook, parent.config)
        self.nodes = parent.listchain()
        self.marks = [node.own_markers for node in self.nodes]
        names = {mark.name for marks in self.marks for mark in marks}
        self.has_filters = "filterwarnings" in names
        self.is_known = not names & DECIDING_MARKS and known_hooks.are_known(self.ihook)
        self.calls_itself = self.is_known and known_hooks.calls_functions_itself(self.ihook)
