"""One tiny project and the command line it is run with: a row of the case tables.

A row says what plain pytest must answer (red, green or an exit status), so that a
new pytest that changed its mind shows up as a wrong table, not as our defect.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import dedent

# Every project holds one more test file with one passing test, so that two workers have something to share.
NEIGHBOUR = {"test_neighbour.py": "def test_passes():\n    pass\n"}


@dataclass(frozen=True)
class Case:
    files: dict[str, str]
    args: tuple[str, ...] = ()
    exit: int | str = "any"  # An exit status, "red", "green" or "any".
    env: dict[str, str] = field(default_factory=dict)
    loose: frozenset[str] = frozenset()  # What two honest runs may differ in: see compare.py.
    truth_args: tuple[str, ...] = ()  # For plain pytest alone (addopts with -n).
    needs: str = ""  # A module without which the case means nothing.
    workers: tuple[int, ...] = ()  # Only with these -n; empty: all.

    def write(self, root: Path) -> None:
        for name, text in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def expects(self, status: int) -> bool:
        if self.exit == "red":
            return status != 0
        if self.exit == "green":
            return status == 0
        return self.exit in ("any", status)

    def missing(self) -> bool:
        return bool(self.needs) and importlib.util.find_spec(self.needs) is None


def case(files: str | dict[str, str], *args: str, bare: bool = False, loose: str = "", **more) -> Case:
    """A project; a lone text is its test_case.py. `bare`: without the passing neighbour."""
    if isinstance(files, str):
        files = {"test_case.py": files}
    if not bare:
        files = {**NEIGHBOUR, **files}
    return Case(files, args, loose=frozenset(loose.split()), **more)


red = partial(case, exit="red")
green = partial(case, exit="green")
