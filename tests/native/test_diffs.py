"""The diff of a failure: held against difflib, with the extension and without it, within its budget, and lazily."""

from __future__ import annotations

import difflib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fastest import delta, difflib_form, extension

ROOT = Path(__file__).resolve().parents[2]
BUILT = (ROOT / "build" / "fastest_native.abi3.so").exists()
needs_extension = pytest.mark.skipif(not BUILT, reason="fastest_native is not built (no Python headers)")


def floats(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [f"    {rng.random()}," for _ in range(count)]


@pytest.fixture(params=["extension", "python"])
def either(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(extension, "load", lambda: None)
    elif not BUILT:
        pytest.skip("fastest_native is not built")


@needs_extension
def test_the_extension_is_found_and_knows_this_difflib():
    assert extension.load() is not None
    assert difflib_form.form() in (difflib_form.RECURSIVE, difflib_form.WINDOWED)


@needs_extension
def test_random_texts_give_the_lines_of_this_pythons_difflib():
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests/native/fuzz_diffs.py"), "--cases", "400"], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_lines_are_difflibs(either):
    a, b = floats(30, 1), floats(30, 2)
    b[3:3] = a[20:25]
    b[17] = a[11][:-3] + "x,"
    assert list(delta.ndiff(a, b, 60, difflib.ndiff)) == list(difflib.ndiff(a, b))


def test_a_budget_that_is_used_up_gives_a_notice_and_a_unified_diff(either):
    a, b = ["[", *floats(4000, 1)], ["[", *floats(4000, 2)]
    lines = list(delta.ndiff(a, b, 0.01, difflib.ndiff))
    notice = "? [fastest: this diff took more than 0.01 s (diff-budget), so here is a unified one]"
    assert lines == ["  [", notice, *difflib.unified_diff(a, b, lineterm="")]


def test_the_notice_ends_as_the_lines_do(either):
    a, b = [line + "\n" for line in floats(4000, 1)], [line + "\n" for line in floats(4000, 2)]
    assert next(delta.ndiff(a, b, 0.01, difflib.ndiff)).endswith(" one]\n")


@needs_extension
def test_lines_are_made_when_they_are_asked_for(monkeypatch):
    asked, native = [], extension.load()

    class Native:
        opcodes = native.opcodes

        @staticmethod
        def replace(*args):
            asked.append(args)
            return native.replace(*args)

    monkeypatch.setattr(extension, "load", lambda: Native)
    lines = delta.ndiff([*"abcdefghi", "x"], [*"abcdefghi", "y"], 60, difflib.ndiff)
    assert next(lines) == "  a" and not asked
    assert list(lines)[-2:] == ["- x", "+ y"] and len(asked) == 1


@needs_extension
def test_a_signal_handler_runs_while_the_extension_works():
    class Interrupted(Exception):
        pass

    def interrupt(*_):
        raise Interrupted

    before = signal.signal(signal.SIGVTALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.05)
        with pytest.raises(Interrupted):
            list(delta.ndiff(floats(20_000, 1), floats(20_000, 2), 60, difflib.ndiff))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_a_difflib_that_was_replaced_in_part_is_asked(monkeypatch):
    monkeypatch.setattr(difflib, "SequenceMatcher", type("Other", (difflib.SequenceMatcher,), {"__module__": "elsewhere"}))
    asked = []
    assert delta.ndiff(floats(30, 1), floats(30, 2), 60, lambda *args: asked.append(args) or iter(["own"])) is not None
    assert len(asked) == 1


def test_an_unknown_difflib_has_no_form():
    source = Path(difflib.__file__).read_text(encoding="utf-8")
    known = difflib_form.form_of(source)
    assert difflib_form.form_of(source + "\n# a comment\n") == known
    assert difflib_form.form_of(source.replace("Differ is a class", "This is a class")) == known
    assert difflib_form.form_of(source.replace("n // 100 + 1", "n // 90 + 1")) is None
    assert difflib_form.form_of(source.replace('ws=" \\t"', 'ws=" "')) is None


@needs_extension
def test_3000_floats_take_no_more_than_a_few_seconds_of_cpu():
    """Plain difflib: 124 s."""
    begin = time.thread_time()
    lines = list(delta.ndiff(floats(3000, 1), floats(3000, 2), 60, difflib.ndiff))
    assert len(lines) >= 6000
    assert time.thread_time() - begin < 5
