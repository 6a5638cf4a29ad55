"""Failed comparisons are explained in pytest's own words, whoever makes the diff; and within the budget."""

from __future__ import annotations

import re

import pytest
from compare import compare

# What pytest and unittest explain with difflib.ndiff, small enough for plain pytest, too large to be left to difflib.
COMPARISONS = r'''
    import dataclasses, difflib, random, unittest

    import pytest

    rng = random.Random(1)
    FLOATS = [rng.random() for _ in range(24)], [rng.random() for _ in range(24)]
    KEYS = {f"key_{i}": i for i in range(30)}, {f"key_{i}": i + (i % 3 == 0) for i in range(31)}
    TEXT = "".join(f"line {i} of\ta text {i * i}\n" for i in range(30))
    OTHER = TEXT.replace("line 7", "line  8").replace("text 1", "t\u00ebxt 1").replace("line 2", "\u3000\tlin 2")
    SHUFFLED = "".join(rng.sample(TEXT.splitlines(True), 30))
    NESTED = {"a": [{"b": [i, str(i) * 9], "c": {"d": (i,) * 9}} for i in range(9)]}
    CHANGED = {"a": [{"b": [i, str(i) * 9], "c": {"d": (i + i % 2,) * 9}} for i in range(9)]}
    LONG = "x" * 700 + "abc def" * 90, "x" * 703 + "abc  deg" * 88

    @dataclasses.dataclass
    class Point:
        name: str
        values: list

    class Shown:
        """A repr of its own, which uses difflib."""
        def __init__(self, lines):
            self.lines = lines
        def __repr__(self):
            assert difflib.ndiff is not None
            return "\n".join(difflib.ndiff(self.lines, ["line 3"] * 40))

    PAIRS = {
        "floats": FLOATS, "keys": KEYS, "texts": (TEXT, OTHER), "shuffled": (TEXT, SHUFFLED), "nested": (NESTED, CHANGED),
        "long": LONG, "one line": (TEXT, "x"), "sets": (set(FLOATS[0]), set(FLOATS[1])), "tuples": tuple(map(tuple, FLOATS)),
        "bytes": (TEXT.encode() * 3, OTHER.encode() * 3), "ends": (TEXT, TEXT + " \n"), "blanks": ("\n \n" * 40, " \n\t\n" * 41),
        "points": (Point("a", FLOATS[0]), Point("b", FLOATS[1])), "repeated": (list("ab" * 20), list("ba" * 21)),
        "percent": (["%s %d"] * 20 + [f"%{i}" for i in range(20)], [f"%{i} " for i in range(30)]), "shown": (Shown(["a"] * 9), Shown(["b"])),
    }

    @pytest.mark.parametrize("name", PAIRS)
    def test_equal(name):
        left, right = PAIRS[name]
        assert left == right, "with a message" if name == "nested" else ""

    def test_not_in():
        assert "line 7" not in TEXT

    def test_approx():
        assert FLOATS[0] == pytest.approx(FLOATS[1])

    def test_difflib_is_the_real_one():
        import unittest.mock
        assert difflib.ndiff.__module__ == "difflib" and unittest.case.difflib.SequenceMatcher is difflib.SequenceMatcher
        with unittest.mock.patch("difflib.ndiff", lambda a, b: ["mocked"]):
            with pytest.raises(AssertionError, match="mocked"):
                unittest.TestCase().assertEqual(*FLOATS)
        assert difflib.ndiff.__module__ == "difflib"

    class TestUnit(unittest.TestCase):
        maxDiff = None
        def test_lists(self):
            self.assertEqual(*FLOATS)
        def test_dicts(self):
            self.assertEqual(*KEYS)
        def test_texts(self):
            self.assertMultiLineEqual(TEXT, SHUFFLED)
        def test_tuples(self):
            self.assertTupleEqual(tuple(FLOATS[0]), tuple(FLOATS[1]))
        def test_short(self):
            self.maxDiff = 640
            self.assertEqual(*FLOATS)
'''
SLOW = '''
    import random
    rng = random.Random(1)
    A, B = [[[rng.choice("abcdefgh") * 40, rng.random()] for _ in range(400)] for _ in range(2)]
    def test_lists():
        assert A == B
    def test_again():
        assert 1 == 2
'''


@pytest.mark.parametrize(("args", "env"), [(["-vv"], {}), ([], {"CI": "1"})], ids=["-vv", "CI"])
def test_the_text_of_failed_comparisons_is_pytests(make_project, args, env):
    env = {**env, "PYTHONHASHSEED": "0"}  # pytest tells the items of sets as they come.
    project = make_project({"test_case.py": COMPARISONS})
    truth = project.pytest(*args, env=env)
    assert truth.exit == 1
    loose = frozenset({"stdout"})  # The texts are what counts; pytest 7's short summary is cut at other places.
    assert compare(truth, project.run("-n", "2", *args, env=env), loose) == []
    if args:
        assert compare(truth, project.run("-n", "1", *args, "--diff-budget", "0", env=env), loose, ordered=True) == []
        assert compare(truth, project.run("-n", "1", *args, "--no-fast-protocol", env=env), loose, ordered=True) == []


def test_a_diff_that_takes_longer_than_the_budget_becomes_a_unified_one(make_project):
    project = make_project({"test_case.py": SLOW, "pyproject.toml": "[tool.fastest]\ndiff-budget = 0.001\n"})
    run = project.run("-n", "1", "-vv")
    assert run.exit == 1
    assert "? [fastest: this diff took more than 0.001 s (diff-budget), so here is a unified one]" in run.stdout
    assert re.search(r"@@ -1,\d+ \+1,\d+ @@", run.stdout)


def test_a_budget_is_not_negative(make_project):
    run = make_project({"test_case.py": SLOW}).run("--diff-budget", "-1")
    assert run.exit == 4 and "--diff-budget" in run.stderr


def test_output_beyond_what_a_report_holds_is_cut_and_the_run_goes_on(make_project):
    files = {
        "test_a.py": "def test_a():\n    print('begin ' + 'x' * 70_000_000 + ' end')\n    assert 0\n",
        "test_b.py": "def test_b(): pass\n",
    }
    run = make_project(files).run("-n", "2", "--tb=line", "--show-capture=no", "-p", "no:cacheprovider")
    assert run.exit == 1
    (call,) = [line for line in run.log if line["$report_type"] == "TestReport" and line["when"] == "call" and line["outcome"] == "failed"]
    ((_, text),) = call["sections"]
    assert text.startswith("begin x") and text.endswith("x end\n") and "characters are left out here" in text
    assert "1 failed, 1 passed" in run.stdout
