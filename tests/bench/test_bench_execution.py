"""The benchmark compares like with like, or says that it can't."""

from __future__ import annotations

import argparse
import collections
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import bench_execution
import plot
import pytest
import suites


@pytest.fixture
def suite(tmp_path):
    return bench_execution.generated("ten", tmp_path / "ten", sys.executable)


def options(**changed):
    return argparse.Namespace(**{"rounds": 1, "n": 2, "fastest": "fastest", "contestants": ["pytest"], "dont_write_bytecode": False, **changed})


@pytest.mark.parametrize("name", sorted(suites.GENERATED))
def test_a_generated_suite_has_as_many_tests_as_it_says(name, tmp_path):
    count = suites.GENERATED[name](tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", tmp_path, tmp_path]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    assert f"{count} tests collected" in listed


def test_outcomes_count_each_test_once(tmp_path):
    junit = tmp_path / "x.xml"
    junit.write_text('<testsuites><testcase classname="a" name="b"/><testcase classname="a" name="c"><skipped/></testcase></testsuites>')
    assert bench_execution.outcomes(junit) == collections.Counter({("a", "b", "passed"): 1, ("a", "c", "skipped"): 1})


def test_contestants_that_ran_the_same_do_not_differ(suite):
    pytest_command = [sys.executable, "-m", "pytest"]
    assert bench_execution.difference(suite, {"one": pytest_command, "other": pytest_command}, {}) == ("", 10)


def test_a_contestant_that_ran_less_is_not_timed(suite, monkeypatch):
    pytest_command = [sys.executable, "-m", "pytest"]
    commands = {"pytest": pytest_command, "lazy": [*pytest_command, "-k", "test_1"]}
    monkeypatch.setattr(bench_execution, "contestants", lambda *_: commands)
    row = bench_execution.measure(options(), suite)
    assert "lazy (exit 0) differs from pytest" in row["differs"] and row["median"] == {}


def test_a_line_gives_medians_and_ratios():
    row = {"suite": "s", "tests": 3, "differs": "", "seconds": {"fastest": [1.0], "pytest": [2.5]}, "median": {"fastest": 1.0, "pytest": 2.5}}
    assert bench_execution.report(row).split() == "s 3 tests fastest 1.00 s [1.00, 1.00] pytest 2.50 s [2.50, 2.50] 2.50x".split()


def test_the_plot_is_well_formed():
    rows = [{"suite": "a<b", "tests": 3, "median": {"fastest": 1.0, "pytest": 2.0}}]
    about = {"rounds": 1, "n": 2, "cpu": "x", "python": "3", "pytest": "9"}
    assert len(ElementTree.fromstring(plot.bars(rows, about)).findall("{*}rect")) == 3
