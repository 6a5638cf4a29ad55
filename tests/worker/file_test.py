"""File mode: a worker collects the files that it is given, inside its one session."""

from fake_agent import file_unit, needs_file_mode

pytestmark = needs_file_mode

TWO = {
    "test_a.py": "def test_1(): pass\ndef test_2(): pass\n",
    "sub/test_b.py": "class TestB:\n    def test_3(self): pass\n",
    "sub/conftest.py": "import pytest\n@pytest.fixture\ndef here(): return 1\n",
    "sub/deep/test_c.py": "def test_4(here): assert here == 1\n",
}


def start(agent, *argv, n=2, **more):
    one = agent(*argv, n=n)
    ready = one.ready()
    assert ready["whole"] == [], ready
    return one.fork("file", **more)


def test_files_are_collected_and_run_one_after_the_other(project, agent):
    project(TWO)
    worker = start(agent)
    worker.assign_files("test_a.py", "sub/test_b.py")
    worker.until("LEASE_DONE")
    worker.assign_files("sub/deep/test_c.py")
    assert worker.stop()["exit"] == 0
    assert [each["ids"] for each in worker.all("COLLECTED")] == [
        ["test_a.py::test_1", "test_a.py::test_2"],
        ["sub/test_b.py::TestB::test_3"],
        ["sub/deep/test_c.py::test_4"],
    ]
    assert set(worker.outcomes().values()) == {"ppp"} and len(worker.outcomes()) == 4


def test_walk_lists_what_pytest_collects_in_its_order(project, agent):
    project(TWO)
    worker = start(agent)
    worker.send(32, {})
    assert worker.until("WALKED")["paths"] == ["sub/deep/test_c.py", "sub/test_b.py", "test_a.py"]


def test_parts_of_a_file_are_the_file(project, agent):
    project(
        test_a="""
        import pytest
        @pytest.fixture(scope="module")
        def once(): return []
        def setup_module(module): module.ready = True
        @pytest.mark.parametrize("n", range(2))
        def test_1(n, once): assert ready
        def test_2(once): assert ready
        class TestC:
            def test_1(self): assert ready
        """
    )
    worker = start(agent)
    worker.assign([file_unit(0, "test_a.py", include=["test_1"]), file_unit(1, "test_a.py", exclude=["test_1"])])
    assert worker.stop()["exit"] == 0
    assert [each["ids"] for each in worker.all("COLLECTED")] == [
        ["test_a.py::test_1[0]", "test_a.py::test_1[1]"],
        ["test_a.py::test_2", "test_a.py::TestC::test_1"],
    ]
    assert set(worker.outcomes().values()) == {"ppp"} and len(worker.outcomes()) == 4


def test_a_collection_error_is_told_and_the_worker_goes_on(project, agent):
    project(test_a="import nothing_of_the_kind\n", test_b="def test_1(): pass\n")
    worker = start(agent)
    worker.assign_files("test_a.py", "test_b.py")
    worker.stop()
    broken, fine = worker.all("COLLECTED")
    assert broken["ids"] == [] and broken["reports"][-1]["report"]["outcome"] == "failed"
    assert "nothing_of_the_kind" in broken["reports"][-1]["text"]
    assert fine["ids"] == ["test_b.py::test_1"]
    assert worker.outcomes() == {"test_b.py::test_1": "ppp"}


def test_what_other_files_import_is_there(project, agent):
    project({"pkg/__init__.py": "", "pkg/sub.py": "", "test_a.py": "import pkg\ndef test_1(): pkg.sub\n"})
    worker = start(agent, imports=["pkg.sub", "nothing_of_the_kind"])
    worker.assign_files("test_a.py")
    assert worker.stop()["exit"] == 0


def test_what_other_files_import_from_a_later_root_is_not(project, agent):
    root = project({"a/test_x.py": "import helper\ndef test_1(): pass\n", "b/helper.py": ""})
    worker = start(agent, imports=["helper"], roots=[str(root / "a"), str(root / "b")])
    worker.assign([file_unit(0, "a/test_x.py", roots=1)])
    worker.stop()
    assert "No module named 'helper'" in worker.all("COLLECTED")[0]["reports"][-1]["text"]
