"""READY: facts and verdicts, and the errors that come in its place."""

import sys

import pytest
from fake_agent import needs_file_mode

NOT_PER_ITEM = {
    "reorders": "def pytest_collection_modifyitems(items): items.reverse()\n",
    "deselects": "def pytest_collection_modifyitems(config, items): items[:] = [i for i in items if i.name != 'test_1']\n",
    "counts": "def pytest_collection_modifyitems(items):\n    n = 0\n    for item in items:\n        n += 1\n        item.n = n\n",
    "keeps": "seen = set()\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        seen.add(item.name)\n",
    "carries": "def pytest_collection_modifyitems(items):\n    for item in items:\n        if item.name == 'a':\n            last = item\n"
    "        item.last = last\n        last = item\n",
    "breaks": "def pytest_collection_modifyitems(items):\n    for item in items:\n        break\n",
    "length": "def pytest_collection_modifyitems(items):\n    for item in items:\n        item.of = len(items)\n",
    "session": "def pytest_collection_modifyitems(session, items):\n    for item in items:\n        session.items.remove(item)\n",
    "helper": "kept = []\ndef keep(item): kept.append(item)\ndef pytest_collection_modifyitems(items):\n"
    "    for item in items:\n        keep(item)\n",
    "wraps": "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_collection_modifyitems(items):\n    yield\n",
}
PER_ITEM = {
    "marks": """
import pytest
def pytest_collection_modifyitems(config, items):
    if config.getoption("verbose") > 7:
        return
    skip = pytest.mark.skip(reason="slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
""",
    "paths": """
import os, pytest
from pathlib import Path
def where(item): return Path(str(item.fspath)).parent.name
def pytest_collection_modifyitems(items):
    for item in items:
        folder = where(item)
        if any(part == folder for part in ("db", "web")):
            item.add_marker(getattr(pytest.mark, folder))
        elif not item.get_closest_marker("unit"):
            continue
""",
}


def verdict(project, agent, conftest, *argv, **more):
    project({"conftest.py": conftest, "test_a.py": "def test_1(): pass\n"})
    return agent(*argv, n=2, **more).ready()


def test_facts(project, agent, tmp_path):
    ready = verdict(project, agent, "", "-v", "--maxfail=3", "test_a.py")
    assert ready["rootdir"] == str(tmp_path) and ready["inipath"] == str(tmp_path / "pytest.ini")
    assert ready["args"] == ["test_a.py"] and ready["args_source"] == "args"
    assert ready["options"]["maxfail"] == 3 and ready["options"]["verbose"] == 1
    assert ready["ini"]["python_files"] == ["test_*.py", "*_test.py"]
    assert ready["header"][0].startswith("platform linux -- Python 3.")
    assert ready["header"][2].startswith(f"rootdir: {tmp_path}")
    assert ready["each"] == ready["fresh"] == []


@needs_file_mode
@pytest.mark.parametrize("name", NOT_PER_ITEM)
def test_a_hook_on_the_whole_list_forces_whole_mode(project, agent, name):
    assert verdict(project, agent, NOT_PER_ITEM[name])["whole"] == ["conftest.py implements pytest_collection_modifyitems"]


LATE = {
    "Later.pytest_collection_modifyitems": "class Later:\n    def pytest_collection_modifyitems(self, items): items.reverse()\n"
    "def pytest_configure(config): config.pluginmanager.register(Later())\n",
    "pytest_collection_modifyitems in pytest_configure": "class Later: pass\ndef turn(items): items.reverse()\n"
    "def pytest_configure(config):\n    Later.pytest_collection_modifyitems = staticmethod(turn)\n"
    "    config.pluginmanager.register(Later())\n",
}


@needs_file_mode
@pytest.mark.parametrize("hook", LATE)
def test_a_hook_on_the_whole_list_that_comes_with_pytest_configure_forces_whole_mode(project, agent, hook):
    assert verdict(project, agent, LATE[hook])["whole"] == [f"conftest.py has {hook}"]


@needs_file_mode
@pytest.mark.parametrize("name", PER_ITEM)
def test_a_hook_that_treats_items_one_by_one_does_not(project, agent, name):
    assert verdict(project, agent, PER_ITEM[name])["whole"] == []


@needs_file_mode
@pytest.mark.parametrize(
    "argv, reason",
    [
        (["--lf"], "--lf looks"),
        (["--ff"], "--ff looks"),
        (["--nf"], "--nf looks"),
        (["--sw"], "--stepwise looks"),
        (["test_a.py::test_1"], "names a test"),
        (["test_a.py", "."], "overlaps"),
        (["test_a.py", "test_a.py"], "overlaps"),
        (["--keep-duplicates"], "--keep-duplicates looks"),
    ],
)
def test_options_and_arguments_that_force_whole_mode(project, agent, argv, reason):
    assert reason in verdict(project, agent, "", *argv)["whole"][0]


@needs_file_mode
def test_a_session_fixture_with_params_forces_whole_mode(project, agent):
    ready = verdict(project, agent, "import pytest\n@pytest.fixture(scope='session', params=[1, 2])\ndef f(request): pass\n")
    assert ready["whole"] == ["the fixture f of conftest.py has params and scope session"]


def test_configuring_something_forbids_forks_of_the_collected_session(project, agent):
    ready = verdict(project, agent, "def pytest_configure(config): config.thing = open('pytest.ini')\n")
    assert ready["each"] == ["conftest.py implements pytest_configure"]


def test_registering_a_marker_does_not(project, agent):
    conftest = "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow: takes long')\n"
    assert verdict(project, agent, conftest)["each"] == []


@pytest.mark.parametrize(
    "conftest, reason",
    [
        ("import os\nos.environ.get('PYTEST_XDIST_WORKER')\n", "conftest.py:2 reads PYTEST_XDIST_WORKER while loading"),
        ("import os\npid = os.getpid()\n", "conftest.py:2 calls os.getpid while loading"),
        ("import tempfile\nfolder = tempfile.mkdtemp()\n", "conftest.py:2 calls tempfile.mkdtemp while loading"),
        ("import socket\ns = socket.socket()\n", "is open on socket"),
        ("import threading\nt = threading.Thread(target=threading.Event().wait, daemon=True)\nt.start()\n", "the thread "),
    ],
)
def test_what_a_fork_would_get_wrong_asks_for_fresh_processes(project, agent, conftest, reason):
    ready = verdict(project, agent, conftest)
    assert len(ready["fresh"]) >= 1 and reason in ready["fresh"][0]


def test_a_usage_error_has_pytests_text_and_status(project, agent):
    project()
    failed = agent("--no-such-option").until("FAILED")
    assert failed["exit"] == 4
    assert "error: unrecognized arguments: --no-such-option" in failed["text"]


def test_a_conftest_that_raises_has_pytests_text_and_status(project, agent, tmp_path):
    project({"conftest.py": "import nothing_of_the_kind\n"})
    failed = agent().until("FAILED")
    assert failed["exit"] == 4
    assert failed["text"].startswith(f"ImportError while loading conftest '{tmp_path}/conftest.py'.\n")


def test_a_missing_argument_fails_the_whole_collection(project, agent):
    project()
    one = agent("gone.py", n=2)
    one.ready()
    one.stream.send(2, {"start": {}})
    failed = one.until("FAILED")
    assert failed["exit"] == 4 and failed["text"] == "ERROR: file or directory not found: gone.py\n\n"


def test_a_missing_argument_stops_the_single_worker(project, agent):
    project()
    one = agent("gone.py")
    one.ready()
    worker = one.become()
    assert worker.until("BYE")["exit"] == 4
    stopping = dict(worker.all("STOPPING")[0])
    assert stopping == {"kind": "usage", "reason": "ERROR: file or directory not found: gone.py\n\n", "exit": 4}


def test_the_header_under_v_names_the_interpreter_and_the_cache(project, agent):
    project()
    plain, verbose = agent().ready()["header"], agent("-v").ready()["header"]
    assert verbose[:2] == [f"{plain[0]} -- {sys.executable}", "cachedir: .pytest_cache"]
    assert verbose[2:] == plain[1:]


@pytest.mark.parametrize("worker_id, left", [("", []), ("gw0", ["value"])])
def test_the_cache_is_cleared_once_and_by_no_worker(project, agent, worker_id, left):
    root = project({".pytest_cache/v/value": "1", ".pytest_cache/README.md": "kept"})
    agent("--cache-clear", n=2, **({"id": worker_id} if worker_id else {})).ready()
    assert [path.name for path in (root / ".pytest_cache").glob("v/*")] == left
    assert (root / ".pytest_cache" / "README.md").exists()


OWN_LOOPS = {
    "hook": ("def pytest_runtestloop(session): return True\n", ["conftest.py implements pytest_runtestloop"]),
    "class": (
        "class Loop:\n    def pytest_runtestloop(self): return True\ndef pytest_configure(config): config.pluginmanager.register(Loop())\n",
        ["conftest.py has Loop.pytest_runtestloop"],
    ),
    "counting wrapper": (
        "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n    session.testsfailed = 0\n",
        ["conftest.py implements pytest_runtestloop"],
    ),
    "for an option that is not given": ("def pytest_runtestloop(session):\n    'Once more.'\n    if not session.config.option.lf: return\n    return True\n", []),
    "for an option that is": (
        "def pytest_runtestloop(session):\n    if not session.config.getoption('capture'): return None\n    return True\n",
        ["conftest.py implements pytest_runtestloop"],
    ),
    "that does something first": (
        "def pytest_runtestloop(session):\n    if print() is None: return None\n",
        ["conftest.py implements pytest_runtestloop"],
    ),
    "wrapper": ("import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n", []),
    "class with a wrapper": (
        "import pytest\nclass Loop:\n    @pytest.hookimpl(hookwrapper=True)\n    def pytest_runtestloop(self):\n        yield\n",
        [],
    ),
}


@pytest.mark.parametrize("name", OWN_LOOPS)
def test_who_runs_the_tests_by_itself_is_named(project, agent, name):
    conftest, reasons = OWN_LOOPS[name]
    project({"conftest.py": conftest})
    assert agent().ready()["alone"] == reasons
