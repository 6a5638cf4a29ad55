"""difflib.ndiff for the explanation of a failure: the same lines, made by the extension, and within a time budget.

Without the extension, or with a difflib that it does not know, difflib's own lines, within the budget too. When the
budget is used up, a notice follows, and a unified diff of the whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from time import thread_time

from fastest import difflib_form, extension

_FEW_PAIRS, _FEW_CHARACTERS = 64, 2_000  # So little that the extension is not worth looking for.


class OutOfTime(Exception):
    """The budget is used up."""


class Budget:
    """Seconds of this thread's CPU time; what passes inside `with` counts."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._since = 0.0

    def __enter__(self) -> Budget:
        self._since = thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self._left -= thread_time() - self._since

    def lasts(self) -> bool:
        return thread_time() - self._since < self._left


def ndiff(a: Sequence[str], b: Sequence[str], seconds: float, original: Callable) -> Iterator[str]:
    """The lines of difflib.ndiff(a, b), as lazily: those of an opcode are made when the first of them is asked for.

    `original` is the ndiff that would have been called.
    """
    if not _is_as_imported(original) or _is_small(a, b):
        return original(a, b)
    return _within(a, b, Budget(seconds))


def _is_as_imported(original: Callable) -> bool:
    """Whether no test has replaced a part of difflib: it gets what it asks for."""
    parts = (original, difflib.Differ, difflib.SequenceMatcher, difflib.Differ.compare, difflib.SequenceMatcher.ratio)
    return all(getattr(part, "__module__", "") == "difflib" for part in parts)


def _is_small(a: Sequence[str], b: Sequence[str]) -> bool:
    return len(a) * len(b) <= _FEW_PAIRS and sum(map(len, a)) + sum(map(len, b)) <= _FEW_CHARACTERS


def _within(a: Sequence[str], b: Sequence[str], budget: Budget) -> Iterator[str]:
    native, form = extension.load(), difflib_form.form()
    is_ours = native is not None and form is not None and all(type(line) is str for side in (a, b) for line in side)
    try:
        if is_ours:
            yield from _native_lines(native, form == difflib_form.WINDOWED, a, b, budget)
        else:
            yield from _python_lines(a, b, budget)
    except OutOfTime:
        yield from _unified(a, b, budget)


def _native_lines(native: object, windowed: bool, a: Sequence[str], b: Sequence[str], budget: Budget) -> Iterator[str]:
    with budget:
        codes = native.opcodes(a, b, frozenset(), True, budget.lasts)
    if codes is None:
        raise OutOfTime
    for tag, a_begin, a_end, b_begin, b_end in codes:
        if tag == "replace":
            with budget:
                lines = native.replace(a[a_begin:a_end], b[b_begin:b_end], windowed, budget.lasts)
            if lines is None:
                raise OutOfTime
            yield from lines
        elif tag == "insert":
            yield from ("+ " + line for line in b[b_begin:b_end])
        else:
            mark = "- " if tag == "delete" else "  "
            yield from (mark + line for line in a[a_begin:a_end])


def _python_lines(a: Sequence[str], b: Sequence[str], budget: Budget) -> Iterator[str]:
    def is_junk(character: str) -> bool:
        """difflib asks this for each line that it compares with others: often enough to look at the clock."""
        if not budget.lasts():
            raise OutOfTime
        return character in " \t"

    lines = difflib.Differ(None, is_junk).compare(a, b)
    while True:
        with budget:
            line = next(lines, None)
        if line is None:
            return
        yield line


def _unified(a: Sequence[str], b: Sequence[str], budget: Budget) -> Iterator[str]:
    end = "\n" if any(line.endswith("\n") for line in (*a[:1], *b[:1])) else ""
    yield f"? [fastest: this diff took more than {budget.seconds:g} s (diff-budget), so here is a unified one]{end}"
    yield from difflib.unified_diff(a, b, lineterm=end)
