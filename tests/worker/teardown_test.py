"""nextitem and the held teardown report: outer fixtures live until it is known that nothing more needs them."""

from fake_agent import file_unit, needs_file_mode

pytestmark = needs_file_mode

FIXTURES = """
import pytest
@pytest.fixture(scope="session")
def session_thing():
    yield 1
    print("session torn down")
    {ending}
"""
USERS = {
    "test_a.py": "def test_a(session_thing): pass\n",
    "test_b.py": "def test_b(session_thing): pass\n",
}


def start(project, agent, ending="pass", mode="file", **more):
    project({"conftest.py": FIXTURES.format(ending=ending), **USERS, **more})
    one = agent(n=2)
    one.ready()
    return one.fork("file")


def phases(worker):
    return [(each["unit"], each["phase"], each["outcome"]) for each in worker.all("REPORT")]


def test_the_last_items_teardown_is_held_and_the_item_is_done(project, agent):
    worker = start(project, agent)
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    worker.until_state(1)
    assert phases(worker) == [(0, "setup", "passed"), (0, "call", "passed")]
    assert len(worker.all("DONE")) == 1
    assert worker.words[5] == 0  # The item whose report is held.


def test_the_held_report_goes_out_as_the_next_item_starts(project, agent):
    worker = start(project, agent)
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    worker.assign_files("test_b.py")
    worker.until("LEASE_DONE", 2)
    assert phases(worker)[2] == (0, "teardown", "passed")
    assert phases(worker)[3] == (100, "setup", "passed")


def test_session_finalizers_run_once_as_the_last_items_teardown(project, agent):
    worker = start(project, agent)
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    worker.assign_files("test_b.py")
    worker.stop()
    assert len(phases(worker)) == 6
    last = worker.all("REPORT")[-1]
    assert last["envelope"]["report"]["sections"] == [["Captured stdout teardown", "session torn down\n"]]


def test_a_failing_session_finalizer_fails_the_last_items_teardown(project, agent):
    worker = start(project, agent, ending="raise RuntimeError('late')")
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    assert worker.stop()["testsfailed"] == 1
    assert phases(worker) == [(0, "setup", "passed"), (0, "call", "passed"), (0, "teardown", "failed")]
    assert worker.all("REPORT")[-1]["envelope"]["short"] == "RuntimeError: late"


def test_both_teardown_failures_are_in_one_report(project, agent):
    own = """
import pytest
@pytest.fixture
def own():
    yield
    raise ValueError("early")
def test_a(session_thing, own): pass
"""
    worker = start(project, agent, ending="raise RuntimeError('late')", **{"test_a.py": own})
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    worker.stop()
    reports = [each for each in worker.all("REPORT") if each["phase"] == "teardown"]
    assert len(reports) == 1
    assert "early" in reports[0]["envelope"]["text"] and "late" in reports[0]["envelope"]["text"]


def test_a_package_fixture_lives_until_its_package_is_left(project, agent):
    package = """
import pytest
log = []
@pytest.fixture(scope="package")
def thing():
    log.append("up")
    yield log
    log.append("down")
"""
    worker = start(
        project,
        agent,
        **{
            "pkg/__init__.py": "",
            "pkg/conftest.py": package,
            "pkg/test_1.py": "def test_1(thing): assert thing == ['up']\n",
            "pkg/test_2.py": "def test_2(thing): assert thing == ['up']\n",
            "test_z.py": "def test_z():\n    from pkg.conftest import log\n    assert log == ['up', 'down']\n",
        },
    )
    worker.assign_files("pkg/test_1.py", "pkg/test_2.py", "test_z.py")
    assert worker.stop()["exit"] == 0


def test_a_file_is_not_imported_while_fixtures_of_another_are_set_up(project, agent):
    chdir = """
import os, pytest
@pytest.fixture(scope="module", autouse=True)
def away(tmp_path_factory):
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("away"))
    yield
    os.chdir(before)
def test_1(): pass
def test_2(): pass
"""
    worker = start(project, agent, **{"test_1.py": chdir, "test_2.py": "open('pytest.ini')\ndef test_3(): pass\n"})
    worker.assign([file_unit(1, "test_1.py")])
    worker.assign([file_unit(2, "test_2.py")])
    assert worker.stop()["exit"] == 0
    assert len(worker.outcomes()) == 3


def test_for_a_hook_that_reads_nextitem_the_last_item_waits_for_its_successor(project, agent):
    hook = "def pytest_runtest_teardown(item, nextitem): print('before', nextitem.name)\n"
    worker = start(project, agent, **{"conftest.py": FIXTURES.format(ending="pass") + hook})
    lease = worker.assign_files("test_a.py")
    worker.until_state(1, lease)
    worker.assign_files("test_b.py")
    worker.until("LEASE_DONE")
    teardown = [each for each in worker.all("REPORT") if each["phase"] == "teardown"][0]
    assert teardown["envelope"]["report"]["sections"] == [["Captured stdout teardown", "before test_b\n"]]
    worker.stop()


def test_a_hook_that_reads_nextitem_is_told_that_another_file_follows(project, agent, tmp_path):
    counted = """
import pytest
@pytest.fixture(scope="session")
def session_thing():
    with open("counted", "a") as file: file.write("x")
def pytest_runtest_teardown(item, nextitem): print("before", nextitem and (nextitem.module, isinstance(nextitem, pytest.Item)))
"""
    two = """
import os, time
def test_1(session_thing):
    while not os.path.exists("go"): time.sleep(0.001)
def test_2(session_thing): pass
"""
    worker = start(project, agent, **{"conftest.py": counted, "test_a.py": two})
    worker.assign_files("test_a.py")
    worker.until_state(4)
    worker.assign_files("test_b.py")
    (tmp_path / "go").touch()
    worker.until("LEASE_DONE", 2)
    worker.stop()
    said = [each["envelope"]["report"]["sections"] for each in worker.all("REPORT") if each["phase"] == "teardown"]
    assert said[1] == [["Captured stdout teardown", "before (None, True)\n"]]
    assert said[2] == [["Captured stdout teardown", "before None\n"]]
    assert (tmp_path / "counted").read_text() == "x"


def test_of_an_item_that_a_plugin_runs_twice_only_the_last_teardown_is_held(project, agent):
    hook = """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem)
    return True
"""
    worker = start(project, agent, **{"conftest.py": FIXTURES.format(ending="pass") + hook})
    worker.assign_files("test_a.py")
    worker.until("LEASE_DONE")
    worker.until_state(1)
    assert [phase for _, phase, _ in phases(worker)] == ["setup", "call", "teardown", "setup", "call"]
    worker.stop()
    assert len(phases(worker)) == 6
