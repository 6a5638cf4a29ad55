"""One worker that has the terminal (-s, --pdb): what is shown is pytest's own text, in pytest's order."""

import re

import pytest

PROJECT = {
    "conftest.py": """
    def pytest_report_header(): return "my header"
    def pytest_report_collectionfinish(items): return f"collected {len(items)} here"
    """,
    "test_a.py": """
    import logging
    def test_one():
        print("one says")
        logging.getLogger().warning("logged")
    def test_two(): print("two", end=" ")
    def test_three(): assert 0
    """,
}
BROKEN = {**PROJECT, "test_b.py": "import nosuch\n"}
EXITS = {"test_a.py": "import pytest\ndef test_a(): print('said')\ndef test_b(): pytest.exit('bye')\ndef test_c(): pass\n"}


def comparable(text: str) -> str:
    """Without times, and what only pytest-reportlog says."""
    return re.sub(r"-* generated report log file: .*\n", "", re.sub(r"\d+\.\d+s", "…s", text))


@pytest.mark.parametrize(
    ("files", "args"),
    [
        (PROJECT, ["-s"]),
        (PROJECT, ["-s", "-v"]),
        (PROJECT, ["-s", "-q"]),
        (PROJECT, ["-s", "--no-header", "-x"]),
        (PROJECT, ["-s", "-o", "log_cli=true"]),
        (PROJECT, ["-s", "-k", "nothing"]),
        (PROJECT, ["--trace", "-k", "one"]),
        (BROKEN, ["-s"]),
        (BROKEN, ["-s", "--continue-on-collection-errors"]),
        (EXITS, ["-s"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_tests_write_stands_between_pytests_own_lines(make_project, files, args):
    truth = make_project(files, "truth").pytest(*args)
    run = make_project(files).run("-n", "1", *args)
    assert comparable(run.stdout) == comparable(truth.stdout)
    assert run.exit == truth.exit


def test_a_failure_that_the_debugger_sees_is_in_the_progress(make_project):
    run = make_project(PROJECT).run("-n", "1", "--pdb")
    assert "test_a.py ..F\n>>>>" in run.stdout, run.stdout
    assert run.exit == 2
