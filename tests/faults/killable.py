"""A suite with every kind of result, a run of it that can be killed, and what the run said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "acceptance"))

from running import LIMIT, PROGRAM, PYTHON, environment, normalise, results  # noqa: E402

SUITE = r"""\
import os, time, warnings, pytest

@pytest.fixture(scope="module")
def shared():
    yield 1

@pytest.fixture
def own(request):
    yield
    assert not request.node.name.endswith("[2]"), "torn down"

@pytest.mark.parametrize("n", range(8))
def test_some(n, shared, own, record_property):
    with open(os.environ["RAN"], "a") as log:
        log.write(os.environ["PYTEST_CURRENT_TEST"].split(" ")[0] + "\n")
    time.sleep(0.03)
    record_property("n", n)
    print("said", n)
    if n == 3:
        warnings.warn("watch out")
    assert n != 5, "five"

@pytest.mark.skip(reason="not now")
def test_skipped(): pass

@pytest.mark.xfail(strict=False)
def test_expected(): assert 0

class TestGroup:
    def test_one(self): time.sleep(0.02)
    def test_two(self): time.sleep(0.02)
"""


class Suite:
    """A project, and what a run of it said."""

    def __init__(self, base: Path) -> None:
        self.root, self.base = base / "project", base
        self.ran = base / "ran"
        self.env = environment(base, {"RAN": str(self.ran)})
        self.root.mkdir()
        (self.root / "pytest.ini").write_text("[pytest]\njunit_family = xunit2\n")
        for number in range(4):
            (self.root / f"test_{number}.py").write_text(SUITE)
        self.processes: list[subprocess.Popen] = []

    def start(self, *words: str) -> subprocess.Popen:
        out = subprocess.PIPE
        process = subprocess.Popen([PROGRAM, *words], cwd=self.root, env=self.env, text=True, stdout=out, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        text, _ = process.communicate(timeout=LIMIT)
        return process.returncode, text

    def begin(self, *words: str) -> list[str]:
        """The words of a run that says what it found; --resume takes them from the journal."""
        reports = ["--report-log", str(self.base / "log"), "--junitxml", str(self.base / "junit.xml")]
        return ["--python", PYTHON, "-n", "2", "--run-id", "R", *reports, *words]

    def result(self) -> tuple[Counter, list]:
        """Every report, and the JUnit file without its times."""
        lines = [json.loads(line) for line in (self.base / "log").read_text().splitlines()]
        reports = results(lines)
        warnings = Counter((one["message"], one["when"]) for one in lines if one["$report_type"] == "WarningMessage")
        suite = xml.etree.ElementTree.parse(self.base / "junit.xml").getroot()[0]
        for properties in suite.findall("properties"):  # What each agent did: of remote runs only, and never the same.
            suite.remove(properties)
        counts = [suite.get(name) for name in ("tests", "errors", "failures", "skipped")]
        return reports + warnings, [counts, [self._said(case) for case in suite]]

    def _said(self, element) -> list:
        """An element without what differs from run to run."""
        words = {name: self._plain(value) for name, value in element.attrib.items() if name != "time"}
        return [element.tag, words, self._plain(element.text or ""), [self._said(child) for child in element]]

    def _plain(self, text: str) -> str:
        return normalise(re.sub(r"\[gw\d+\]", "[gw]", text), self.root, self.base)

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()


def summary(text: str) -> str:
    """"8 failed, 40 passed …" of the final line."""
    return re.findall(r"^=+ (\d.*) in [\d.]+s.*=+$", text, re.MULTILINE)[-1]


def kill_after(process: subprocess.Popen, seconds: float) -> bool:
    """Kills with SIGKILL; false: it had ended."""
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def kept(suite: Suite, run_id: str = "R", state: Path | None = None) -> int:
    journal = (state or suite.root / ".fastest") / "runs" / run_id / "journal"
    return journal.stat().st_size if journal.exists() else 0


def kill_at_size(suite: Suite, process: subprocess.Popen, size: int, state: Path | None = None) -> None:
    """`state`: what --state-dir names."""
    until = time.monotonic() + LIMIT
    while kept(suite, state=state) < size:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < until
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    process.wait()
