"""Well-known plugins that report in the main process, or configure workers, do so as under plain pytest and xdist."""

import json
import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import environments
import pytest
from projects import ROWS

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


def test_the_junit_file_has_of_pytest_rerunfailures_what_pytests_has(make_project):
    test = """
    TRIES = []
    def test_flaky():
        TRIES.append(1)
        assert len(TRIES) == 2
    def test_never(): assert 0
    """
    project = make_project({"test_a.py": test})
    options = (*QUIET, "--reruns=1", "--junitxml=out.xml")

    def cases():
        tree = ElementTree.parse(project.root / "out.xml")
        return [(case.get("name"), [child.tag for child in case]) for case in tree.iter("testcase")]

    project.pytest(*options)
    theirs = cases()
    project.run("-n", "2", *options)
    assert cases() == theirs and len(theirs) == 4


@pytest.mark.parametrize("workers", ["0", "2"])
def test_subtests_of_an_attempt_that_pytest_rerunfailures_repeats_count_no_longer(make_project, workers):
    flaky = """
    TRIES = []
    def test_flaky(subtests):
        TRIES.append(1)
        with subtests.test("first"): assert len(TRIES) == 2
        with subtests.test("second"): pass
    """
    project = make_project({"test_a.py": "def test_a(): pass\n", "test_flaky.py": flaky})
    run = project.run("-n", workers, *QUIET, "--reruns=2")
    assert run.exit == 0, run.stdout
    assert "2 passed, 1 rerun" in run.stdout and "SUBFAIL" not in run.stdout
    assert project.run("-n", workers, *QUIET, "--reruns=0").exit == 1


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


DJANGO = {
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n",
    "settings.py": """
    from pathlib import Path
    HERE = Path(__file__).parent
    SECRET_KEY = "x"
    USE_TZ = True
    DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
    INSTALLED_APPS = ["shop"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db", "TEST": {"NAME": HERE / "test_db"}}}
    """,
    "shop/__init__.py": "",
    "shop/models.py": "from django.db import models\nclass Thing(models.Model):\n    name = models.CharField(max_length=9)\n",
    **{
        f"test_{letter}.py": f"""
        import pathlib, pytest
        from django.db import connection
        from shop.models import Thing
        @pytest.mark.django_db
        def test_{letter}():
            Thing.objects.create(name="{letter}")
            assert Thing.objects.count() == 1
            pathlib.Path("name_{letter}").write_text(str(connection.settings_dict["NAME"]))
        def test_no_database():
            Thing.objects.count()
        """
        for letter in "abcd"
    },
}


@pytest.mark.parametrize("workers, names", [("1", {"test_db"}), ("2", {"test_db_gw0", "test_db_gw1"})])
def test_pytest_django_gives_each_worker_a_database(make_project, workers, names):
    project = make_project(DJANGO)
    run = project.run("-n", workers, *QUIET, "--create-db")
    assert run.exit == 1
    assert "4 failed, 4 passed" in run.stdout, run.stdout
    assert run.stdout.count("Database access not allowed") >= 4
    used = {path.read_text().rpartition("/")[2] for path in project.root.glob("name_*")}
    assert used and used <= names
    assert not list(project.root.glob("test_db*"))  # Each has removed its own.


def test_pytest_django_keeps_the_databases_of_all_workers_for_the_next_run(make_project):
    project = make_project(DJANGO)
    for _ in range(2):
        assert "4 failed, 4 passed" in project.run("-n", "2", *QUIET, "--reuse-db").stdout
    for path in project.root.glob("test_db_gw*"):
        with sqlite3.connect(path) as kept:
            assert kept.execute("select count(*) from shop_thing").fetchone() == (0,)


def test_pytest_cov_combines_the_lines_that_a_serial_run_measures(make_project):
    found = {}
    for name in ("theirs", "ours"):
        project = make_project(PACKAGE, name)
        args = (*QUIET, "--cov=package", "--cov-report=json:lines.json", "--cov-context=test")
        run = project.pytest(*args) if name == "theirs" else project.run("-n", "2", *args)
        assert run.exit == 0, run.stdout
        report = json.loads(project.root.joinpath("lines.json").read_text())
        found[name] = {path: each["executed_lines"] for path, each in report["files"].items()}
        with sqlite3.connect(project.root / ".coverage") as data:
            found[name]["contexts"] = sorted(data.execute("select context from context"))
        assert [path.name for path in project.root.glob(".coverage*")] == [".coverage"]
    assert found["ours"] == found["theirs"]


PROPERTIES = """
import pytest
def test_case(record_property, record_testsuite_property):
    record_property("colour", "red")
    record_testsuite_property("built", "{0}")
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_junit_properties_are_those_of_plain_pytest(make_project, workers):
    def properties(project) -> list[str]:
        return sorted(re.findall(r'<property name="[^"]*" value="[^"]*" ?/>', project.root.joinpath("report.xml").read_text()))

    files = {"test_a.py": PROPERTIES.format("here"), "test_b.py": "def test_b(): pass\n"}
    args = (*QUIET, "--junitxml=report.xml")
    theirs, ours = make_project(files, "theirs"), make_project(files)
    theirs.pytest(*args)
    ours.run("-n", workers, *args)
    assert any('name="colour" value="red"' in each for each in properties(ours))
    assert properties(ours) == properties(theirs)


def test_with_pytest_xdist_installed_its_names_are_there_and_its_workers_are_not(make_project):
    test = """
    import os, xdist
    def test_{0}(request, worker_id, testrun_uid):
        config = request.config
        assert xdist.__version__ and xdist.is_xdist_worker(request) and not xdist.is_xdist_controller(request)
        assert xdist.get_xdist_worker_id(request) == worker_id == os.environ["PYTEST_XDIST_WORKER"]
        assert os.environ["PYTEST_XDIST_WORKER_COUNT"] == "2" == str(config.workerinput["workercount"])
        assert os.environ["PYTEST_XDIST_TESTRUNUID"] == testrun_uid == config.workerinput["testrunuid"]
        assert config.pluginmanager.hasplugin("xdist") and not config.pluginmanager.hasplugin("dsession")
        assert config.getoption("numprocesses") is None and config.getoption("dist") == "no"
    """
    files = {"pytest.ini": "[pytest]\naddopts = -n 2 --dist loadfile --maxschedchunk 2\n"}
    run = make_project({**files, **{f"test_{x}.py": test.format(x) for x in "abc"}}).run(*QUIET)
    assert run.exit == 0, run.stdout
    assert "3 passed" in run.stdout and "workers: 2" in run.stdout


def test_one_worker_is_no_worker_to_a_plugin(make_project):
    test = """
    import os, xdist
    def test_it(request, worker_id):
        assert worker_id == "master" and "PYTEST_XDIST_WORKER" not in os.environ
        assert not xdist.is_xdist_worker(request) and not hasattr(request.config, "workerinput")
    """
    run = make_project({"test_it.py": test}).run("-n", "1", *QUIET)
    assert run.exit == 0, run.stdout


def test_the_table_of_plugins_has_every_plugin_with_the_version_that_is_tried():
    table = Path(__file__).parents[2].joinpath("docs", "plugins.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([a-z-]+) \| ([0-9][\w.]*) \|", table, re.MULTILINE))
    for name, packages in environments.ENVIRONMENTS.items():
        for package in (*packages, *environments.SOURCES.get(name, ())):
            if package in ("trio", "py", "django") or "<" in package:
                continue  # What a plugin needs.
            assert listed.pop(package, None) == environments.version(name, package), package
    assert set(listed) == {"pytest-xdist", "pytest-reportlog"}
    assert {row.plugin for row in ROWS} <= set(re.findall(r"^\| ([a-z-]+) \|", table, re.MULTILINE))
