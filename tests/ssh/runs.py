"""A project, hosts that see it in the same folder, and runs of `fastest ssh` on them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from sshd import Hosts

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "acceptance"))
from running import LIMIT, MARK, PROGRAM, PYTHON, environment, passes, results_in

SLOW = """
import time, pytest
@pytest.mark.parametrize("n", range(12))
def test(n): time.sleep(0.2)
"""


class Site:
    """A project here, which the hosts see in the same folder, and runs of it."""

    def __init__(self, base: Path) -> None:
        self.base, self.root, self.log = base, base / "project", base / "log.jsonl"
        self.root.mkdir()
        self.hosts = Hosts(base / "ssh", f"{MARK}={uuid.uuid4().hex}")
        self.processes: list[subprocess.Popen] = []
        self.out = base / "out"
        self.python = ["--remote-python", PYTHON]

    def write(self, text: str, files: int = 4) -> None:
        for number in range(files):
            (self.root / f"test_{number}.py").write_text(text)

    def start(self, *words: str, **options) -> subprocess.Popen:
        with open(self.out, "wb") as out:
            process = subprocess.Popen(
                [PROGRAM, *words],
                cwd=self.root,
                env=environment(self.base, options.pop("env", {})),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                **options,
            )
        self.processes.append(process)
        return process

    def ssh(self, hosts: str, *words: str, run: tuple[str, ...] = (), **options) -> subprocess.Popen:
        ours = [f"--ssh-option=-F{self.hosts.config}", "-n", "2", *words]
        return self.start("ssh", hosts, *ours, "--", "--python", PYTHON, "-v", "--report-log", str(self.log), *run, **options)

    def end_of(self, process: subprocess.Popen) -> tuple[int, str]:
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end\n{self.said()}") from None
        return process.returncode, self.said()

    def said(self) -> str:
        return self.out.read_text(errors="replace")

    def wait_for(self, what, name: str, limit: float = 30) -> None:
        until = time.monotonic() + limit
        while not what():
            assert time.monotonic() < until, f"{name}\n{self.said()}"
            time.sleep(0.02)

    def nothing_at_the_hosts(self, limit: float = 10) -> bool:
        self.wait_for(lambda: not self.hosts.agents(), f"left at a host: {self.hosts.agents()}", limit)
        return True

    def reports(self) -> Counter:
        return results_in(self.log)

    def each_once(self) -> bool:
        assert self.reports() == passes(f"test_{file}.py::test[{n}]" for file in range(4) for n in range(12))
        return True

    def in_the_middle(self, workers: str = "gw[0-3]", passed: int = 3) -> None:
        self.wait_for(lambda: len(re.findall(rf"\[{workers}\].*PASSED", self.said())) >= passed, "no test has passed")

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.hosts.end()
