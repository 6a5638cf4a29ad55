"""Report files that a conftest asks for while pytest configures itself, as many do."""

import json
import re
from xml.etree import ElementTree

import pytest

NAMED = """
def pytest_configure(config):
    if not config.option.xmlpath:
        config.option.xmlpath = "reports/own.xml"
"""
TEST = """
import pytest
def test_passes(record_property, record_testsuite_property):
    record_property("mine", 1)
    record_testsuite_property("suite", "{name}")
def test_fails():
    print("said")
    assert 0
def test_sees_the_path(pytestconfig):
    assert pytestconfig.getoption("xmlpath") == pytestconfig.option.xmlpath == "reports/{path}.xml"
"""


def project(make_project, path: str):
    files = {f"test_{name}.py": TEST.replace("{name}", name).replace("{path}", path) for name in "ab"}
    return make_project({"conftest.py": NAMED, "pytest.ini": "[pytest]\njunit_family = xunit1\n", **files})


def cases(text: str) -> list[str]:
    """The file's suite properties and cases, without times."""
    tree = ElementTree.fromstring(re.sub(r' (time|timestamp|hostname)="[^"]*"', "", text))
    return sorted(ElementTree.tostring(each, "unicode") for each in tree.iter() if each.tag in ("property", "testcase"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_junit_file_named_in_pytest_configure_is_written(make_project, workers):
    own = project(make_project, "own")
    truth = own.pytest("-p", "no:cacheprovider")
    wanted = cases(own.read("reports/own.xml"))
    (own.root / "reports/own.xml").unlink()
    run = own.run("-n", workers, "-p", "no:cacheprovider")
    assert (run.exit, truth.exit) == (1, 1)
    assert cases(own.read("reports/own.xml")) == wanted
    line = "generated xml file: <root>/reports/own.xml"
    assert (truth.stdout.count(line), run.stdout.count(line)) == (1, 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_junit_file_that_was_asked_for_is_seen_by_conftests(make_project, workers):
    own = project(make_project, "given")
    run = own.run("-n", workers, "--junitxml=reports/given.xml", "-p", "no:cacheprovider")
    assert run.exit == 1 and len(cases(own.read("reports/given.xml"))) == 10
    assert not own.read("reports/own.xml")
    assert run.stdout.count("generated xml file: <root>/reports/given.xml") == 1


def test_a_plugin_of_the_project_may_name_a_junit_file(make_project):
    files = {"mine.py": NAMED, "conftest.py": "pytest_plugins = ['mine']\n", "test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"}
    own = make_project(files)
    assert own.run("-n", "2", "-p", "no:cacheprovider").exit == 0
    assert len(cases(own.read("reports/own.xml"))) == 2


@pytest.mark.parametrize("option", ["--report-log", "--json", "--junitxml"])
@pytest.mark.parametrize(("outcome", "code"), [("1", 3), ("0", 3), ("pytest.exit('bye', 7)", 7)])
def test_a_report_that_cannot_be_written_is_told_and_no_green_run(make_project, option, outcome, code):
    own = make_project({"test_a.py": f"import pytest\ndef test_a():\n    assert {outcome}\n", "test_b.py": "def test_b(): pass\n"})
    run = own.run("-n", "2", "--junitxml=whole.xml", f"{option}=/dev/full", "-p", "no:cacheprovider")
    assert run.exit == code, run.stdout + run.stderr
    assert run.stderr.count("is incomplete: cannot write /dev/full: No space left on device\n") == 1
    assert option == "--junitxml" or len(cases(own.read("whole.xml"))) >= 1


def test_a_step_summary_that_cannot_be_written_is_told(make_project):
    own = make_project({"test_a.py": "def test_a(): pass\n"})
    run = own.run("-n", "1", env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/dev/full"})
    assert run.exit == 0
    assert run.stderr == "fastest: warning: GITHUB_STEP_SUMMARY: cannot write /dev/full: No space left on device\n"


LONE = r"""
import logging, pytest
def test_raises(): raise ValueError("lone \ud800 and \udcff, no \U0010ffff")
def test_compares(): assert "x \ud83d y" == "b"
def test_records(record_property):
    record_property("key", "v\udc80")
    logging.error("logged \ud801")
    assert 0
"""


def escapes(text: str) -> list[str]:
    return sorted(re.findall(r"(?<!\\)(?:\\\\)*(\\u[0-9a-f]{4}|#xD[0-9A-F]{3})", text))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_halves_of_surrogate_pairs_stay_what_they_are(make_project, workers):
    own = make_project({"test_a.py": LONE, "test_b.py": "def test_b(): pass\n"})
    truth = own.pytest("-p", "no:cacheprovider", "--junitxml=truth.xml")
    run = own.run("-n", workers, "-p", "no:cacheprovider", "--junitxml=own.xml")
    wanted, told = ([line for line in each.log if line.get("when") == "call" and line["outcome"] == "failed"] for each in (truth, run))
    by_name = [{line["nodeid"]: (line["longrepr"], line["sections"], line["user_properties"]) for line in lines} for lines in (wanted, told)]
    assert by_name[0] == by_name[1] and r"\ud800" in str(by_name[1])
    assert escapes(own.read("own.xml")) == escapes(own.read("truth.xml")) != []
    for line in (r"ValueError: lone \ud800 and \udcff, no", r"+ x \ud83d y", r"logged \ud801"):
        assert line in truth.stdout and line in run.stdout


def lines_of_files(run) -> list[str]:
    return [re.sub(r"-{3,}|\S*/", "", line).strip() for line in run.stdout.splitlines() if "generated" in line or "short test summary" in line]


@pytest.mark.parametrize("args", [[], ["-q"], ["-qq"], ["--no-summary"], ["-v", "--co"]], ids=" ".join)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_report_files_are_named_where_pytest_names_them(make_project, workers, args):
    project = make_project({"test_a.py": "def test_a(): assert 0\n", "test_b.py": "def test_b(): pass\n"})
    args = [*args, "--junitxml=reports/x.xml", "--report-log=./reports/x.jsonl"]
    wanted, named = lines_of_files(project.pytest(*args)), lines_of_files(project.run("-n", workers, *args))
    assert named == wanted


@pytest.mark.skipif(tuple(map(int, pytest.__version__.split(".")[:2])) < (9, 0), reason="pytest has subtests since 9.0")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_in_json_a_test_is_what_it_is_beside_its_subtests(make_project, workers):
    body = "    with subtests.test('one'): {}\n    with subtests.test('two'): pass\n"
    bodies = {"passes": "pass", "passes_though_one_is_skipped": "pytest.skip('why')", "fails": "assert 0"}
    tests = "".join(f"def test_{name}(subtests):\n{body.format(text)}" for name, text in bodies.items())
    project = make_project({"test_a.py": "import pytest\n" + tests, "test_b.py": "def test_b(): pass\n"})
    project.run("-n", workers, "--json=out.json")
    outcomes = [test["outcome"] for test in json.loads(project.read("out.json"))["tests"]]
    assert outcomes == ["passed", "passed", "failed", "passed"]
