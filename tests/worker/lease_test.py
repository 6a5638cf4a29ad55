"""What a worker does with its orders: RELEASE, REVOKE, STOP, items by name, unknown items."""

import textwrap

import pytest
from fake_agent import needs_file_mode

pytestmark = needs_file_mode

THREE = "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n"
WAITING = """
import os, time
def test_1():
    while not os.path.exists("go"): time.sleep(0.001)
def test_2(): pass
def test_3(): pass
"""


def start(agent, n=2):
    one = agent(n=n)
    one.ready()
    return one.fork("file")


def test_nothing_runs_before_release(project, agent):
    project(test_a=THREE)
    worker = start(agent)
    lease = worker.assign([{"unit": 5, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": []}], run=False)
    worker.until("COLLECTED")
    worker.until_state(1)
    assert not worker.all("REPORT")
    worker.send(34, {"lease": lease, "next": [], "gone": [], "rest": True})
    assert worker.until("LEASE_DONE")["lease"] == lease
    assert len(worker.outcomes()) == 3


def named(*names):
    return [{"unit": 5, "items": [[f"test_a.py::{name}", 0] for name in names]}]


MODULE_FIXTURE = """
import pytest
@pytest.fixture(scope="module", autouse=True)
def counted():
    with open("counted", "a") as file:
        file.write("x")
"""


def test_a_release_runs_what_it_names_in_its_order_and_the_rest_later(project, agent, tmp_path):
    project(test_a=MODULE_FIXTURE + THREE)
    worker = start(agent)
    lease = worker.assign([{"unit": 5, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": []}], run=False)
    worker.until("COLLECTED")
    worker.send(34, {"lease": lease, "next": named("test_3", "test_1"), "gone": [], "rest": False})
    worker.until("DONE", 2)
    worker.until_state(1)
    assert not worker.all("LEASE_DONE")
    worker.send(34, {"lease": lease, "next": [], "gone": [], "rest": True})
    worker.until("LEASE_DONE")
    assert [record["index"] for record in worker.all("DONE")] == [2, 0, 1]
    assert (tmp_path / "counted").read_text() == "x"  # What comes later is of the same module.


def test_what_is_gone_with_a_release_never_runs(project, agent):
    project(test_a=THREE)
    worker = start(agent)
    lease = worker.assign([{"unit": 5, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": []}], run=False)
    worker.until("COLLECTED")
    worker.send(34, {"lease": lease, "next": [], "gone": named("test_2", "test_3"), "rest": True})
    worker.until("LEASE_DONE")
    assert [record["index"] for record in worker.all("DONE")] == [0]


def test_revoke_gives_back_what_no_release_has_named(project, agent):
    project(test_a=THREE)
    worker = start(agent)
    lease = worker.assign([{"unit": 5, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": []}], run=False)
    worker.until("COLLECTED")
    worker.send(34, {"lease": lease, "next": named("test_1"), "gone": [], "rest": False})
    worker.until("DONE")
    worker.send(35, {"lease": lease})
    assert worker.until("REVOKED")["units"][0]["items"] == [["test_a.py::test_2", 0], ["test_a.py::test_3", 0]]
    worker.until("LEASE_DONE")
    worker.send(34, {"lease": lease, "next": named("test_2"), "gone": [], "rest": True})  # It was on its way.
    assert worker.stop()["exit"] == 0
    assert [record["index"] for record in worker.all("DONE")] == [0]


@pytest.mark.parametrize("how", ["revoked", "released to another"])
def test_a_file_is_collected_though_the_last_module_was_kept_for_tests_that_are_gone(project, agent, tmp_path, how):
    project(test_a=MODULE_FIXTURE + "    yield\n    open('torn down', 'w').close()\n" + THREE, test_b=THREE)
    worker = start(agent)
    lease = worker.assign([{"unit": 5, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": []}], run=False)
    worker.until("COLLECTED")
    worker.send(34, {"lease": lease, "next": named("test_1"), "gone": [], "rest": False})
    worker.until("DONE")
    worker.assign_files("test_b.py")
    if how == "revoked":
        worker.send(35, {"lease": lease})
    else:
        worker.send(34, {"lease": lease, "next": [], "gone": named("test_2", "test_3"), "rest": True})
    worker.until("LEASE_DONE", 2)
    assert (tmp_path / "torn down").exists()
    assert worker.stop()["exit"] == 0
    assert list(worker.outcomes().values()) == ["ppp"] * 4


def part(unit, *names):
    return [{"unit": unit, "path": "test_a.py", "roots": 0, "include": list(names), "exclude": [], "items": []}]


def test_another_part_of_the_file_that_is_set_up_is_collected_at_once(project, agent, tmp_path):
    project(test_a=MODULE_FIXTURE + WAITING)
    worker = start(agent)
    worker.assign(part(1, "test_1", "test_2"))
    worker.until_state(4)
    worker.assign(part(2, "test_3"))
    (tmp_path / "go").touch()
    worker.until("LEASE_DONE", 2)
    assert worker.stop()["exit"] == 0
    assert list(worker.outcomes().values()) == ["ppp"] * 3
    assert (tmp_path / "counted").read_text() == "x"


def test_a_file_is_collected_though_the_part_that_the_last_module_was_kept_for_is_gone(project, agent, tmp_path):
    project(test_a=MODULE_FIXTURE + WAITING, test_b=WAITING.replace('"go"', '"go on"'))
    worker = start(agent)
    worker.assign(part(1, "test_1", "test_2"))
    worker.until_state(4)
    lease = worker.assign(part(2, "test_3"))
    worker.send(35, {"lease": lease})
    worker.assign_files("test_b.py")
    (tmp_path / "go").touch()
    (tmp_path / "go on").touch()
    worker.until("LEASE_DONE", 3)
    assert worker.stop()["exit"] == 0
    assert list(worker.outcomes().values()) == ["ppp"] * 5


def test_revoke_gives_back_all_but_the_announced_successor(project, agent, tmp_path):
    project(test_a=WAITING, test_b=THREE)
    worker = start(agent)
    lease = worker.assign_files("test_a.py", "test_b.py")
    worker.until_state(4)
    worker.send(35, {"lease": lease})
    (tmp_path / "go").touch()
    revoked = worker.until("REVOKED")
    assert revoked["units"] == [
        {"unit": 1, "whole": True, "items": []},
        {"unit": 0, "whole": False, "items": [["test_a.py::test_3", 0]]},
    ] or revoked["units"] == [
        {"unit": 0, "whole": False, "items": [["test_a.py::test_3", 0]]},
        {"unit": 1, "whole": False, "items": [["test_b.py::test_1", 0], ["test_b.py::test_2", 0], ["test_b.py::test_3", 0]]},
    ]
    worker.stop()
    assert list(worker.outcomes()) == ["test_a.py::test_1", "test_a.py::test_2"]
    assert len(worker.all("LEASE_DONE")) == 1


CLASS = """
import os, time
class TestOne:
    {setup}
    def test_a(self):
        while not os.path.exists("go"): time.sleep(0.001)
    def test_b(self): pass
    def test_c(self): pass
    def test_d(self): pass
def test_after(): pass
"""


@pytest.mark.parametrize(
    "setup, back", [("def setup_class(cls): pass", ["test_after"]), ("x = 1", ["TestOne::test_c", "TestOne::test_d", "test_after"])]
)
def test_revoke_leaves_what_is_left_of_a_class_with_its_begun_tests_unless_nothing_ties_them(project, agent, tmp_path, setup, back):
    project(test_a=CLASS.format(setup=setup))
    worker = start(agent)
    lease = worker.assign_files("test_a.py")
    worker.until_state(4)
    worker.send(35, {"lease": lease})
    (tmp_path / "go").touch()
    assert worker.until("REVOKED")["units"] == [
        {"unit": 0, "whole": False, "items": [[f"test_a.py::{name}", 0] for name in back]}
    ]
    worker.stop()
    assert len(worker.outcomes()) == 5 - len(back)
    assert len(worker.all("LEASE_DONE")) == 1


def test_finish_drops_the_queue_after_the_running_item(project, agent, tmp_path):
    project(test_a=WAITING)
    worker = start(agent)
    worker.assign_files("test_a.py")
    worker.until_state(4)
    worker.send(36, {"how": "finish"})
    (tmp_path / "go").touch()
    worker.until("BYE")
    assert worker.outcomes() == {"test_a.py::test_1": "ppp"}


def test_items_are_named_by_id_and_occurrence(project, agent):
    project(test_a=THREE)
    worker = start(agent)
    wanted = [["test_a.py::test_3", 0], ["test_a.py::gone", 0], ["test_a.py::test_1", 1]]
    worker.assign([{"unit": 0, "path": "test_a.py", "roots": 0, "include": [], "exclude": [], "items": wanted}])
    worker.stop()
    assert worker.all("UNKNOWN")[0]["items"] == [["test_a.py::gone", 0], ["test_a.py::test_1", 1]]
    assert worker.outcomes() == {"test_a.py::test_3": "ppp"}


def test_a_worker_stops_at_its_own_maxfail(project, agent):
    project(test_a="def test_1(): assert 0\ndef test_2(): pass\n")
    one = agent("-x", n=2)
    one.ready()
    worker = one.fork("file")
    worker.assign_files("test_a.py")
    worker.until("BYE")
    assert dict(worker.all("STOPPING")[0]) == {"kind": "fail", "reason": "stopping after 1 failures", "exit": None}
    assert worker.outcomes() == {"test_a.py::test_1": "pfp"}


def test_pytest_exit_names_its_code(project, agent):
    project(test_a="import pytest\ndef test_1(): pytest.exit('enough', 9)\ndef test_2(): pass\n")
    worker = start(agent)
    worker.assign_files("test_a.py")
    bye = worker.until("BYE")
    assert dict(worker.all("STOPPING")[0]) == {"kind": "exit", "reason": "_pytest.outcomes.Exit: enough", "exit": 9}
    assert bye["exit"] == 9


def test_roots_are_on_sys_path_up_to_the_file_and_all_during_tests(project, agent, tmp_path):
    text = textwrap.dedent(
        """
        import sys
        seen = list(sys.path)
        def test_1():
            assert {here!r} in seen and ({there!r} in seen) == {known}
            assert {there!r} in sys.path
        """
    )
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    project({"one/test_a.py": text.format(here=one, there=two, known=False), "two/test_b.py": "def test_2(): pass\n"})
    zygote = agent(n=2)
    zygote.ready()
    worker = zygote.fork("file", roots=[one, two])
    worker.assign([{"unit": 0, "path": "one/test_a.py", "roots": 1, "include": [], "exclude": [], "items": []}])
    assert worker.stop()["exit"] == 0, worker.all("REPORT")
