"""What plugins and conftests write to the terminal reporter at the end, apart from what pytest itself would write.

The runner prints pytest's own sections; here pytest's terminal reporter is kept from doing so again.
"""

from __future__ import annotations

from typing import TextIO

import pytest

from fastest import compat, compat_junit, process
from fastest.reports import Envelopes


def silence(config: pytest.Config, envelopes: Envelopes) -> None:
    """The runner shows the run: pytest's terminal reporter, which hooks and conftests want, writes to nowhere."""
    compat.mute_terminal(config, process.null_writer(config), envelopes.color, envelopes.columns)
    compat.remove_hook(config, "pytest_report_header", "terminalreporter")  # READY told it; this reads all metadata.


class ForeignSummary:
    """A plugin: from `begin` to the end of pytest_sessionfinish the terminal reporter writes to `file`.

    `shows`: until then the user sees what it writes, the last percentage included.
    """

    def __init__(self, config: pytest.Config, file: TextIO, shows: bool = False) -> None:
        self._config = config
        self.file = file
        self._before: object = None
        self._begun = False
        for hook in ("pytest_unconfigure" if shows else "pytest_runtestloop", "pytest_sessionfinish"):  # pytest's own last words.
            compat.remove_hook(config, hook, "terminalreporter")

    def begin(self) -> None:
        """After the last report: pytest writes nothing by itself from here on."""
        if not self._begun:
            self._begun = True
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.ensure_newline()  # Where it writes until now: the next line is the first of the new file.
            self._before = compat.terminal_file(self._config, self.file)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_sessionfinish(self, exitstatus: int) -> object:
        self.begin()
        yield
        call_foreign_summary(self._config, exitstatus)
        compat.terminal_file(self._config, self._before)


def call_foreign_summary(config: pytest.Config, exitstatus: int) -> None:
    """pytest_terminal_summary of all but pytest's own plugins, where pytest would call it; and of what only they write."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or getattr(reporter, "no_summary", False) or int(exitstatus) not in (0, 1, 2, 4, 5):
        return
    impls = config.pluginmanager.hook.pytest_terminal_summary.get_hookimpls()
    ours = compat_junit.own_reports(config)
    own = [
        impl.plugin
        for impl in impls
        if impl.plugin is reporter or (impl.plugin not in ours and compat.is_core(impl.plugin_name, impl.plugin))
    ]
    foreign = config.pluginmanager.subset_hook_caller("pytest_terminal_summary", own)
    foreign(terminalreporter=reporter, exitstatus=exitstatus, config=config)
