"""--hang-timeout, Ctrl-C and kill -9: what was started is gone afterwards, and the right test is blamed."""

import os
import re
import signal
import time

import pytest
from compare import outcomes
from running import STAND_IN, Started, marked_processes

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

OTHERS = {f"test_other{i}.py": "def test_one(): pass\n" for i in range(3)}
BUSY_IN_C = """
    import re
    def test_hangs():
        re.match(r"(a*)*b", "a" * 64)  # Holds the GIL for ages.
    def test_after(): pass
"""
HANGS = {
    "sleep": "import time\ndef test_hangs():\n    time.sleep(600)\ndef test_after(): pass\n",
    "busy in Python": "def test_hangs():\n    while True: pass\ndef test_after(): pass\n",
    "busy in C": BUSY_IN_C,
    "deaf to SIGABRT": """
    import faulthandler, signal, time
    def test_hangs():
        faulthandler.disable()
        signal.signal(signal.SIGABRT, signal.SIG_IGN)
        while True:
            time.sleep(1)
    def test_after(): pass
    """,
    "child in another session": """
    import subprocess, time
    def test_hangs():
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        subprocess.Popen(["sh", "-c", "setsid sleep 600 & sleep 600"])
        time.sleep(600)
    def test_after(): pass
    """,
}


def failed(run) -> list[str]:
    return [line["nodeid"] for line in run.log if line.get("outcome") == "failed"]


def calls(run) -> dict[str, int]:
    return {key[0]: len(value) for key, value in outcomes(run).items() if key[1] == "call"}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("code", HANGS.values(), ids=HANGS.keys())
def test_a_hang_is_killed_with_all_it_started(make_project, code, workers):
    run = make_project({"test_hang.py": code, **OTHERS}).run("-n", workers, "--hang-timeout", "2")
    assert failed(run) == ["test_hang.py::test_hangs"], run.stdout + run.stderr
    assert calls(run) == dict.fromkeys(["test_hang.py::test_hangs", "test_hang.py::test_after", *(f"{name}::test_one" for name in OTHERS)], 1)
    assert "hang" in str(run.log) and run.exit == 1 and run.left == []
    assert run.seconds < 12


def test_a_hang_shows_where(make_project):
    run = make_project({"test_hang.py": BUSY_IN_C, **OTHERS}).run("-n", "2", "--hang-timeout", "2")
    assert "in test_hangs" in str([line for line in run.log if line.get("outcome") == "failed"])


def test_a_hang_while_importing_is_killed(make_project):
    run = make_project({"test_hang.py": "import time\ntime.sleep(600)\n", **OTHERS}).run(
        "-n", "2", "--collect=file", "--hang-timeout", "2"
    )
    assert run.exit in (1, 2) and "test_hang.py" in str(failed(run)) and run.left == []


def test_waiting_for_work_is_no_hang(make_project):
    slow = "import time\ndef test_slow():\n    time.sleep(3)\n"
    run = make_project({"test_slow.py": slow, **OTHERS}).run("-n", "4", "--hang-timeout", "5")
    assert run.exit == 0


def wait_for(project, name: str, count: int = 1, limit: float = 30.0) -> list[str]:
    """The lines of a file that tests write, once there are `count`."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        lines = project.read(name).splitlines()
        if len(lines) >= count:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"{name} did not get {count} lines")


SLEEPERS = {
    "conftest.py": """
    import pathlib, pytest
    here = pathlib.Path(__file__).parent
    def note(name, text):
        with open(here / name, "a") as file:
            file.write(text + "\\n")
    @pytest.fixture
    def noted(request):
        note("started", request.node.nodeid)
        yield
        note("ended", request.node.nodeid)
    """,
    **{f"test_{i}.py": "import time\ndef test_sleeps(noted):\n    time.sleep(600)\ndef test_next(noted): pass\n" for i in range(2)},
}


def interrupted(project, workers: str) -> Started:
    started = project.start("-n", workers)
    wait_for(project, "started", int(workers))
    os.kill(started.process.pid, signal.SIGINT)
    return started


@pytest.mark.parametrize("workers", ["1", "2"])
def test_one_ctrl_c_tears_down_and_ends_with_2(make_project, workers):
    project = make_project(SLEEPERS)
    run = interrupted(project, workers).finish(20)
    assert run.exit == 2, run.stdout + run.stderr
    assert sorted(project.read("ended").splitlines()) == sorted(project.read("started").splitlines())
    assert "test_next" not in project.read("started") and run.left == []


def test_a_second_ctrl_c_ends_at_once(make_project):
    stuck = {"conftest.py": SLEEPERS["conftest.py"], **{f"test_{i}.py": """
    import time
    def test_stuck(noted):
        while True:
            try:
                time.sleep(600)
            except KeyboardInterrupt:
                pass
    """ for i in range(2)}}
    project = make_project(stuck)
    started = interrupted(project, "2")
    time.sleep(0.5)
    os.kill(started.process.pid, signal.SIGINT)
    run = started.finish(10)
    assert run.exit == 2 and run.left == [] and run.seconds < 20


def test_a_ctrl_c_of_the_terminal_reaches_workers_too(make_project):
    """A terminal signals the whole foreground group, not just us."""
    project = make_project(SLEEPERS)
    started = project.start("-n", "2")
    wait_for(project, "started", 2)
    os.killpg(started.process.pid, signal.SIGINT)
    run = started.finish(40)
    assert run.exit == 2 and run.left == []
    assert sorted(project.read("ended").splitlines()) == sorted(project.read("started").splitlines())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_leaves_nothing(make_project, number):
    project = make_project(SLEEPERS)
    started = project.start("-n", "2")
    wait_for(project, "started", 2)
    os.kill(started.process.pid, number)
    run = started.finish(20)
    assert run.exit != 0 and run.left == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_leaves_no_process(make_project, workers):
    project = make_project({**SLEEPERS, "test_0.py": "def test_busy(noted):\n    while True: pass\n"})
    started = project.start("-n", workers)
    wait_for(project, "started", int(workers))
    os.kill(started.process.pid, signal.SIGKILL)
    started.process.wait()
    until = time.monotonic() + 5
    while (left := marked_processes(started.mark)) and time.monotonic() < until:
        time.sleep(0.02)
    started.finish()
    assert left == {}


def test_kill_9_while_loading_leaves_no_process(make_project):
    project = make_project({"conftest.py": "import pathlib, time\npathlib.Path(__file__).with_name('loading').write_text('x\\n')\ntime.sleep(600)\n", **OTHERS})
    started = project.start("-n", "2")
    wait_for(project, "loading")
    os.kill(started.process.pid, signal.SIGKILL)
    assert started.finish().left == []


COLLECTS = {"n1": ["-n", "1"], "file": ["-n", "3", "--collect=file"], "whole": ["-n", "3", "--collect=whole"]}


@pytest.mark.parametrize("command", COLLECTS.values(), ids=COLLECTS)
def test_a_file_that_hangs_when_it_is_imported_is_ended_and_named(make_project, command):
    files = {"test_a.py": "def test_f(): pass\n", "test_b.py": "import subprocess\nsubprocess.run(['sleep', '600'])\ndef test_g(): pass\n"}
    run = make_project(files).run(*command, "--hang-timeout=1")
    assert (run.exit, run.left) == (2, []), run.stdout + run.stderr
    assert "ERROR collecting test_b.py" in run.stdout
    assert "hung (collecting) and was killed: --hang-timeout" in run.stdout
    assert re.search(r'test_b\.py", line 2 in <module>', run.stdout), run.stdout


@pytest.mark.parametrize("command", COLLECTS.values(), ids=COLLECTS)
def test_a_collection_that_takes_longer_than_any_of_its_files_is_no_hang(make_project, command):
    slow = "import time\ntime.sleep(0.8)\ndef test_f(): pass\n"
    conftest = "import time\ndef pytest_collection_finish(session): time.sleep(2.5)\n"  # Not a file's either.
    files = {f"test_{i}.py": slow for i in range(5)}
    if "--collect=file" not in command:
        files["conftest.py"] = conftest
    run = make_project(files).run(*command, "--hang-timeout=2")
    assert run.exit == 0, run.stdout + run.stderr
