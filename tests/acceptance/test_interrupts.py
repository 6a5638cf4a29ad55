"""Where a KeyboardInterrupt was raised is said as pytest says it."""

import re

import pytest

TEST = """
import pytest
@pytest.fixture
def stopped(): raise KeyboardInterrupt
@pytest.fixture(scope="session")
def wide():
    yield
    raise KeyboardInterrupt("at the end")
def test_first(): pass
"""
ENDS = {
    "in a test": "def test_x():\n    raise KeyboardInterrupt\n",
    "with a text": "def test_x():\n    raise KeyboardInterrupt('enough')\n",
    "in a fixture": "def test_x(stopped): pass\n",
    "in a session fixture's teardown": "def test_x(wide): pass\n",
    "in an import": "raise KeyboardInterrupt\n",
    "below a helper": "def helper(): raise KeyboardInterrupt\ndef test_x(): helper()\n",
    "of a kind of its own": "class Mine(KeyboardInterrupt): pass\ndef test_x(): raise Mine('KeyboardInterrupt!')\n",
    "asked for by the session": "def test_x(request): request.session.shouldstop = 'KeyboardInterrupt, says test_x'\n",
}


def last_lines(run) -> list[str]:
    """From the reason on, which stands on standard error where several workers collect together."""
    lines = [re.sub("!{3,}", "!!!", line) for line in (run.stdout + run.stderr).splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.startswith("!!!"))
    return [re.sub(r" in \d.*", "", line) for line in lines[begin:] if "workers:" not in line]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("n", ["1", "2"])
def test_the_place_of_a_keyboard_interrupt_is_shown(make_project, end, n):
    project = make_project({"test_a.py": TEST + end})
    truth, run = project.pytest("-p", "no:cacheprovider"), project.run("-n", n, "-p", "no:cacheprovider")
    assert (run.exit, truth.exit) == (2, 2)
    wanted, shown = last_lines(truth), last_lines(run)
    assert "(to show a full traceback on KeyboardInterrupt use --full-trace)" in wanted
    if "session" in end:  # Raised by pytest's own loop, which is ours here.
        wanted, shown = ([line for line in lines if not re.match(r".*\.py:\d+: ", line)] for lines in (wanted, shown))
    assert shown[:3] == wanted[:3]


def test_a_full_trace_is_shown_where_it_is_asked_for(make_project):
    project = make_project({"test_a.py": TEST + ENDS["below a helper"]})
    shown = project.run("-n", "2", "--full-trace").stdout
    assert "def test_x(): helper()" in shown and "to show a full traceback" not in shown


def test_a_coloured_place_is_pytests(make_project):
    project = make_project({"test_a.py": TEST + ENDS["in a test"]})
    wanted, shown = (last_lines(run)[:3] for run in (project.pytest("--color=yes"), project.run("-n", "2", "--color=yes")))
    assert shown[1:] == wanted[1:] and "\x1b[" in shown[1]
