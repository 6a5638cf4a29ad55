"""[tool.fastest]: a value of the wrong kind is an error that names its place and what is allowed."""

import pytest

A_NUMBER, A_TEXT, GLOBS = "allowed is a number", "allowed is a text that is not empty", "allowed is a list of globs"
WRONG = {
    "serial = [1]": GLOBS,
    'serial = ["a.py", 1]': GLOBS,
    'serial = [["a.py"]]': GLOBS,
    'serial = [""]': GLOBS,
    'serial = "a.py"': GLOBS,
    "numprocesses = true": "allowed are a number and a text",
    "numprocesses = [2]": "allowed are a number and a text",
    "numprocesses = -1": "allowed are 0 to 4096",
    "numprocesses = 1.5": "allowed are 0 to 4096",
    'numprocesses = ""': "allowed are a number and a text",
    "maxprocesses = -1": "maxprocesses",
    'maxprocesses = "2"': A_NUMBER,
    "dist = 1": A_TEXT,
    'dist = ""': A_TEXT,
    'dist = "some"': "loadfile",
    "optimizer = false": A_TEXT,
    "batch-size = 0": "not in range",
    "batch-size = 2.5": "batch-size",
    "parser = 3": A_TEXT,
    "collect = []": A_TEXT,
    "python = 3.11": A_TEXT,
    'python = ""': A_TEXT,
    "report-log = true": A_TEXT,
    "json = 1": A_TEXT,
    "json = 2026-01-01": A_TEXT,
    "hang-timeout = -1": "not in range",
    "hang-timeout = nan": A_NUMBER,
    "hang-timeout = inf": A_NUMBER,
    'hang-timeout = "soon"': A_NUMBER,
    "max-worker-restart = -1": "not in range",
    "worker-memory-limit = true": "allowed are a number and a text",
    "worker-memory-limit = -1": "worker-memory-limit = -1",
    'worker-memory-limit = ""': "allowed are a number and a text",
    'state-dir = ""': A_TEXT,
    "state-dir = 1": A_TEXT,
    "diff-budget = -0.5": "not in range",
    "retries = -1": "not in range",
    "retries = 0.5": "retries",
    "retry-delay = -1": "not in range",
    'annotations = "all"': "github",
    "worker-idle-timeout = 0": "not in range",
    "warm-memory-limit = -5": "not in range",
    'persistent-workers = "yes"': "allowed are true and false",
    "fail-on-flaky = 1": "allowed are true and false",
    "cache = []": "allowed are true and false",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_value_is_one_line_with_its_place_and_what_is_allowed(make_project, line):
    project = make_project({"pyproject.toml": f"[project]\nname = 'x'\n[tool.fastest]\n{line}\n", "test_a.py": "def test_a(): pass\n"})
    run = project.run("-p", "no:cacheprovider")
    key = line.split()[0]
    assert run.exit == 4 and not run.stdout, run.stdout
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert f"pyproject.toml:4: [tool.fastest] {key}" in run.stderr and WRONG[line] in run.stderr, run.stderr


@pytest.mark.parametrize("text", ["[tool]\nfastest = 1\n", "[[tool.fastest]]\nretries = 1\n"])
def test_what_is_no_table_is_refused(make_project, text):
    run = make_project({"pyproject.toml": text, "test_a.py": "def test_a(): pass\n"}).run("-n", "1")
    assert run.exit == 4 and "tool.fastest: allowed is a table" in run.stderr and "pyproject.toml:" in run.stderr


def test_right_values_are_taken(make_project):
    table = 'numprocesses = 2\nmaxprocesses = 4\nserial = []\nhang-timeout = 60\ndiff-budget = 1.5\nworker-memory-limit = "2G"\ncache = true\ndist = "load"\n'
    run = make_project({"pyproject.toml": f"[tool.fastest]\n{table}", "test_a.py": "def test_a(): pass\ndef test_b(): pass\n"}).run()
    assert run.exit == 0, run.stderr
