"""--persistent-workers: as a cold run in everything but time, whoever dies, and nobody waits."""

import resource
import os
import signal
import subprocess

import pytest
from compare import compare
from running import STAND_IN, run_ours, runner_command
from warm import how, wait_for, was_warm

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")


def test_the_run_has_its_own_surroundings(make_warm):
    code = """
    import os, random, sys, tempfile
    def test_shows(tmp_path):
        print("SHOWN", os.environ["SHLVL"], os.getcwd() == os.path.realpath(os.curdir), random.random(), tmp_path)
        assert os.read(0, 1) == b"" and tempfile.gettempdir() and {"0", "1", "2"} < set(os.listdir("/proc/self/fd"))
        assert "--warm" not in " ".join(getattr(sys, "orig_argv", []))
    """
    project = make_warm({"test_shows.py": code})
    project.warm_up("-rP", env={"SHLVL": "1"})
    shown = [project.run("-rP", env={"SHLVL": str(level)}) for level in (4, 5)]
    assert all(map(was_warm, shown)), how(shown[0])
    lines = [next(line for line in run.stdout.splitlines() if line.startswith("SHOWN")).split() for run in shown]
    assert [line[1] for line in lines] == ["4", "5"]
    assert lines[0][3] != lines[1][3], "random numbers are the same in both runs"
    assert lines[0][2] == lines[1][2] == "True"


MIXED = {
    "conftest.py": "import pytest, warnings\n@pytest.fixture(scope='session')\ndef wide():\n    yield 1\n",
    "test_a.py": """
    import os, pytest, subprocess, sys, unittest, warnings
    def test_pass(wide):
        print("said"); warnings.warn("this")
    def test_fail():
        assert [1, 2] == [1, 3]
    @pytest.mark.xfail
    def test_xfail(): assert 0
    @pytest.mark.parametrize("x", [1, 2])
    def test_param(x, wide): sys.stderr.write("err"); assert x
    class TestUnit(unittest.TestCase):
        def test_u(self): self.assertEqual({"a": 1}, {"a": 2})
    def test_child(): assert subprocess.run([sys.executable, "-c", "import os; os._exit(3)"]).returncode == 3
    def test_log(caplog, capfd):
        import logging; logging.warning("logged"); os.write(1, b"fd")
    """,
    "test_b.py": "import pytest\n@pytest.fixture\ndef bad():\n    yield\n    assert 0\ndef test_teardown(bad): pass\ndef test_skip(): pytest.skip('why')\n",
}


@pytest.mark.parametrize("args", [["-n", "1"], ["-n", "8"], ["-n", "2", "--no-fast-protocol"], ["-n", "2", "--collect", "whole"]], ids=" ".join)
def test_a_warm_run_is_a_cold_run(make_warm, args):
    project = make_warm(MIXED)
    cold = run_ours(project.root, project.base, ["-v", *args], project.env)
    first = project.run(*args)
    wait_for(lambda: "plugins, options" in project.workers("list"), lambda: project.workers("list"))
    second = project.run(*args)
    assert was_warm(second), how(second)
    for run in (first, second):
        assert "started fresh" not in run.stdout + run.stderr, run.stdout
        assert compare(cold, run, ordered=args[1] == "1") == [], how(run)


def test_a_crash_is_told_as_ever(make_warm):
    code = "import os, signal\ndef test_dies():\n    os.kill(os.getpid(), signal.SIGSEGV)\ndef test_lives(): pass\n"
    project = make_warm({"test_crash.py": code, "test_good.py": "def test_good(): pass\n"})
    for workers in ("1", "2", "2"):
        run = project.run("-n", workers)
        failed = [line["nodeid"] for line in run.log if line.get("outcome") == "failed"]
        assert run.exit == 1 and failed == ["test_crash.py::test_dies"] and "SIGSEGV" in str(run.log), run.stdout + run.stderr
    wait_for(lambda: project.strangers() == {}, project.strangers, 5)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hang_is_killed_with_all_it_started(make_warm, workers):
    code = """
    import subprocess, time
    def test_hangs():
        subprocess.Popen(["sh", "-c", "setsid sleep 600 & sleep 600"])
        time.sleep(600)
    """
    project = make_warm({"test_hang.py": code, "test_good.py": "def test_good(): pass\n"})
    run = project.run("-n", workers, "--hang-timeout", "1")
    assert run.exit == 1 and "warm process" in how(run), run.stdout
    wait_for(lambda: project.strangers() == {}, project.strangers, 5)


SLOW = "import time\ndef test_slow():\n    open('began', 'w').close()\n    time.sleep({})\n"


def has_begun(project) -> None:
    wait_for((project.root / "began").exists, lambda: "the test did not begin")
    (project.root / "began").unlink()


def test_killed_between_runs(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    project.warm_up()
    project.kill_warm()
    run = project.run()
    assert run.exit == 0 and "run 1" in how(run), how(run)


def test_killed_during_a_run(make_warm):
    project = make_warm({"test_slow.py": SLOW.format(1.5), "test_other.py": "def test_other(): pass\n"})
    started = project.start("-n", "2")
    has_begun(project)
    project.kill_warm()
    run = started.finish()
    assert run.exit == 0 and "2 passed" in run.stdout, run.stdout + run.stderr
    assert project.run("-n", "2").exit == 0


def test_a_stopped_one_holds_up_nobody(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    project.warm_up()
    pids = project.pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        run = project.run()
        assert run.exit == 0 and "cold start" in how(run), how(run)
        assert run.seconds < 10
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_run_leaves_nobody(make_warm, workers):
    project = make_warm({"test_slow.py": SLOW.format(600), "test_other.py": "def test_other(): pass\n"})
    started = project.start("-n", workers)
    has_begun(project)
    os.kill(started.process.pid, signal.SIGKILL)
    started.finish()
    wait_for(lambda: project.strangers() == {} and project.pids(), project.strangers, 10)


def test_ctrl_c_ends_the_run_and_not_the_warm_process(make_warm):
    project = make_warm({"test_slow.py": SLOW.format(600), "test_other.py": "def test_other(): pass\n"})
    started = project.start("-n", "2")
    has_begun(project)
    os.kill(started.process.pid, signal.SIGINT)
    run = started.finish()
    assert run.exit == 2, run.stdout + run.stderr
    wait_for(lambda: project.strangers() == {} and project.pids(), project.strangers, 10)


def test_two_runs_at_once_share_it(make_warm):
    project = make_warm({"test_slow.py": SLOW.format(1), "test_other.py": "def test_other(): pass\n"})
    project.warm_up("-n", "2")
    first = project.start("-n", "2")
    has_begun(project)
    second = project.run("-n", "2")
    run = first.finish()
    assert (run.exit, second.exit) == (0, 0)
    assert was_warm(run) and was_warm(second), f"{how(run)}\n{how(second)}"


def test_it_ends_when_nobody_comes(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    project.warm_up("--worker-idle-timeout", "1")
    wait_for(lambda: project.workers("list") == "no warm processes\n", lambda: project.workers("list"), 10)
    assert project.strangers() == {} and list((project.runtime / "fastest").iterdir()) == []


def test_list_and_stop(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    assert project.workers("list") == project.workers("stop", "--all") == "no warm processes\n"
    project.warm_up()
    listed = project.workers("list")
    assert str(project.root) in listed and "MiB" in listed and "idle 0 s" in listed and "age" in listed
    assert project.workers("stop").count("stopped: pid") == 2
    assert project.workers("list") == "no warm processes\n" and project.strangers() == {}


def test_settings_switch_it_on(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n", "pyproject.toml": "[tool.fastest]\npersistent-workers = true\nworker-idle-timeout = 60\n"})
    subprocess.run(runner_command(), cwd=project.root, env=project.env, check=True, stdout=subprocess.DEVNULL)
    wait_for(lambda: len(project.pids()) == 2, lambda: project.workers("list"))


def test_too_much_memory_is_a_cold_start(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    run = project.run("--warm-memory-limit", "1")
    assert run.exit == 0 and "cold start: it has" in how(run) and "1 are allowed" in how(run), how(run)
    project.warm_up()
    run = project.run("--warm-memory-limit", "1")
    assert run.exit == 0 and "a warm process has ended: it has" in how(run), how(run)


def test_workers_are_forked_from_a_command_line_that_comes_again(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n", "test_b.py": "def test_b(): pass\n"})
    project.warm_up("-n", "2")
    run = project.run("-n", "2", "-v", "-v")
    project.warm_up("-n", "2", "-v", "-v")
    run = project.run("-n", "2", "-v", "-v")
    assert run.exit == 0 and was_warm(run) and "started fresh" not in run.stdout, run.stdout


def test_few_descriptors_are_enough(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
    try:
        runs = [project.run("-n", "1") for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert [run.exit for run in runs] == [0, 0, 0], runs[-1].stdout + runs[-1].stderr


def test_the_terminal_is_a_cold_start(make_warm):
    run = make_warm({"test_it.py": "def test_it(): pass\n"}).run("-s", "-n", "1")
    assert run.exit == 0 and "cold start" in how(run)


def test_a_folder_that_others_can_enter_is_refused(make_warm):
    project = make_warm({"test_it.py": "def test_it(): pass\n"})
    folder = project.runtime / "fastest"
    folder.mkdir(mode=0o700)
    folder.chmod(0o755)
    run = project.run()
    assert run.exit == 4 and run.stderr.count("\n") == 1
    assert "its mode is 0755 (allowed is a folder of user" in run.stderr, run.stderr
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, 65534, -1)
        run = project.run()
        assert run.exit == 4 and "it belongs to user 65534" in run.stderr
        os.chown(folder, 0, -1)
    folder.rmdir()
    folder.symlink_to(project.base)
    run = project.run()
    assert run.exit == 4 and "it is no folder" in run.stderr
    folder.unlink()
