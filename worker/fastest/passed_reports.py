"""Reports of phases that passed, for plugins that want to see them: made without the hooks that have nothing to add.

pytest makes a report by some ten calls, and most of it is the same for the three phases of an item. Here one is made of
what its item tells, and goes through the wrappers of plugins only. A process trusts that after one report made both
ways was the same; where a plugin makes reports itself, or stands inside pytest's own wrappers, pytest's hook is called.
"""

from __future__ import annotations

from collections.abc import Callable

import pluggy
import pytest

from fastest import core_protocol, known_hooks

_HOOK = "pytest_runtest_makereport"
_OUTERMOST = "tmpdir"  # Of pytest's wrappers: the one that only looks at the report.


class PassedReports:
    """Makes reports of one session."""

    def __init__(self, config: pytest.Config) -> None:
        self._call = config.pluginmanager._hookexec
        self._trusted: bool | None = None  # Whether a report made both ways was the same.
        self._item: pytest.Item | None = None
        self._count = -1
        self._keywords: dict[str, int] = {}

    def make(self, item: pytest.Item, call: object, wrappers: list[pluggy.HookImpl] | None) -> pytest.TestReport:
        """What pytest_runtest_makereport answers. `wrappers`: see wrappers_of."""
        if wrappers is None or self._trusted is False:
            return item.ihook.pytest_runtest_makereport(item=item, call=call)
        if self._trusted is None:
            theirs = pytest.TestReport.from_item_and_call(item, call)
            self._trusted = type(theirs) is pytest.TestReport and vars(theirs) == vars(self._report(item, call))
            return self.make(item, call, wrappers)
        main = core_protocol.hook_implementation(lambda: self._plain(item, call))
        return self._call(_HOOK, [main, *wrappers], {"item": item, "call": call}, True)

    def _plain(self, item: pytest.Item, call: object) -> pytest.TestReport:
        """What pytest's own part of the hook makes of it."""
        item.stash.setdefault(core_protocol.tmppath_result_key, {})[call.when] = True
        return self._report(item, call)

    def _report(self, item: pytest.Item, call: object) -> pytest.TestReport:
        count = core_protocol.count_keywords(item)
        if item is not self._item or count != self._count:
            self._item, self._count, self._keywords = item, count, dict.fromkeys(item.keywords, 1)
        sections = [(f"Captured {key} {when}", content) for when, key, content in item._report_sections]
        return pytest.TestReport(
            core_protocol.id_of(item),
            item.location,
            self._keywords.copy(),
            "passed",
            None,
            call.when,
            sections,
            call.duration,
            call.start,
            call.stop,
            user_properties=item.user_properties,
        )


def wrappers_of(ihook: object, counts: Callable[[pluggy.HookImpl], bool]) -> list[pluggy.HookImpl] | None:
    """The wrappers of plugins round pytest's own part of the hook; None: they are not all there is, or not outside of it."""
    wrappers = []
    for impl in known_hooks.impls_of(ihook, _HOOK):  # The last is the outermost.
        if known_hooks.is_foreign(impl):
            if not core_protocol.is_wrapper(impl):
                return None
            if counts(impl):
                wrappers.append(impl)
        elif wrappers and core_protocol.is_wrapper(impl):
            if known_hooks.core_name(impl) != _OUTERMOST:
                return None
            wrappers.append(impl)
    return wrappers
