"""A worker that dies fails exactly the test it was in; everything else has exactly one result, as in pytest."""

import os

import pytest
from compare import outcomes
from running import STAND_IN, Run

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

WAYS = {  # How to die, and what the failure must say.
    "SIGSEGV": ("os.kill(os.getpid(), signal.SIGSEGV)", ["SIGSEGV", "in test_dies"]),
    "null pointer": ("ctypes.string_at(0)", ["SIGSEGV", "in test_dies"]),
    "abort": ("os.abort()", ["SIGABRT", "in test_dies"]),
    "SIGKILL": ("os.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL"]),
    "os._exit(0)": ("os._exit(0)", ["code 0"]),
    "os._exit(3)": ("os._exit(3)", ["code 3"]),
}
IMPORTS = "import ctypes, os, signal, pytest\n"
OTHERS = {f"test_other{i}.py": "def test_one(): pass\ndef test_two(): pass\n" for i in range(3)}
COMMANDS = {"n1": ["-n", "1"], "n2": ["-n", "2"], "file": ["-n", "2", "--collect=file"], "whole": ["-n", "2", "--collect=whole"]}


def dying(way: str) -> dict[str, str]:
    code = f"{IMPORTS}def test_before(): pass\ndef test_dies():\n    {way}\ndef test_after(): pass\n"
    return {"test_dies.py": code, **OTHERS}


def passed(*ids: str) -> dict[tuple[str, str], list[str]]:
    return {(node_id, phase): ["passed"] for node_id in ids for phase in ("setup", "call", "teardown")}


def other_ids() -> list[str]:
    return [f"{name}::{test}" for name in OTHERS for test in ("test_one", "test_two")]


def failures(run: Run) -> dict[tuple[str, str], str]:
    """What failed, with its text."""
    return {
        (line["nodeid"], line.get("when", "collect")): str(line["longrepr"])
        for line in run.log
        if line.get("outcome") == "failed"
    }


def check_only(run: Run, node_id: str, phase: str, words: list[str], others: list[str]) -> None:
    """`node_id` failed in `phase` saying `words`, and each of `others` passed once."""
    assert list(failures(run)) == [(node_id, phase)], run.stdout + run.stderr
    text = failures(run)[node_id, phase]
    assert all(word in text for word in words), text
    got = {key: value for key, value in outcomes(run).items() if key[0] != node_id}
    assert got == passed(*others)
    assert run.exit == 1
    assert run.left == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_death_in_a_test_fails_that_test_alone(make_project, way, command):
    run = make_project(dying(way[0])).run(*command)
    check_only(run, "test_dies.py::test_dies", "call", way[1], ["test_dies.py::test_before", "test_dies.py::test_after", *other_ids()])


FIXTURE = IMPORTS + "@pytest.fixture\ndef f():\n    {}\n    yield\n    {}\ndef test_before(): pass\ndef test_dies(f): pass\ndef test_after(): pass\n"
KILL = "os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_a_death_in_a_fixture_is_blamed_on_its_phase(make_project, phase, command):
    code = FIXTURE.format(*((KILL, "pass") if phase == "setup" else ("pass", KILL)))
    run = make_project({"test_dies.py": code, **OTHERS}).run(*command)
    check_only(run, "test_dies.py::test_dies", phase, ["SIGSEGV"], ["test_dies.py::test_before", "test_dies.py::test_after", *other_ids()])


EACH = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"  # No fork after that.


@pytest.mark.parametrize("command", [*COMMANDS.values(), ["-n", "2", "--collect=whole", "-p", "threads"]], ids=[*COMMANDS, "each"])
@pytest.mark.parametrize("way", [WAYS["SIGSEGV"], WAYS["SIGKILL"], WAYS["os._exit(0)"]], ids=["SIGSEGV", "SIGKILL", "exit"])
def test_a_death_while_importing_is_an_error_of_that_file(make_project, way, command):
    """As after any collection error nothing runs, unless told to go on."""
    files = {"threads.py": EACH, "sub/test_dies.py": f"{IMPORTS}{way[0]}\ndef test_x(): pass\n"}
    run = make_project({**files, **OTHERS}).run(*command)
    assert list(failures(run)) == [("sub/test_dies.py", "collect")], run.stdout + run.stderr
    assert way[1][0] in failures(run)["sub/test_dies.py", "collect"]
    assert "Interrupted: 1 error during collection" in run.stdout
    assert run.exit == 2 and outcomes(run) == {} and run.left == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_death_while_importing_is_never_green(make_project, command):
    project = make_project({"test_dies.py": "import os\nos._exit(0)\n", **OTHERS})
    run = project.run(*command, "--continue-on-collection-errors")
    assert list(failures(run)) == [("test_dies.py", "collect")], run.stdout + run.stderr
    assert run.exit == (1 if "whole" not in str(command) and "1" not in command else 3) and run.left == []


@pytest.mark.parametrize("command", [COMMANDS["n1"], COMMANDS["n2"], COMMANDS["whole"]], ids=["n1", "n2", "whole"])
def test_a_death_in_a_hook_on_the_whole_list_is_blamed_on_no_file(make_project, command):
    conftest = "import os\ndef pytest_collection_modifyitems(session, items): os._exit(0) if len(items) > 2 else None\n"
    run = make_project({"conftest.py": conftest, **OTHERS}).run(*command)
    assert (run.exit, failures(run)) == (3, {}), run.stdout + run.stderr


def test_a_death_while_importing_leaves_the_other_files_with_continue(make_project):
    project = make_project({"test_dies.py": f"{IMPORTS}{KILL}\ndef test_x(): pass\n", **OTHERS})
    run = project.run("-n", "2", "--collect=file", "--continue-on-collection-errors")
    assert list(failures(run)) == [("test_dies.py", "collect")]
    assert outcomes(run) == passed(*other_ids())
    assert run.exit == 1


SESSION = {
    "conftest.py": f"{IMPORTS}@pytest.fixture(scope='session')\ndef s():\n    yield\n    {KILL}\n",
    "test_s.py": "def test_s(s): pass\n",
    **OTHERS,
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_death_in_a_sessions_teardown_is_red_and_loses_nothing(make_project, command):
    run = make_project(SESSION).run(*command)
    assert run.exit == 1, run.stdout + run.stderr
    assert all(phase == "teardown" for _, phase in failures(run)) and len(failures(run)) == 1
    calls = {key[0]: value for key, value in outcomes(run).items() if key[1] == "call"}
    assert calls == {node_id: ["passed"] for node_id in ["test_s.py::test_s", *other_ids()]}


def test_a_crash_loop_ends(make_project):
    """Every test dies: each is failed by its own death, or the run gives up saying so; never green, never endless."""
    code = "import os\nimport pytest\n@pytest.mark.parametrize('i', range(12))\ndef test_dies(i):\n    os._exit(1)\n"
    run = make_project({"test_loop.py": code}).run("-n", "2")
    assert run.exit in (1, 3) and run.seconds < 45
    assert all(len(value) == 1 for value in outcomes(run).values())
    assert len(failures(run)) == 12 or "restart" in run.stdout + run.stderr


def test_max_worker_restart_gives_up(make_project):
    code = "import os\nimport pytest\n@pytest.mark.parametrize('i', range(12))\ndef test_dies(i):\n    os._exit(1)\n"
    run = make_project({"test_loop.py": code}).run("-n", "2", "--max-worker-restart=3")
    assert run.exit != 0 and "restart" in run.stdout + run.stderr


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_child_that_returns_from_a_test_reports_nothing(make_project, command):
    code = "import os\ndef test_forks():\n    pid = os.fork()\n    if pid:\n        os.waitpid(pid, 0)\ndef test_after(): pass\n"
    run = make_project({"test_fork.py": code, **OTHERS}).run(*command)
    calls = {key[0]: len(value) for key, value in outcomes(run).items() if key[1] == "call"}
    assert calls == dict.fromkeys(["test_fork.py::test_forks", "test_fork.py::test_after", *other_ids()], 1)
    assert [key[0] for key in failures(run)] == ["test_fork.py::test_forks"]
    assert "child" in str(failures(run)) and run.exit == 1 and run.left == []


def test_an_out_of_memory_test_is_an_ordinary_failure(make_project):
    code = "import resource\ndef test_big():\n    resource.setrlimit(resource.RLIMIT_AS, (2**30, resource.getrlimit(resource.RLIMIT_AS)[1]))\n    bytes(2**40)\ndef test_after(): pass\n"
    run = make_project({"test_mem.py": code, **OTHERS}).run("-n", "2")
    assert [key[0] for key in failures(run)] == ["test_mem.py::test_big"] and run.exit == 1


def test_a_worker_out_of_descriptors_loses_nothing(make_project):
    code = "import os\ndef test_many():\n    try:\n        while True:\n            os.dup(1)\n    except OSError:\n        pass\ndef test_after(): pass\n"
    run = make_project({"test_fds.py": code, **OTHERS}).run("-n", "2")
    calls = {key[0]: len(value) for key, value in outcomes(run).items() if key[1] == "call"}
    assert all(count == 1 for count in calls.values()) and run.left == []
    assert run.exit in (0, 1, 3)


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_a_test_that_closes_a_standard_stream_loses_nothing(make_project, fd):
    code = f"import os\ndef test_closes():\n    os.close({fd})\ndef test_after(): pass\n"
    project = make_project({"test_fd.py": code, **OTHERS})
    run = project.run("-n", "2")
    done = {key[0] for key in outcomes(run)}
    assert done == {"test_fd.py::test_closes", "test_fd.py::test_after", *other_ids()} or run.exit == 3
    assert not any(len(value) > 1 for value in outcomes(run).values())


@pytest.mark.parametrize("descriptors", ["range(3, 256)"])
def test_a_test_that_closes_all_descriptors_is_red_not_lost(make_project, descriptors):
    """As daemons do: our own channel goes with them, and that may never look like success."""
    code = f"import os\ndef test_closes():\n    for fd in {descriptors}:\n        try:\n            os.close(fd)\n        except OSError:\n            pass\ndef test_after(): pass\n"
    run = make_project({"test_fd.py": code, **OTHERS}).run("-n", "2")
    reported = {key[0] for key, value in outcomes(run).items() if key[1] == "teardown" or "failed" in value}
    everything = {"test_fd.py::test_closes", "test_fd.py::test_after", *other_ids()}
    assert run.exit != 0 or reported == everything, run.stdout
    assert not any(len(value) > 1 for value in outcomes(run).values())


def test_garbage_in_the_cache_folder_is_rebuilt(make_project):
    project = make_project(OTHERS)
    cache = project.base / "cache" / "fastest"
    cache.mkdir(parents=True)
    (cache / "discovery_cache.json").write_bytes(os.urandom(4096))
    run = project.run("-n", "2")
    assert run.exit == 0 and outcomes(run) == passed(*other_ids())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_death_before_collection_ends_the_run_red(make_project, command):
    conftest = "import os\ndef pytest_configure(): os._exit(0)\n"
    run = make_project({"conftest.py": conftest, **OTHERS}).run(*command)
    assert run.exit == 3 and "exited with code 0" in run.stdout + run.stderr
    assert outcomes(run) == {} and run.left == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_broken_json_module_keeps_no_report_back(make_project, command):
    breaks = "import json\nfrom json import JSONEncoder as E\ndef test_breaks():\n    E.encode = E.iterencode = E.default = json.dumps = json.loads = None\n"
    run = make_project({"test_a.py": breaks + "def test_fails():\n    assert 'ab' == 'cd'\n", **OTHERS}).run(*command)
    check_only(run, "test_a.py::test_fails", "call", ["assert 'ab' == 'cd'"], ["test_a.py::test_breaks", *other_ids()])


WALKS = {  # What a folder's conftest does to the worker that lists the files: the arguments, exit code and a line.
    "always": ("os._exit(7)", [], 3, "crash loop"),
    "once": ("if os.environ['PYTEST_XDIST_WORKER'] == 'gw0': open(once, 'x').close(); os._exit(7)", [], 0, "gw0 exited with code 7"),
    "hangs": ("import time; time.sleep(600)", ["--hang-timeout", "1", "--max-worker-restart", "0"], 3, "hung"),
}


@pytest.mark.parametrize("way", WALKS)
def test_a_worker_that_ends_while_it_lists_the_files_does_not_hold_the_run_up(make_project, way):
    code, args, exit_code, line = WALKS[way]
    conftest = f"import os\nonce = os.path.join(os.path.dirname(__file__), 'once')\nif not os.path.exists(once):\n    {code}\n"
    files = {"a/test_a.py": "def test_one(): pass\n", "b/conftest.py": conftest, "b/test_b.py": "def test_two(): pass\n"}
    run = make_project(files).run("-n", "2", "--collect=file", *args)
    assert run.exit == exit_code and line in run.stdout + run.stderr, run.stdout + run.stderr
