"""--log-file: what tests log lies in one file, whoever ran them."""

import pytest

CONFTEST = """
import logging, pytest
log = logging.getLogger("conf")
def pytest_sessionstart(): log.warning("session starts")
def pytest_sessionfinish(): log.warning("session ends")
@pytest.fixture(scope="session")
def wide():
    log.warning("wide is set up")
    yield
    log.warning("wide is torn down")
"""
TEST = """
import logging, time
log = logging.getLogger("test")
log.warning("import of {name}")
def test_first(wide):
    log.warning("in first of {name}")
    time.sleep(0.02)
def test_second(): log.info("in second of {name}")
"""
INI = "[pytest]\nlog_file = logs/run.log\nlog_file_level = INFO\nlog_file_format = %(name)s %(message)s\n"
FILES = {"pytest.ini": INI, "conftest.py": CONFTEST, **{f"test_{name}.py": TEST.replace("{name}", name) for name in "abcdef"}}
LOGGED = sorted(f"test in {test} of {name}" for name in "abcdef" for test in ("first", "second"))
REPORTS = "def pytest_terminal_summary(terminalreporter): terminalreporter.line('reported')\n"


def logged_by_tests(project, name: str = "logs/run.log") -> list[str]:
    return sorted(line for line in project.read(name).splitlines() if line.startswith("test in"))


def test_one_worker_writes_pytests_file(make_project):
    project = make_project(FILES)
    project.pytest()
    wanted = project.read("logs/run.log")
    assert len(wanted.splitlines()) == 22
    project.run("-n", "1")
    assert project.read("logs/run.log") == wanted


@pytest.mark.parametrize("more", [["--collect", "file"], ["--collect", "whole"]], ids=["file", "whole"])
@pytest.mark.parametrize("reporting", ["", REPORTS], ids=["", "controller"])
def test_several_workers_lose_nothing_and_begin_the_file_anew(make_project, more, reporting):
    project = make_project({**FILES, "conftest.py": CONFTEST + reporting, "logs/run.log": "of an earlier run\n"})
    for _ in range(2):
        assert project.run("-n", "3", *more).exit == 0
        assert logged_by_tests(project) == LOGGED
    text = project.read("logs/run.log")
    assert "earlier" not in text and "\0" not in text
    assert text.count("wide is set up") == text.count("wide is torn down") > 0


def test_a_file_that_is_to_be_continued_is(make_project):
    project = make_project({**FILES, "logs/run.log": "of an earlier run\n"})
    project.run("-n", "2", "-o", "log_file_mode=a")
    assert logged_by_tests(project) == LOGGED and project.read("logs/run.log").startswith("of an earlier run\n")


@pytest.mark.parametrize("n", ["1", "2"])
def test_a_worker_that_follows_a_lost_one_goes_on_with_the_file(make_project, n):
    crash = "import logging, os\ndef test_0(): logging.warning('before')\ndef test_1(): os._exit(3)\ndef test_2(): logging.warning('after')\n"
    project = make_project({"test_a.py": crash, "test_b.py": "def test_b(): pass\n"})
    assert project.run("-n", n, "--log-file=run.log").exit == 1
    assert "before" in project.read("run.log") and "after" in project.read("run.log")


def test_a_file_of_each_workers_own_is_pytests(make_project):
    own = "import os\ndef pytest_configure(config): config.option.log_file = os.environ.get('PYTEST_XDIST_WORKER', 'main') + '.log'\n"
    project = make_project({**FILES, "conftest.py": CONFTEST + own, "gw0.log": "old\n", "gw1.log": "old\n"})
    project.run("-n", "2", "--collect", "file")
    assert "old" not in project.read("gw0.log") + project.read("gw1.log")
    assert sorted(logged_by_tests(project, "gw0.log") + logged_by_tests(project, "gw1.log")) == LOGGED
