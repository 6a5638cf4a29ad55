"""What pytest-xdist offers to conftests and the command line: each is there, or said not to be."""

import importlib.util
import json

import pytest
import running

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="ours")
TWO = {f"test_{x}.py": f"def test_{x}(): pass\n" for x in "ab"}

NODE_HOOKS = """
import json, os
CALLS = []
def say(*what): CALLS.append(list(what))
def pytest_xdist_setupnodes(config, specs): say("setupnodes", [spec.id for spec in specs])
def pytest_xdist_newgateway(gateway): say("newgateway", gateway.id)
def pytest_configure_node(node): say("configure", node.gateway.id, node.workerinput["workercount"])
def pytest_testnodeready(node): say("ready", node.gateway.id)
def pytest_xdist_node_collection_finished(node, ids): say("collected", node.gateway.id, sorted(ids))
def pytest_testnodedown(node, error): say("down", node.gateway.id, error)
def pytest_unconfigure(config):
    if CALLS: open(f"calls_{os.getpid()}", "w").write(json.dumps(CALLS))
"""


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="xdist is not installed")
@pytest.mark.parametrize("n", ["1", "2"])
def test_its_modules_may_be_asked_for_as_plugins(make_project, n):
    run = make_project(TWO).run("-n", n, "-p", "xdist.plugin", "-p", "xdist.looponfail", env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert run.exit == 0, run.stderr


@pytest.mark.parametrize("mode", ["file", "whole"])
def test_the_hooks_of_nodes_are_called_in_the_main_process_for_each_worker(make_project, mode):
    project = make_project({**TWO, "conftest.py": NODE_HOOKS})
    assert project.run("-n", "2", "--collect", mode).exit == 0
    (file,) = project.root.glob("calls_*")
    calls = json.loads(file.read_text())
    assert calls[0] == ["setupnodes", ["gw0", "gw1"]]
    ids = ["test_a.py::test_a", "test_b.py::test_b"]
    for name in ("gw0", "gw1"):
        mine = [call for call in calls[1:] if call[1] == name]
        assert mine[:2] == [["newgateway", name], ["configure", name, 2]]
        assert ["collected", name, ids] in mine
    up = {call[1] for call in calls if call[0] == "ready"}
    assert up and up == {call[1] for call in calls if call[0] == "down"}


@pytest.mark.parametrize(
    "conftest, args, said",
    [
        ("def pytest_xdist_make_scheduler(config, log): 1 / 0\n", ("-n", "2"), "pytest_xdist_make_scheduler is not called: --dist"),
        ("def pytest_handlecrashitem(crashitem, report, sched): 1 / 0\n", ("-n", "2"), "pytest_handlecrashitem is not called: a test"),
        ("def pytest_xdist_auto_num_workers(config): 1 / 0\n", ("-n", "auto"), "pytest_xdist_auto_num_workers is not called: -n N"),
    ],
)
def test_a_hook_that_cannot_be_honoured_is_named(make_project, conftest, args, said):
    run = make_project({**TWO, "conftest.py": conftest}).run(*args, env={"PYTEST_XDIST_AUTO_NUM_WORKERS": "2"})
    assert run.exit == 0, run.stdout + run.stderr
    assert run.stdout.count(f"fastest: warning: conftest.py: {said}") == 1


def test_dist_each_is_refused_with_what_is_allowed(make_project):
    run = make_project(TWO).run("-n", "2", "--dist", "each")
    assert run.exit == 4
    assert "--dist each: every test runs once, on one worker (hint: load, loadfile, loadscope, loadgroup)" in run.stderr


@pytest.mark.parametrize("count", ["auto", "logical"])
def test_auto_and_logical_count_processors_or_what_the_environment_says(make_project, count):
    run = make_project(TWO).run("-n", count, env={"PYTEST_XDIST_AUTO_NUM_WORKERS": "3"})
    assert "workers: 3" in run.stdout


WORKERS = """
import pathlib, pytest
def test_one(worker_id): pathlib.Path(f"{0}_one").write_text(worker_id)
@pytest.mark.xdist_group("pair")
def test_pair(worker_id): pathlib.Path("{0}_pair").write_text(worker_id)
class TestClass:
    def test_x(self, worker_id): pathlib.Path("{0}_x").write_text(worker_id)
    def test_y(self, worker_id): pathlib.Path("{0}_y").write_text(worker_id)
"""


SLOW_GROUPS = """
import pathlib, pytest, time
@pytest.mark.parametrize("i", range(12))
@pytest.mark.xdist_group("slow")
def test_slow(i, worker_id):
    time.sleep(0.05)
    pathlib.Path(f"slow_{i}").write_text(worker_id)
@pytest.mark.parametrize("i", range(12))
@pytest.mark.xdist_group("quick")
def test_quick(i, worker_id): pathlib.Path(f"quick_{i}").write_text(worker_id)
class TestOther:
    @pytest.mark.parametrize("i", range(12))
    def test_class(self, i, worker_id):
        time.sleep(0.05)
        pathlib.Path(f"class_{i}").write_text(worker_id)
"""


@pytest.mark.parametrize("mode", ["loadgroup", "loadscope", "loadfile"])
def test_a_group_is_not_cut_for_idle_workers(make_project, mode):
    project = make_project({"test_a.py": SLOW_GROUPS, "test_b.py": "def test_b(): pass"})
    run = project.run("-n", "4", "--optimizer", "optimized", "--dist", mode)
    assert run.exit == 0, run.stdout
    who = {path.name: path.read_text() for path in project.root.glob("*_[0-9]*")}
    assert len(who) == 36
    for group in ("slow", "quick") if mode == "loadgroup" else ("class",):
        assert len({worker for name, worker in who.items() if name.startswith(group)}) == 1, who


@pytest.mark.parametrize("mode", ["loadgroup", "loadscope", "loadfile"])
def test_a_group_stays_together_on_one_worker_and_node_ids_stay_as_they_are(make_project, mode):
    project = make_project({f"test_{x}.py": WORKERS.replace("{0}", x).replace('f"', '"') for x in "abcd"})
    run = project.run("-n", "2", "--dist", mode)
    assert run.exit == 0, run.stdout
    who = {path.name: path.read_text() for path in project.root.glob("?_*")}
    assert len(who) == 16 and set(who.values()) <= {"gw0", "gw1"}
    if mode == "loadgroup":
        assert len({who[f"{x}_pair"] for x in "abcd"}) == 1
    elif mode == "loadscope":
        assert all(who[f"{x}_x"] == who[f"{x}_y"] and who[f"{x}_one"] == who[f"{x}_pair"] for x in "abcd")
    else:
        assert all(len({who[f"{x}_{each}"] for each in ("one", "pair", "x", "y")}) == 1 for x in "abcd")
    assert not any("@" in line["nodeid"] for line in run.log if "nodeid" in line)


def test_long_tests_of_which_nothing_is_known_do_not_wait_for_one_another(make_project):
    quick = "import pytest\n@pytest.mark.parametrize('i', range(60))\ndef test_quick(i): pass\n"
    slow = "import pytest, time\n@pytest.mark.parametrize('i', range(4))\ndef test_slow(i, worker_id):\n    time.sleep(0.7)\n"
    slow += "    open(f'{i}.who', 'w').write(worker_id)\n"
    project = make_project({"test_a.py": quick, "test_b.py": slow})
    run = project.run("-n", "4", "--collect", "whole")
    assert run.exit == 0, run.stdout
    assert len({path.read_text() for path in project.root.glob("*.who")}) > 1


BIG_CLASS = """
import time, unittest
class TestBig(unittest.TestCase):
{0}
    pass
{1}
"""


@pytest.mark.parametrize(("shared", "workers"), [("", 2), ("    state = []", 1)], ids=["free", "tied"])
def test_a_long_class_goes_to_several_workers_unless_something_ties_its_methods_together(make_project, shared, workers):
    body = "        time.sleep(0.2)\n        open('{0}.who', 'w').write(__import__('os').environ['PYTEST_XDIST_WORKER'])\n"
    methods = "".join(f"    def test_{name}(self):\n{body.format(name)}" for name in "abcdefghijkl")
    project = make_project({"test_a.py": BIG_CLASS.format(shared, methods), "test_b.py": "def test_b(): pass"})
    run = project.run("-n", "2", "--collect", "whole")
    assert run.exit == 0, run.stdout
    assert len({path.read_text() for path in project.root.glob("*.who")}) == workers
