"""console_output_style: what stands beside the letters or lines is pytest's."""

import re

import pytest

TEST = """
import time, pytest
def test_some(): time.sleep(0.02)
@pytest.mark.skip(reason="not now")
def test_skipped(): pass
def test_failing(): assert 0
"""
FILES = {f"test_{name}.py": TEST for name in "abc"} | {"test_many.py": "import pytest\n@pytest.mark.parametrize('n', range(120))\ndef test_n(n): pass\n"}
STYLES = ["progress", "count", "classic", "times", "progress-even-when-capture-no"]


def lines_of(run) -> list[str]:
    """The lines of tests; times without their digits, which differ in length too, and what space they leave."""
    lines = run.stdout.splitlines()
    begin = next(number for number, line in enumerate(lines) if "collected" in line)
    end = next(number for number, line in enumerate(lines) if "= FAILURES =" in line)
    return [re.sub(r" +[\d.]+(us|ms|s)$", " TIME", line) for line in lines[begin:end]]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("args", [[], ["-v"], ["-vv"], ["-q"], ["--capture=no"]], ids=lambda args: " ".join(args) or "plain")
def test_one_workers_progress_is_pytests(make_project, style, args):
    if args == ["--capture=no"]:
        args = ["--capture=no", "--tb=short"]  # It has the terminal, and pytest writes.
    project = make_project(FILES)
    words = [*args, "-o", f"console_output_style={style}", "-p", "no:cacheprovider"]
    truth, ours = project.pytest(*words), project.run("-n", "1", *words)
    if "-q" in args:
        wanted, shown = (re.sub(r"\d[\d.]*m?s", "T", run.stdout.split("= FAILURES =")[0]) for run in (truth, ours))
        assert shown == wanted
    else:
        assert lines_of(ours) == lines_of(truth)


@pytest.mark.parametrize("style, beside", [("times", r" +[\d.]+(us|ms|s)"), ("count", r" \[ *\d+/129\]"), ("classic", ""), ("progress", r" \[ *\d+%\]")])
def test_lines_of_several_workers_have_it_too(make_project, style, beside):
    run = make_project(FILES).run("-n", "2", "-v", "-o", f"console_output_style={style}")
    lines = [line for line in run.stdout.splitlines() if re.match(r"\[gw\d\]", line) and "::" in line]
    assert len(lines) == 129
    assert all(re.match(rf"\[gw\d\]{beside} (PASSED|FAILED|SKIPPED) test_", line) for line in lines), lines[:3]


def test_letters_of_several_workers_go_on_without_times(make_project):
    run = make_project(FILES).run("-n", "2", "-o", "console_output_style=times")
    letters = "".join(re.findall(r"^[.sF]+$", run.stdout, re.M))
    assert run.exit == 1 and len(letters) == 129
