"""What plugins and conftests have pytest write before the tests."""

import pytest

PROJECT = {
    "conftest.py": """
    def pytest_configure(config): config.known = 3
    def pytest_report_header(config): return ["known: %d" % config.known, "second"]
    """,
    "test_a.py": "def test_a(): pass\ndef test_b(): assert 0\n",
    "test_b.py": "def test_c(): pass\n",
}
FINISH = "def pytest_report_collectionfinish(items): return 'there are %d' % len(items)\n"


def lines_before_the_tests(run) -> list[str]:
    return [line for line in run.stdout.split("\n\n")[0].splitlines() if line.startswith(("known", "second", "collected", "there"))]


@pytest.mark.parametrize("args", [["-n", "1"], ["-n", "2"], ["-n", "2", "--collect", "whole"]], ids=" ".join)
def test_a_conftests_header_is_shown_once(make_project, args):
    shown = lines_before_the_tests(make_project(PROJECT).run(*args))
    assert sorted(shown) == ["collected 3 items", "known: 3", "second"]


@pytest.mark.parametrize("n", ["1", "2"])
def test_what_is_said_of_the_collection_stands_below_its_count(make_project, n):
    project = make_project({**PROJECT, "conftest.py": PROJECT["conftest.py"] + FINISH})
    assert lines_before_the_tests(project.run("-n", n)) == ["known: 3", "second", "collected 3 items", "there are 3"]


@pytest.mark.parametrize("n", ["1", "2"])
def test_lf_says_what_it_runs(make_project, n):
    project = make_project(PROJECT)
    project.run("-n", n)
    assert "run-last-failure: rerun previous 1 failure" in project.run("-n", n, "--lf").stdout


def test_a_quiet_run_has_no_header(make_project):
    assert not lines_before_the_tests(make_project(PROJECT).run("-n", "2", "-q"))
