"""Every plugin of docs/plugins.md on a tiny project: outcomes, exit status and what it says are those of plain pytest."""

from __future__ import annotations

import json
import subprocess

import pytest
from projects import NEIGHBOUR, ROWS, Row

ALONE = ("-p", "no:randomly")


def outcomes(project, name: str) -> list[tuple]:
    """(node id, phase, outcome, xfail, subtest) of every report, sorted: two workers have no order."""
    found = []
    for line in (project.root / name).read_text(encoding="utf-8").splitlines():
        report = json.loads(line)
        kind = report.get("$report_type") or report.get("_report_type")
        if "when" in report and "nodeid" in report and kind != "WarningMessage":
            found.append((report["nodeid"], report["when"], report["outcome"], "wasxfail" in report, str(report.get("context", ""))))
    return sorted(found)


def prepare(project, row: Row) -> None:
    if not row.git:
        return
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x")):
        subprocess.run(["git", *words], cwd=project.root, check=True)
    with open(project.root / "test_changed.py", "a", encoding="utf-8") as file:
        file.write("def test_new(): pass\n")


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_suite_with_the_plugin_has_plain_pytests_outcomes(make_project, row, workers):
    answers = {}
    dist = row.args[row.args.index("--dist") :][:2] if "--dist" in row.args else ()
    plain = tuple(word for word in row.args if word not in dist)
    for name in ("theirs", "ours"):
        project = make_project({**NEIGHBOUR, **row.files}, name, row.environment)
        prepare(project, row)
        log = ("--report-log=log.jsonl", *ALONE)
        run = project.pytest(*plain, *log) if name == "theirs" else project.run("-n", workers, *row.args, *log)
        assert run.exit == row.exit, run.stdout + run.stderr
        answers[name] = (outcomes(project, "log.jsonl"), {text: run.stdout.count(text) for text in row.said})
        assert not run.left
    assert answers["ours"] == answers["theirs"]
    assert answers["theirs"][0]
