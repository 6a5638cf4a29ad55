"""`fastest slurm` on a real Slurm of four virtual nodes (slurm_lab.py). Run by ./dev slurm: it takes a minute or two."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from slurm_lab import NODES, SlurmLab, why_not

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "acceptance"))
from running import MARK, MIXED, PROGRAM, PYTHON, environment, marked_processes, passes, results_in

pytestmark = pytest.mark.skipif(not os.environ.get("FASTEST_SLURM"), reason="./dev slurm runs it")

LIMIT = 90.0
FILES, TESTS = 4, 12
SLOW = f"""
import time, pytest
@pytest.mark.parametrize("n", range({TESTS}))
def test(n): time.sleep(0.4)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    assert not why_not(), why_not()
    made = SlurmLab(tmp_path_factory.mktemp("slurm"))
    try:
        made.up()
        yield made
    finally:
        made.down()


class Site:
    """A project that all nodes see, and runs of it."""

    def __init__(self, lab: SlurmLab, base: Path) -> None:
        self.lab, self.base, self.root, self.log = lab, base, base / "project", base / "log.jsonl"
        self.root.mkdir()
        self.mark = uuid.uuid4().hex
        self.env = environment(base, {"SLURM_CONF": str(lab.config), MARK: self.mark})
        self.out = base / "out"
        self.processes: list[subprocess.Popen] = []

    def write(self, text: str) -> None:
        for number in range(FILES):
            (self.root / f"test_{number}.py").write_text(text)

    def start(self, *words: str) -> subprocess.Popen:
        with open(self.out, "wb") as out:
            process = subprocess.Popen(words, cwd=self.root, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def words(self, *slurm: str) -> list[str]:
        return [PROGRAM, "slurm", *slurm, "--", "--python", PYTHON, "-v", "-n", "1", "--report-log", str(self.log)]

    def slurm(self, nodes: int = 4) -> subprocess.Popen:
        return self.start(*self.words(f"-N{nodes}"))

    def said(self) -> str:
        return self.out.read_text(errors="replace")

    def end_of(self, process: subprocess.Popen) -> tuple[int, str]:
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end\n{self.said()}") from None
        return process.returncode, self.said()

    def wait_for(self, what, name: str, limit: float = 30) -> None:
        until = time.monotonic() + limit
        while not what():
            assert time.monotonic() < until, f"{name}\n{self.said()}\n{marked_processes(self.mark)}"
            time.sleep(0.05)

    def in_the_middle(self) -> None:
        self.wait_for(lambda: all(re.search(rf"\[gw{n}\].*PASSED", self.said()) for n in range(4)), "not all have begun")

    def agent_on(self, node: str) -> int:
        [pid] = [pid for pid, words in marked_processes(self.mark).items() if "--lifeline" in words and self.is_on(pid, node)]
        return pid

    def is_on(self, pid: int, node: str) -> bool:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return words[1] == b"agent" and f"SLURMD_NODENAME={node}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")

    def kill_coordinator(self) -> None:
        """It, and not the salloc that started it."""
        [coordinator] = [pid for pid, words in marked_processes(self.mark).items() if words.startswith(f"{PROGRAM} slurm -- ")]
        os.kill(coordinator, signal.SIGKILL)
        assert self.nothing_left()

    def nothing_left(self, limit: float = 20) -> bool:
        self.wait_for(lambda: not marked_processes(self.mark), "something is left", limit)
        self.wait_for(lambda: not self.lab.jobs(), "a job is left", limit)
        return True

    def reports(self) -> Counter:
        return results_in(self.log)

    def each_once(self) -> bool:
        assert self.reports() == passes(f"test_{file}.py::test[{n}]" for file in range(FILES) for n in range(TESTS))
        return True

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for job in self.lab.jobs():
            self.lab.run("scancel", job)
        for pid in marked_processes(self.mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.lab.wait_for(lambda: not self.lab.jobs(), "end of all jobs")


@pytest.fixture
def site(lab, tmp_path):
    made = Site(lab, tmp_path)
    made.write(SLOW)
    yield made
    made.end()


def test_four_nodes_say_what_one_machine_says(site):
    site.write(MIXED)
    assert site.end_of(site.start(PROGRAM, "--python", PYTHON, "-n", "2", "--report-log", str(site.log)))[0] == 1
    here = site.reports()
    exit_code, said = site.end_of(site.slurm())
    assert exit_code == 1, said
    assert site.reports() == here
    assert sorted(re.findall(r"^agent (\w+) \(1 worker", said, re.M)) == NODES
    assert "slurm: " not in said, said  # Nothing to complain of.
    assert site.nothing_left(5)


def test_workers_are_the_processors_of_the_allocation(site):
    site.write(MIXED)
    words = site.words("-N2", "-c2", "--mem=100M")
    words.remove("-n")
    words.remove("1")
    exit_code, said = site.end_of(site.start(*words))
    assert exit_code == 1, said
    assert sorted(re.findall(r"^agent (\w+ \(\d workers)", said, re.M)) == ["n1 (4 workers", "n2 (4 workers"]


def test_a_batch_job_uses_its_own_allocation_and_its_exit_code_is_the_runs(site):
    site.write(MIXED)
    script = site.base / "job.sh"
    script.write_text("#!/bin/sh\nexec " + " ".join(site.words()) + "\n")
    exit_code, _ = site.end_of(site.start("sbatch", "--wait", "-N3", str(script)))
    said = next(site.root.glob("slurm-*.out")).read_text()  # In the tree, as is sbatch's habit.
    assert exit_code == 1, said
    assert re.search(r"=+ 4 failed.* in ", said) and "agent n1" in said and "agent n3" in said, said
    assert site.nothing_left(10)


@pytest.mark.parametrize("whole", [True, False], ids=["the node", "its slurmstepd"])
def test_a_lost_node_is_a_lost_agent(site, whole):
    process = site.slurm()
    site.in_the_middle()
    lines = [Path(f"/proc/{pid}/cmdline").read_text(errors="replace") for pid in marked_processes(site.mark)]
    assert len(lines) > 6 and not [line for line in lines if re.search(r"\b[0-9a-f]{64}\b", line)]
    agent = site.agent_on("n2")
    step = int(Path(f"/proc/{agent}/stat").read_text().rpartition(")")[2].split()[1])
    assert Path(f"/proc/{step}/comm").read_text().startswith("slurmstepd")
    victims = [site.lab.processes["slurmd-n2"].pid, step, agent] if whole else [step]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    exit_code, said = site.end_of(process)
    if whole:
        site.lab.processes["slurmd-n2"].wait()
        site.lab.start_node("n2")
    assert exit_code == 0, said
    assert site.each_once()
    assert re.search(r"^agent n2 .*(lost|left|1 worker)", said, re.M), said
    assert site.nothing_left()
    site.lab.wait_for(lambda: site.lab.idle() == 4, "four idle nodes")


def test_a_node_that_cannot_begin_is_not_waited_for(site):
    python = site.base / "python"
    python.write_text(f'#!/bin/sh\n[ "$SLURMD_NODENAME" != n3 ] || {{ sleep 2; exit 1; }}\nexec {PYTHON} "$@"\n')
    python.chmod(0o755)
    words = [str(python) if word == PYTHON else word for word in site.words("-N4")]
    began = time.monotonic()
    exit_code, said = site.end_of(site.start(*words))
    assert exit_code == 0, said
    assert time.monotonic() - began < 45, said  # Without knowing that it will not come: a minute.
    assert "agent n3 is refused: pytest does not start there" in said and "n3: task 2: Exited with exit code 78" in said, said
    assert site.each_once()


def test_scancel_ends_the_run_with_a_summary(site):
    process = site.slurm()
    site.in_the_middle()
    [job] = site.lab.jobs()
    site.lab.run("scancel", job)
    exit_code, said = site.end_of(process)
    assert exit_code == 2, said
    assert re.search(r"=+ \d+ passed in ", said) and "tests not run" in said, said
    assert "FAILED" not in said  # Slurm has sent SIGTERM to workers, too.
    assert site.nothing_left()


def test_scancel_of_a_batch_job_lets_the_run_say_what_it_has(site):
    script = site.base / "job.sh"
    script.write_text("#!/bin/sh\nexec " + " ".join(site.words()) + "\n")
    out = site.base / "job.out"
    process = site.start("sbatch", "--wait", "-N2", f"--output={out}", str(script))
    site.wait_for(lambda: out.exists() and "PASSED" in out.read_text(), "no test has passed")
    [job] = site.lab.jobs()
    site.lab.run("scancel", job)
    assert site.end_of(process)[0] != 0
    assert re.search(r"=+ \d+ passed in ", out.read_text()), out.read_text()
    assert site.nothing_left()


def test_a_killed_coordinator_leaves_nothing_on_the_nodes(site):
    site.slurm()
    site.in_the_middle()
    site.kill_coordinator()


def test_a_run_with_sync_that_was_killed_goes_on_in_another_allocation(site):
    site.start(*site.words("-N2"), "--sync", "--run-id", "R")
    site.wait_for(lambda: len(re.findall(r"PASSED", site.said())) >= 4, "no test has passed")
    site.kill_coordinator()
    exit_code, said = site.end_of(site.start(PROGRAM, "slurm", "-N2", "--", "--resume", "R"))
    assert exit_code == 0, said
    assert re.search(r"run R goes on: \d+ tests have their result", said), said
    assert site.each_once()


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_a_folder_that_the_nodes_do_not_see_is_named(site):
    # A mount of its own: what is written into it is not there for slurmd.
    inside = f"mount -t tmpfs none {site.base} && mkdir {site.base}/mine && cd {site.base}/mine && echo 'def test(): pass' > test_a.py && "
    exit_code, said = site.end_of(site.start("unshare", "-m", "sh", "-c", inside + " ".join(["exec", *site.words("-N2")])))
    assert exit_code == 4, said
    assert f"fastest: error: slurm: there is no folder {site.base}/mine on the nodes (hint: the nodes need it at the same path:" in said
    assert site.nothing_left()
