"""Well-known plugins that report in the main process, or configure workers, do so as under plain pytest and xdist."""

import json
import re

import pytest

QUIET = ("-p", "no:randomly")
THREE = {
    "test_a.py": "def test_a(): pass\n",
    "test_b.py": "def test_b(): assert 0\n",
    "test_c.py": "import pytest\ndef test_c(): pytest.skip('why')\n",
}
PACKAGE = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "package/__init__.py": """
    import os
    if os.environ.get("NEVER_SET"):
        MODE = "other"
    else:
        MODE = "usual"
    def both(x):
        if x:
            return 1
        return 2
    def unused():
        return 3
    """,
    "package/late.py": "def late(n):\n    if n > 100:\n        return 'never'\n    return 'late'\n",
    "conftest.py": "import package\n",  # Its lines run before any test does.
    "test_a.py": "import package\ndef test_a(): assert package.both(1) == 1\n",
    "test_b.py": "import package\ndef test_b(): assert package.both(0) == 2\n",
    "test_c.py": "import package.late\ndef test_c(): assert package.late.late(1) == 'late'\n",
}


def coverage_table(text: str) -> list[str]:
    return re.findall(r"^(?:package\S+|TOTAL)\s.*$", text, re.MULTILINE)


@pytest.mark.parametrize("collect", ["file", "whole"])
@pytest.mark.parametrize("branch", [(), ("--cov-branch",)])
def test_pytest_cov_measures_what_a_serial_run_measures(make_project, collect, branch):
    args = (*QUIET, "--cov=package", "--cov-report=term-missing", *branch)
    serial = coverage_table(make_project(PACKAGE, "theirs").pytest(*args).stdout)
    ours = make_project(PACKAGE).run("-n", "2", "--collect", collect, *args)
    assert ours.exit == 0
    assert coverage_table(ours.stdout) == serial != []
    assert ours.stdout.count("tests coverage") == 1


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytest_covs_lower_limit_fails_the_run(make_project, workers):
    run = make_project(PACKAGE).run("-n", workers, *QUIET, "--cov=package", "--cov-fail-under=99")
    assert run.exit == 1
    assert "Coverage failure: total of" in run.stdout
    assert "Required test coverage of 99% not reached" in run.stdout


def test_pytest_html_has_a_row_for_every_test(make_project):
    project = make_project(THREE)
    run = project.run("-n", "2", *QUIET, "--html=report.html", "--self-contained-html")
    assert run.exit == 1
    assert "Generated html report" in run.stdout
    page = (project.root / "report.html").read_text()
    found = json.loads(re.search(r'data-jsonblob="([^"]*)"', page).group(1).replace("&#34;", '"').replace("&#39;", "'"))
    results = {name: [row["result"] for row in rows] for name, rows in found["tests"].items()}
    assert results.pop("test_a.py::test_a") == ["Passed"]
    assert results.pop("test_b.py::test_b") == ["Failed"]
    assert list(results.values()) == [["Skipped"]]


def test_pytest_json_report_counts_every_test(make_project):
    project = make_project(THREE)
    project.run("-n", "2", *QUIET, "--json-report", "--json-report-file=report.json")
    report = json.loads((project.root / "report.json").read_text())
    assert report["summary"] == {"passed": 1, "failed": 1, "skipped": 1, "total": 3, "collected": 3}
    assert report["exitcode"] == 1
    assert {test["nodeid"]: test["outcome"] for test in report["tests"]}["test_b.py::test_b"] == "failed"


def test_pytest_metadata_of_a_worker_comes_back(make_project):
    conftest = """
    def pytest_metadata(metadata, config):
        if hasattr(config, "workerinput"):
            metadata["worker says"] = "hello"
    """
    project = make_project({**THREE, "conftest.py": conftest})
    project.run("-n", "2", *QUIET, "--json-report", "--json-report-file=report.json", "--html=report.html")
    assert "worker says" in (project.root / "report.html").read_text()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytest_rerunfailures_runs_a_flaky_test_again_and_counts_it(make_project, workers):
    flaky = """
    import pathlib, pytest
    STATE = pathlib.Path(__file__).with_name("state")
    @pytest.mark.flaky(reruns=2)
    def test_flaky():
        STATE.write_text((STATE.read_text() if STATE.exists() else "") + "x")
        assert len(STATE.read_text()) == 2
    """
    project = make_project({"test_a.py": "def test_a(): pass\n", "test_flaky.py": flaky})
    run = project.run("-n", workers, *QUIET, "-rR")
    assert run.exit == 0, run.stdout
    assert "2 passed, 1 rerun" in run.stdout
    assert "RERUN test_flaky.py::test_flaky" in run.stdout


def test_pytest_randomly_gives_every_worker_the_same_seed_and_says_it(make_project):
    test = "import pathlib\ndef test_{0}(request): pathlib.Path('seed_{0}').write_text(str(request.config.option.randomly_seed))\n"
    project = make_project({f"test_{name}.py": test.format(name) for name in "abcdef"})
    run = project.run("-n", "2")
    seeds = {path.read_text() for path in project.root.glob("seed_*")}
    assert len(list(project.root.glob("seed_*"))) == 6
    assert len(seeds) == 1
    assert f"Using --randomly-seed={seeds.pop()}" in run.stdout


def test_allure_keeps_the_results_of_every_worker_when_it_cleans_its_folder(make_project):
    project = make_project(THREE)
    (project.root / "results").mkdir()
    (project.root / "results" / "old-result.json").write_text("{}")
    project.run("-n", "2", *QUIET, "--alluredir=results", "--clean-alluredir")
    names = [json.loads(path.read_text())["name"] for path in (project.root / "results").glob("*-result.json")]
    assert sorted(names) == ["test_a", "test_b", "test_c"]
