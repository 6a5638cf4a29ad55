"""Report files that a conftest asks for while pytest configures itself, as many do."""

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
