"""`fastest coordinator` and `fastest agent` on loopback: one run over several processes, nothing lost with one of them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
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

    def agent(self, workers: int = 2, python: str = PYTHON, root: Path | None = None) -> subprocess.Popen:
        return self._start(["agent", "--connect", self.endpoint, "-n", str(workers), "--python", python, "--name", "one"], root)

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


def test_the_only_agent_is_refused_if_its_python_has_no_pytest_and_another_may_come(cluster):
    coordinator = cluster.coordinator()
    assert cluster.agent(python=cluster.python_without_pytest()).wait(LIMIT) == 78
    assert cluster.agent().wait(LIMIT) == 0
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert cluster.reports() == expected()


def test_a_run_ends_when_pytest_starts_at_no_agent(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2", "--agents-timeout", "2")
    agents = [cluster.agent(python=cluster.python_without_pytest()) for _ in range(2)]
    assert [agent.wait(LIMIT) for agent in agents] == [78, 78]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 3 and "ended before pytest was loaded" in said, said + complaints
    assert "no agent for 2 s (--agents-timeout)" in complaints


def test_the_coordinator_says_which_files_differ_where_it_refuses_an_agent_for_them(cluster, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(cluster.root, other)
    (other / "test_0.py").write_text("def test_other(): pass\n")
    coordinator = cluster.coordinator("--agents-timeout", "2")
    agent = cluster.agent(root=other)
    assert agent.wait(LIMIT) == 78
    assert "  test_0.py differs\n" in agent.stderr.read()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 3
    assert complaints.count("agent one is refused: its code differs: test_0.py differs\n") == 1, said + complaints
    assert "no agent for 2 s (--agents-timeout; 1 refused, whose code differs)" in complaints


@pytest.mark.parametrize("collect", ["file", "whole"])
@pytest.mark.parametrize("lacks", [0, 1])
def test_a_test_file_that_one_agent_lacks_is_no_green_run(cluster, tmp_path, collect, lacks):
    other = tmp_path / "other"
    shutil.copytree(cluster.root, other)
    (other / "test_3.py").unlink()
    coordinator = cluster.coordinator("--expect-agents", "2", "--allow-skew", "code", "--collect", collect, "--continue-on-collection-errors")
    agents = [cluster.agent(workers=1, root=other if number == lacks else None) for number in range(2)]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    everything = set(cluster.reports()) == set(expected())
    assert coordinator.returncode == (0 if everything else 1), said + complaints


def test_min_agents_are_enough_when_the_time_for_agents_is_over(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2", "--min-agents", "1", "--agents-timeout", "2")
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
    assert cluster.reports() == expected()


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize("host", ["localhost", pytest.param("[::1]", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here"))])
def test_loopback_has_several_names(cluster, host):
    coordinator = cluster.coordinator("--listen", f"tcp://{host}:*")
    cluster.endpoint = f"tcp://{host}:{cluster.endpoint.rpartition(':')[2]}"
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
    assert cluster.reports() == expected()


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


KILLER = """
import os, signal
def test_before(): pass
def test_kills():
    pid = os.getpid()
    while b"--connect" not in open(f"/proc/{pid}/cmdline", "rb").read():
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
def test_after(): pass
"""


def test_a_test_that_kills_its_agent_at_once_is_set_aside_after_three(cluster):
    (cluster.root / "test_killer.py").write_text(KILLER)
    coordinator = cluster.coordinator("-v")
    codes = [cluster.agent(workers=1).wait(LIMIT) for _ in range(4)]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, codes) == (1, [-signal.SIGKILL] * 3 + [0]), said + complaints
    assert cluster.failed() == ["test_killer.py::test_kills"]
    assert {node_id for node_id, _, _ in cluster.reports()} >= {"test_killer.py::test_before", "test_killer.py::test_after"}


def test_listening_beyond_loopback_without_keys_is_refused(cluster):
    answer = subprocess.run(
        [PROGRAM, "coordinator", "--listen", "tcp://0.0.0.0:5555"], cwd=cluster.root, env=cluster.env, text=True, capture_output=True
    )
    assert answer.returncode == 4
    assert answer.stderr == (
        "fastest: error: --listen tcp://0.0.0.0:5555: without keys only loopback is allowed (hint: fastest keygen --join-secret, "
        "then --join-secret fastest-keys/join.secret for the coordinator and each agent)\n"
    )
