"""Workers killed at random: never a lost, a doubled or a wrongly blamed test.

FASTEST_KILL_RUNS: how many runs (20; 1,000 before a release). FASTEST_KILL_SEED: where the series begins.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from compare import outcomes
from running import STAND_IN

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

RUNS = int(os.environ.get("FASTEST_KILL_RUNS", "20"))
SEED = int(os.environ.get("FASTEST_KILL_SEED", "1"))
FILES, TESTS = 10, 20
# Each test notes its process first and last, so that we know from outside who was in what when it died.
CONFTEST = """
    import os, pathlib, time, pytest
    notes = pathlib.Path(__file__).parent / "notes"
    @pytest.fixture(autouse=True)
    def noted(request):
        note = notes / f"{os.getpid()}"
        with open(note, "a") as file:
            file.write(request.node.nodeid + "\\n")
        yield
"""
CODE = f"""
    import time, pytest
    @pytest.mark.parametrize("i", range({TESTS}))
    def test_short(i):
        time.sleep(0.004)
        assert i != 7
"""
IDS = [f"test_{k}.py::test_short[{i}]" for k in range(FILES) for i in range(TESTS)]
COMMANDS = [["-n", "2", "--collect=file"], ["-n", "2", "--collect=whole"], ["-n", "4"], ["-n", "3", "--collect=file"]]


def kill_some(started, notes: Path, chance: random.Random, kills: int) -> dict[int, str]:
    """Kills workers that are known to be at work; answers who was killed and what it had noted last."""
    killed = {}
    while len(killed) < kills and started.process.poll() is None:
        time.sleep(chance.uniform(0.005, 0.12))
        alive = [int(path.name) for path in notes.iterdir() if int(path.name) not in killed]
        if not alive:
            continue
        pid = chance.choice(alive)
        try:
            os.kill(pid, chance.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM]))
        except ProcessLookupError:
            continue
        killed[pid] = ""
    return killed


@pytest.mark.parametrize("number", range(RUNS))
def test_killed_workers_lose_nothing(make_project, number):
    chance = random.Random(SEED * 100_000 + number)
    files = {"conftest.py": CONFTEST, **{f"test_{k}.py": CODE for k in range(FILES)}}
    project = make_project(files)
    notes = project.root / "notes"
    notes.mkdir()
    started = project.start(*COMMANDS[number % len(COMMANDS)], "--max-worker-restart=100")
    killed = kill_some(started, notes, chance, chance.randint(1, 6))
    run = started.finish()
    seen = outcomes(run)
    assert {node_id for node_id, _ in seen} == set(IDS), "lost or invented"
    doubled = {key: value for key, value in seen.items() if len(value) != 1}
    assert not doubled
    touched = {line for pid in killed for line in (notes / str(pid)).read_text().splitlines()[-1:]}
    blamed = blamed_for_deaths(run)
    # A worker may have been between two tests, or done with its last one: blame is allowed for its last item and the
    # one it had not noted yet, never for more tests than there were deaths.
    assert len(blamed) <= len(killed), (blamed, killed)
    assert all(line in touched or not noted_done(notes, line) for line in blamed), (blamed, touched)
    for node_id in set(IDS) - blamed:
        wanted = "failed" if node_id.endswith("[7]") else "passed"
        phases = [seen.get((node_id, phase)) for phase in ("setup", "call", "teardown")]
        assert phases == [["passed"], [wanted], ["passed"]], node_id
    assert run.exit == 1 and run.left == []


def blamed_for_deaths(run) -> set[str]:
    return {
        line["nodeid"]
        for line in run.log
        if line.get("outcome") == "failed" and "assert i != 7" not in str(line["longrepr"])
    }


def noted_done(notes: Path, node_id: str) -> bool:
    """A process noted this test and then another one: it was done with it."""
    for path in notes.iterdir():
        lines = path.read_text().splitlines()
        if node_id in lines[:-1]:
            return True
    return False
