"""A coordinator and its agents on loopback, for tests of runs over several processes."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from running import PROGRAM, PYTHON, end_all, environment, passes, results_in

FILES = 4
TESTS = 6
SLOW = "import time, pytest\n@pytest.mark.parametrize('n', range(%d))\ndef test(n): time.sleep(%s)\n"
# Code of a test that wants to know which agent runs it.
AGENT_PID = """
import os, signal
def agent_pid():
    pid = os.getpid()
    while b"--connect" not in open(f"/proc/{pid}/cmdline", "rb").read():
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    return pid
"""


class Cluster:
    """A coordinator and its agents; all ended when the test is."""

    def __init__(self, root: Path, base: Path) -> None:
        self.root, self.env = root, environment(base, {})
        self.log = base / "log.jsonl"
        self.processes: list[subprocess.Popen] = []

    def coordinator(self, *args: str) -> subprocess.Popen:
        command = ["coordinator", "--listen", "tcp://127.0.0.1:*", "--report-log", str(self.log), *args]
        started = self._start(command)
        self.endpoint = started.stdout.readline().split()[-1]
        return started

    def agent(self, workers: int = 2, python: str = PYTHON, root: Path | None = None, name: str = "one", secret: str = "") -> subprocess.Popen:
        keys = ["--join-secret", secret] if secret else []
        return self._start(["agent", "--connect", self.endpoint, "-n", str(workers), "--python", python, "--name", name, *keys], root)

    def failed(self) -> list[str]:
        return [node_id for node_id, _, outcome in self.reports() if outcome == "failed"]

    def python_without_pytest(self) -> str:
        script = self.root.parent / "python-without-pytest"
        script.write_text(f'#!/bin/sh\nexec {PYTHON} -S "$@"\n')
        script.chmod(0o755)
        return str(script)

    def _start(self, words: list[str], root: Path | None = None) -> subprocess.Popen:
        pipe = subprocess.PIPE
        process = subprocess.Popen([PROGRAM, *words], cwd=root or self.root, env=self.env, text=True, stdout=pipe, stderr=pipe)
        self.processes.append(process)
        return process

    def reports(self) -> Counter:
        return results_in(self.log)

    def end(self) -> None:
        end_all(self.processes)


def expected() -> Counter:
    return passes(f"test_{file}.py::test[{n}]" for file in range(FILES) for n in range(TESTS))
