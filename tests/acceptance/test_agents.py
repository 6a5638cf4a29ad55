"""`fastest coordinator` and `fastest agent` on loopback: one run over several processes, nothing lost with one of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from running import LIMIT, PROGRAM, PYTHON, STAND_IN, environment, passes, results_in

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

FILES = 4
TESTS = 6
SLOW = "import time, pytest\n@pytest.mark.parametrize('n', range(%d))\ndef test(n): time.sleep(%s)\n"


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

    def agent(self, workers: int = 2, python: str = PYTHON) -> subprocess.Popen:
        return self._start(["agent", "--connect", self.endpoint, "-n", str(workers), "--python", python])

    def failed(self) -> list[str]:
        return [node_id for node_id, _, outcome in self.reports() if outcome == "failed"]

    def python_without_pytest(self) -> str:
        script = self.root.parent / "python-without-pytest"
        script.write_text(f'#!/bin/sh\nexec {PYTHON} -S "$@"\n')
        script.chmod(0o755)
        return str(script)

    def _start(self, words: list[str]) -> subprocess.Popen:
        pipe = subprocess.PIPE
        process = subprocess.Popen([PROGRAM, *words], cwd=self.root, env=self.env, text=True, stdout=pipe, stderr=pipe)
        self.processes.append(process)
        return process

    def reports(self) -> Counter:
        return results_in(self.log)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()


def expected() -> Counter:
    return passes(f"test_{file}.py::test[{n}]" for file in range(FILES) for n in range(TESTS))


@pytest.fixture
def cluster(tmp_path, request):
    root = tmp_path / "project"
    root.mkdir()
    for file in range(FILES):
        (root / f"test_{file}.py").write_text(SLOW % (TESTS, getattr(request, "param", 0)))
    made = Cluster(root, tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_two_agents_share_a_run(cluster, collect):
    coordinator = cluster.coordinator("-n", "4", "--collect", collect)
    agents = [cluster.agent(), cluster.agent()]
    assert coordinator.wait(LIMIT) == 0, coordinator.stderr.read()
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    assert cluster.reports() == expected()


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_each_agent_gets_something_of_a_small_run(cluster, collect):
    coordinator = cluster.coordinator("--expect-agents", "2", "-v", "--collect", collect)
    agents = [cluster.agent(), cluster.agent()]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    counts = [int(count) for count in re.findall(r"^agent .*: (\d+) tests?, busy", said, re.MULTILINE)]
    assert len(counts) == 2 and sum(counts) == FILES * TESTS and min(counts) >= TESTS, said


def test_an_agent_whose_pytest_does_not_start_is_left_out(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2")
    broken = cluster.agent(python=cluster.python_without_pytest())
    assert broken.wait(LIMIT) == 78
    assert cluster.agent().wait(LIMIT) == 0
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert re.search("^agent .* is refused: pytest does not start there: ", said, re.MULTILINE), said
    assert cluster.reports() == expected()


def test_a_run_ends_when_pytest_starts_at_no_agent(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2")
    agents = [cluster.agent(python=cluster.python_without_pytest()) for _ in range(2)]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode in (3, 4) and "ended before pytest was loaded" in complaints, said + complaints
    for agent in agents:
        agent.wait(LIMIT)


@pytest.mark.parametrize("cluster", [0.3], indirect=True)
def test_a_killed_agents_tests_run_again_and_count_once(cluster):
    coordinator = cluster.coordinator("-n", "4", "-v")
    victim, other = cluster.agent(), cluster.agent()
    for line in coordinator.stdout:
        if "PASSED" in line and ("gw0" in line or "gw1" in line):
            break  # It is in the middle of its work.
    os.kill(victim.pid, signal.SIGKILL)
    assert coordinator.wait(LIMIT) == 0, coordinator.stderr.read()
    assert other.wait(LIMIT) == 0
    assert cluster.reports() == expected()


def test_a_hang_at_an_agent_is_killed_as_the_coordinator_says(cluster):
    (cluster.root / "test_hang.py").write_text("import time\ndef test_hangs(): time.sleep(600)\ndef test_after(): pass\n")
    coordinator = cluster.coordinator("--hang-timeout", "1")
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (1, 0), said + complaints
    assert cluster.failed() == ["test_hang.py::test_hangs"]
    assert "hung and was killed" in said + complaints


def test_listening_beyond_loopback_without_keys_is_refused(cluster):
    answer = subprocess.run(
        [PROGRAM, "coordinator", "--listen", "tcp://0.0.0.0:5555"], cwd=cluster.root, env=cluster.env, text=True, capture_output=True
    )
    assert answer.returncode == 4
    assert answer.stderr == (
        "fastest: error: --listen tcp://0.0.0.0:5555: without keys only loopback is allowed (hint: fastest keygen --join-secret, "
        "then --join-secret fastest-keys/join.secret for the coordinator and each agent)\n"
    )
