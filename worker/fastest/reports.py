"""Report envelopes: what the agent is told of one report or warning (docs/protocol.md, 1.6)."""

from __future__ import annotations

import warnings

import pytest

from fastest import compat, values, wire

PHASES = {"setup": 0, "call": 1, "teardown": 2}
OUTCOMES = {"passed": 0, "failed": 1, "skipped": 2}
OTHER = 3

# What core says of an outcome: (in call, in setup and teardown).
_CORE_STATUS = {
    "passed": (["passed", ".", "PASSED"], ["", "", ""]),
    "failed": (["failed", "F", "FAILED"], ["error", "E", "ERROR"]),
    "skipped": (["skipped", "s", "SKIPPED"], ["skipped", "s", "SKIPPED"]),
}


class Envelopes:
    """Makes envelopes for one config."""

    def __init__(self, config: pytest.Config, full: bool, color: bool, columns: int) -> None:
        self._config = config
        self.full = full
        self.color = color
        self.columns = columns
        self._highlights = config.getoption("code_highlight", "yes") != "no"
        self._shows_passed = any(char in "PA" for char in str(config.getoption("reportchars", "")))
        self.full_trace = bool(config.getoption("fulltrace", False))
        self.foreign_status = False
        self.look_for_statuses()

    def look_for_statuses(self) -> None:
        """Conftests may have been loaded since."""
        statuses = self._config.hook.pytest_report_teststatus.get_hookimpls()
        self.foreign_status = any(not compat.is_core(impl.plugin_name, impl.plugin) for impl in statuses)

    def is_plain(self, report: pytest.TestReport) -> bool:
        """Whether (phase, outcome, times) is all there is to say."""
        return (
            report.outcome == "passed"
            and not self.needs_output(report.when, report.sections)
            and not report.user_properties
            and not self.full
            and not self.foreign_status
            and type(report) is pytest.TestReport
            and not hasattr(report, "wasxfail")
        )

    def needs_output(self, when: str, sections: list) -> bool:
        """Whether anybody reads the output of a phase that passed: only -rP and its like, and with the failure before it,
        what the teardown has written. `sections`: a report's, or an item's."""
        if self.full or self._shows_passed:
            return bool(sections)
        return when == "teardown" and any("teardown" in section[0] for section in sections)

    def of(self, report: pytest.TestReport | pytest.CollectReport) -> dict:
        """The envelope of a test's or a collector's report."""
        hook = self._config.hook
        report_json = hook.pytest_report_to_serializable(config=self._config, report=report)
        if report_json is None:
            report_json = dict(report.__dict__)
        if "_report_type" in report_json:  # Subtests' name for it.
            report_json["$report_type"] = report_json.pop("_report_type")
        envelope = {"report": safe(report_json)}
        if self.full and envelope["report"] is not report_json:
            envelope["exact"] = values.to_wire(report_json)
        if report.failed or (hasattr(report, "wasxfail") and report.longrepr is not None):
            envelope["text"] = self.text_of(report)
            envelope["short"] = _summary_message(report.longrepr)
        if isinstance(report, pytest.TestReport):
            self._add_status(envelope, report)
        return envelope

    def text_of(self, shown: object) -> str:
        """What a report or a representation of an exception writes to pytest's terminal."""
        return compat.terminal_text(shown, self.color, self.columns, self._highlights)

    def _add_status(self, envelope: dict, report: pytest.TestReport) -> None:
        status = self._config.hook.pytest_report_teststatus(report=report, config=self._config)
        if not status:
            return
        status = [list(each) if isinstance(each, tuple) else each for each in status]
        if status != _CORE_STATUS.get(report.outcome, (None, None))[report.when != "call"]:
            envelope["status"] = safe(status)


def _summary_message(longrepr: object) -> str | None:
    """What the short summary says of a failure; None where pytest says nothing (a missing fixture, a doctest)."""
    if isinstance(longrepr, str) and compat.SUMMARY_HAS_TEXTS:
        return longrepr
    message = getattr(getattr(longrepr, "reprcrash", None), "message", None)
    return None if message is None else str(message)


def of_warning(message: warnings.WarningMessage, when: str, nodeid: str, location: tuple | None) -> dict:
    return {
        "message": str(message.message),
        "category": message.category.__name__ if message.category else None,
        "filename": message.filename,
        "lineno": message.lineno,
        "when": when,
        "nodeid": nodeid,
        "location": safe(location),
        "text": compat.warning_text(message),
    }



def safe(value: object) -> object:
    """`value` with what JSON can't say replaced by its str(), at the level where it stands, as pytest-reportlog does."""
    if wire.can_say(value):
        return value
    if isinstance(value, dict):
        return {str(key): _safe_entry(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_safe_entry(each) for each in value]
    return str(value)


def _safe_entry(value: object) -> object:
    return value if wire.can_say(value) else str(value)
