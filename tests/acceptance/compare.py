"""Says in which ways a run differs from plain pytest's: one line a difference, the worst first.

What may differ between two honest runs is named by the case (`loose`):
  tests     which tests ran (-x with several workers); still: none twice
  order     the order of reports with one worker
  text      the wording of failures (they hold pids, times)
  warnings  how often a warning came (one a worker)
  stdout    the closing lines
  usage     what a usage error says after the file or option that it names
  collect   the collectors' reports
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from running import Run

# Of one process's own: times, and what xdist adds.
_OWN = {"duration", "start", "stop", "worker_id", "testrun_uid", "item_index", "node"}


def compare(truth: Run, ours: Run, loose: frozenset[str] = frozenset(), ordered: bool = False) -> list[str]:
    found = list(_exits(truth, ours))
    found += _tests(truth, ours, loose, ordered)
    if ordered and not loose & {"order", "tests"}:
        found += _order(truth, ours)
    if "collect" not in loose:
        found += _collectors(truth, ours, loose)
    if "warnings" not in loose:
        found += _counted("warning", _warnings(truth), _warnings(ours))
    if not loose & {"stdout", "tests"}:
        found += _closing(truth, ours, loose)
    found += [f"left a process behind: {line}" for line in ours.left]
    return found


def _exits(truth: Run, ours: Run) -> Iterator[str]:
    if truth.exit != ours.exit:
        yield f"exit {ours.exit} instead of {truth.exit}\n{_tail(ours)}"
    said = [[line["exitstatus"] for line in run.log if kind(line) == "SessionFinish"] for run in (truth, ours)]
    if said[1] not in (said[0], [ours.exit]):  # A hook that sets the status may come after the log's own.
        yield f"the report log says exit {said[1]} instead of {said[0]}"


def _tail(run: Run) -> str:
    return "\n".join(f"    | {line}" for line in (run.stdout + run.stderr).splitlines()[-12:])


def kind(line: dict) -> str:
    return line.get("$report_type", "SubtestReport")  # pytest gives that one no type.


def reports_by_phase(run: Run) -> dict[tuple[str, str], list[dict]]:
    found = defaultdict(list)
    for line in run.log:
        if kind(line) not in ("SessionStart", "SessionFinish", "CollectReport", "WarningMessage"):
            kept = {key: value for key, value in line.items() if key not in _OWN}
            found[line["nodeid"], line["when"]].append(kept)
    return found


def outcome(report: dict) -> str:
    return report["outcome"] + ("+wasxfail" if "wasxfail" in report else "")


def outcomes(run: Run) -> dict[tuple[str, str], list[str]]:
    return {key: [outcome(report) for report in reports] for key, reports in reports_by_phase(run).items()}


def _tests(truth: Run, ours: Run, loose: frozenset[str], ordered: bool) -> list[str]:
    wanted, got = reports_by_phase(truth), reports_by_phase(ours)
    severe, mild = [], []
    for key in sorted(wanted.keys() | got.keys()):
        name = f"{key[0]} ({key[1]})"
        expected, found = wanted.get(key, []), got.get(key, [])
        if not ordered:  # Items alike end in any order where several workers run them: each is held against its own.
            expected, found = (sorted(reports, key=lambda one: str(one.get("location"))) for reports in (expected, found))
        if "tests" in loose:
            if len(found) > max(1, len(expected)):
                severe.append(f"{name}: reported {len(found)} times")
            continue
        if [*map(outcome, expected)] != [*map(outcome, found)]:
            severe.append(f"{name}: {[*map(outcome, found)]} instead of {[*map(outcome, expected)]}")
        elif "text" not in loose:
            mild += [f"{name}: {line}" for pair in zip(expected, found) for line in _fields(*pair)]
    return severe + mild


def _fields(expected: dict, found: dict) -> Iterator[str]:
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            yield f"{key} differs:\n      pytest: {_short(expected.get(key))}\n      ours:   {_short(found.get(key))}"


def _short(value: object) -> str:
    if isinstance(value, dict) and "reprcrash" in value:
        crash = value["reprcrash"] or {}
        value = [crash, value]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 1500 else text[:1500] + "…"


def _order(truth: Run, ours: Run) -> Iterator[str]:
    wanted, got = ([*reports_by_phase(run)] for run in (truth, ours))
    if wanted != got and sorted(wanted) == sorted(got):
        first = next(pair for pair in zip(wanted, got) if pair[0] != pair[1])
        yield f"order: {first[1]} where pytest has {first[0]}"


def _collectors(truth: Run, ours: Run, loose: frozenset[str]) -> Iterator[str]:
    gave_up = truth.exit in (3, 4)  # pytest itself: what it had collected by then is nobody's result.

    def reports(run: Run) -> Counter:
        return Counter(
            (line["nodeid"], line["outcome"], "" if "text" in loose else json.dumps(line["longrepr"], sort_keys=True))
            for line in run.log
            if kind(line) == "CollectReport" and not (gave_up and line["outcome"] == "passed")
        )

    yield from _counted("collect report", reports(truth), reports(ours))


def _warnings(run: Run) -> Counter:
    keys = ("category", "filename", "lineno", "message", "when")
    return Counter(
        tuple(str(line.get(key)) for key in keys) for line in run.log if kind(line) == "WarningMessage"
    )


def _counted(what: str, wanted: Counter, got: Counter) -> Iterator[str]:
    for key in sorted(wanted.keys() | got.keys()):
        if wanted[key] != got[key]:
            yield f"{what} {got[key]} times instead of {wanted[key]}: {str(key)[:800]}"


def closing_counts(run: Run) -> set[str]:
    """{"1 failed", "2 passed"} of the last line of a run; empty where there is none."""
    lines = re.findall(r"^(?:=+ )?(\d+ [a-z]+(?:, \d+ [a-z]+)*|no tests ran) in [\d.]+s", run.stdout, re.MULTILINE)
    return set(lines[-1].split(", ")) if lines else set()


def short_summary(run: Run) -> list[str]:
    _, found, rest = run.stdout.rpartition("short test summary info")
    words = ("FAILED", "ERROR", "SKIPPED", "XFAIL", "XPASS", "PASSED", "SUBFAILED", "SUBPASSED", "SUBSKIPPED")
    return sorted(line.rstrip() for line in rest.splitlines() if line.startswith(words)) if found else []


def _usage(line: str) -> str:
    """What we find before pytest is there opens with our own name."""
    return line.replace("fastest: error: ", "ERROR: ", 1) if line.startswith("fastest: error: ") else line


def _closing(truth: Run, ours: Run, loose: frozenset[str]) -> Iterator[str]:
    wanted, got = closing_counts(truth), closing_counts(ours)
    if "warnings" in loose:
        wanted, got = ({word for word in words if "warning" not in word} for words in (wanted, got))
    if wanted != got:
        yield f"closing line says {sorted(got)} instead of {sorted(wanted)}"
    if "text" not in loose and short_summary(truth) != short_summary(ours):
        yield f"short summary: {short_summary(ours)} instead of {short_summary(truth)}"
    usage = [[_usage(line) for line in run.stderr.splitlines() if "error: " in line.lower()] for run in (truth, ours)]
    if "usage" in loose:
        usage = [[re.sub(r":\d+$", "", line.split(": ")[1]) for line in lines] for lines in usage]
    if truth.exit == 4 and usage[0] != usage[1]:
        yield f"usage error: {usage[1]} instead of {usage[0]}"
