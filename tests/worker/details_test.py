"""What tests may do and what pytest makes of it, seen through one worker."""

import pytest
from fake_agent import needs_file_mode


def test_kinds_of_outcomes_have_pytests_status_and_reason(project, single):
    project(
        test_a="""
        import pytest, unittest
        @pytest.mark.xfail(reason="known")
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        @pytest.mark.skip(reason="not now")
        def test_skip(): pass
        class TestU(unittest.TestCase):
            def test_ok(self): self.assertTrue(1)
            def test_bad(self): self.assertTrue(0)
            @unittest.expectedFailure
            def test_expected(self): self.assertTrue(0)
        """
    )
    worker, bye = single()
    assert {name.split("::")[-1]: how for name, how in worker.outcomes().items()} == {
        "test_xfail": "psp", "test_xpass": "ppp", "test_strict": "pfp", "test_skip": "sp", "test_ok": "ppp", "test_bad": "pfp",
        "test_expected": "psp",
    }
    xfail = worker.report("test_xfail", "call")["envelope"]
    assert xfail["status"] == ["xfailed", "x", "XFAIL"] and xfail["report"]["wasxfail"] == "known"
    assert worker.report("test_xpass", "call")["envelope"]["status"][0] == "xpassed"
    assert worker.report("test_skip", "setup")["envelope"]["report"]["longrepr"][2] == "Skipped: not now"
    assert bye["testsfailed"] == 2


def test_subtests_are_further_reports_of_their_item(project, single):
    if not hasattr(pytest, "Subtests"):
        pytest.skip("subtests are core since pytest 9")
    project(
        test_a="""
        def test_1(subtests):
            for n in range(3):
                with subtests.test(n=n): assert n != 1
        """
    )
    worker, _ = single()
    calls = [each for each in worker.all("REPORT") if each["phase"] == "call"]
    assert [each["outcome"] for each in calls] == ["passed", "failed", "passed", "failed"]
    assert {each["index"] for each in calls} == {0}
    assert [each["envelope"]["report"]["$report_type"] for each in calls[:3]] == ["SubTestReport"] * 3


def test_a_module_that_skips_itself_is_a_collect_report(project, agent):
    project(test_a="import pytest\npytest.skip('not here', allow_module_level=True)\n")
    one = agent()
    one.ready()
    collected = one.become().until("COLLECTED")
    assert collected["ids"] == []
    assert [each["report"]["outcome"] for each in collected["reports"]] == ["skipped"]


def test_single_with_a_collection_error_ends_as_pytest_does(project, single):
    project(test_a="import gone\n", test_b="def test_1(): pass\n")
    one_worker, bye = single()
    assert bye["exit"] == 2


def test_collection_that_maxfail_ends_is_told(project, agent):
    project(test_a="import gone\n", test_b="def test_1(): pass\n")
    one = agent("-x")
    one.ready()
    worker = one.become()
    assert worker.until("BYE")["exit"] == 1
    assert worker.all("STOPPING")[0]["kind"] == "fail"
    assert worker.all("COLLECTED")[0]["reports"][0]["report"]["outcome"] == "failed"


def test_a_test_that_forks_and_returns_in_the_child_fails(project, single):
    project(test_a="import os\ndef test_1(): os.fork()\ndef test_2(): pass\n")
    worker, _ = single()
    assert worker.outcomes() == {"test_a.py::test_1": "pfp", "test_a.py::test_2": "ppp"}
    assert "child process returned into pytest" in worker.report("test_1", "call")["envelope"]["text"]


def test_a_test_that_forks_and_exits_in_the_child_passes(project, single):
    project(test_a="import os\ndef test_1():\n    pid = os.fork()\n    if not pid: os._exit(0)\n    os.waitpid(pid, 0)\n")
    worker, _ = single()
    assert worker.outcomes() == {"test_a.py::test_1": "ppp"}


def test_a_breakpoint_without_a_terminal_fails_its_test(project, single):
    project(test_a="def test_1(): breakpoint()\ndef test_2():\n    import pdb; pdb.set_trace()\n")
    worker, _ = single()
    for name in ("test_1", "test_2"):
        assert worker.report(name, "call")["envelope"]["short"].endswith("breakpoint() needs the terminal: rerun with --pdb")


def test_warnings_are_told_with_pytests_text(project, single):
    project(test_a="import warnings\ndef test_1(): warnings.warn('careful')\n")
    worker, _ = single()
    warning = worker.all("WARNING")[0]
    assert warning["message"] == "careful" and warning["category"] == "UserWarning" and warning["when"] == "runtest"
    assert warning["nodeid"] == "test_a.py::test_1" and "UserWarning: careful" in warning["text"]


def test_the_process_looks_as_python_m_pytest_starts_it(project, single, tmp_path):
    project(
        test_a=f"""
        import os, sys
        def test_1():
            assert {str(tmp_path)!r} in sys.path[:2]
            assert sys.argv[0].endswith("pytest/__main__.py") and sys.argv[1:] == ["-q"]
            assert not any(os.path.exists(os.path.join(folder, "fastest", "zygote.py")) for folder in sys.path)
            assert "PYTEST_XDIST_WORKER" not in os.environ
        def test_2(request): assert not hasattr(request.config, "workerinput")
        """
    )
    worker, bye = single("-q")
    assert bye["exit"] == 0, worker.all("REPORT")


@pytest.mark.parametrize("plugin", ["terminal", "cacheprovider", "capture", "logging", "faulthandler", "warnings", "debugging", "xdist"])
def test_pytest_without_one_of_its_plugins(project, single, plugin):
    project(test_a="def test_1(): pass\n")
    worker, bye = single("-p", f"no:{plugin}")
    assert bye["exit"] == 0 and worker.outcomes() == {"test_a.py::test_1": "ppp"}


@pytest.mark.parametrize("option", ["--junitxml=out.xml", "--report-log=out.xml"])
def test_a_report_file_is_not_the_workers_to_write(project, single, tmp_path, option):
    project(test_a="def test_1(): pass\n")
    _, bye = single(option)
    assert bye["exit"] == 0 and not (tmp_path / "out.xml").exists()


@pytest.mark.parametrize("options", [(), ("--lf",), ("--nf",), ("--sw",)])
def test_no_worker_writes_the_cache(project, single, tmp_path, options):
    project(test_a="def test_1(): assert 0\n")
    single(*options)
    assert not list(tmp_path.glob(".pytest_cache/v/cache/*"))


@pytest.mark.parametrize("option", ["--max-warnings=0", "--durations=3", "--cache-clear"])
def test_options_for_the_whole_run_change_nothing_in_a_worker(project, single, tmp_path, option):
    project(test_a="import warnings\ndef test_1(): warnings.warn('x')\n")
    (tmp_path / ".pytest_cache").mkdir()
    if option.startswith("--max-warnings") and tuple(map(int, pytest.__version__.split(".")[:2])) < (9, 1):
        pytest.skip("pytest has it since 9.1")
    _, bye = single(option)
    assert bye["exit"] == 0 and (tmp_path / ".pytest_cache").exists()


def test_full_reports_carry_every_report(project, single):
    project(test_a="def test_1(): pass\n")
    worker, _ = single(full_reports=True)
    assert all(each["envelope"]["report"]["$report_type"] == "TestReport" for each in worker.all("REPORT"))
    assert [each["report"]["nodeid"] for each in worker.all("COLLECTED")[0]["reports"]][-1] in (".", "test_a.py")


def test_xdists_options_in_addopts_are_swallowed(project, agent, tmp_path):
    project(test_a="import xdist\ndef test_1(request): assert xdist.is_xdist_worker(request)\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -n 3 --dist loadfile\n")
    one = agent(n=2)
    assert one.ready()["options"]["numprocesses"] == 3
    one.collect()
    assert one.fork("whole").run_all()["exit"] == 0


def test_parametrised_methods_that_may_go_apart_are_told(project, agent):
    text = """
    import pytest
    @pytest.fixture(scope="class")
    def of_class(): pass
    class TestA:
        @pytest.mark.parametrize("a", [1, 2])
        def test_free(self, a, tmp_path): pass
        @pytest.mark.parametrize("a", [1, 2])
        def test_bound(self, a, of_class): pass
        def test_plain(self): pass
    class TestB:
        @classmethod
        def setup_class(cls): pass
        @pytest.mark.parametrize("a", [1, 2])
        def test_bound(self, a): pass
    @pytest.mark.parametrize("a", [1, 2])
    def test_function(a): pass
    """
    project(test_a=text)
    one = agent(n=2)
    one.ready()
    collected = one.collect()
    assert collected["divisible"] == ["test_a.py::TestA::test_free"]


def test_marks_for_groups_and_serial_tests_are_told(project, agent):
    project(
        test_a="""
        import pytest
        @pytest.mark.xdist_group("db")
        def test_1(): pass
        @pytest.mark.fastest(serial=True)
        def test_2(): pass
        """
    )
    one = agent("--strict-markers", n=2)
    one.ready()
    collected = one.collect()
    assert collected["groups"] == ["db", ""] and collected["serial"] == [1]


def test_deselected_items_are_told(project, agent):
    project(test_a="def test_1(): pass\ndef test_2(): pass\n")
    one = agent("-k", "1")
    one.ready()
    collected = one.become().until("COLLECTED")
    assert collected["ids"] == ["test_a.py::test_1"] and collected["deselected"] == ["test_a.py::test_2"]


def test_records_that_the_ring_can_not_hold_take_the_socket(project, agent):
    project(test_a="import pytest\n@pytest.mark.parametrize('n', range(30))\ndef test_1(n): print('x' * 5000)\n")
    one = agent(n=2)
    one.ready()
    ids = one.collect()["ids"]
    worker = one.fork("whole", ring_size=4096)
    worker.run_all()
    assert worker.outcomes(ids) == {node_id: "ppp" for node_id in ids}


def test_each_worker_collects_by_itself_with_its_identity(project, agent):
    project(
        {
            "conftest.py": "def pytest_configure(config): config.who = config.workerinput['workerid']\n",
            "test_a.py": "def test_1(request, worker_id): assert request.config.who == worker_id\n",
        }
    )
    one = agent(n=2)
    assert one.ready()["each"]
    first, second = one.fork("each"), one.fork("each")
    for worker in (first, second):
        assert worker.until("COLLECTED")["ids"] == ["test_a.py::test_1"]
        assert worker.run_all()["exit"] == 0


@needs_file_mode
def test_a_fresh_process_becomes_a_worker_with_identity(project, agent):
    project(test_a="import os\ndef test_1(worker_id): assert worker_id == os.environ['PYTEST_XDIST_WORKER'] == 'gw0'\n")
    one = agent(n=2)
    one.ready()
    worker = one.become("file")
    worker.assign_files("test_a.py")
    assert worker.stop()["exit"] == 0
    assert one.process.wait(10) == 0


@needs_file_mode
def test_text_outside_any_capture_goes_to_the_workers_own_pipe(project, agent):
    import os

    project({"conftest.py": "import os\ndef pytest_runtest_logstart(): os.write(1, b'hello')\n", "test_a.py": "def test_1(): pass\n"})
    one = agent(n=2)
    one.ready()
    worker = one.fork("file")
    worker.assign_files("test_a.py")
    worker.stop()
    assert os.read(worker.output, 100) == b"hello"
