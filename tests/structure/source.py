"""The repository's files as the structure checks see them."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP_FOLDERS = ("base", "protocol", "discovery", "scheduler", "coordinator", "agent", "report", "deploy", "cli")
# The Python extension: C++ that links nothing of ours (cmake/native.cmake). Its tests are in tests/native.
EXTENSION = "worker/native"
FOLDERS = (*CPP_FOLDERS, "worker", "tests", "bench", "examples")
# Comments, raw strings, strings and characters: what a rule about code must not look into.
_NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)


class Line(NamedTuple):
    """A line of a file, written ``path:number: text`` in a complaint."""

    path: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}: {self.text.strip()}"


def files(*suffixes: str, folders: tuple[str, ...] = FOLDERS) -> list[str]:
    """Paths, relative to the root, of the files in ``folders`` that end so."""
    found = (p for folder in folders for p in (ROOT / folder).rglob("*") if p.suffix in suffixes and p.is_file())
    return sorted(str(p.relative_to(ROOT)) for p in found if "__pycache__" not in p.parts)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="surrogateescape")


def code(path: str) -> str:
    """A C++ file without comments and literals; line numbers stay."""
    return _NOT_CODE.sub(lambda match: '""' + "\n" * match[0].count("\n"), text(path))


def matches(pattern: str, path: str, source: str) -> Iterator[Line]:
    """The lines of ``source``, the text of ``path``, in which ``pattern`` is found."""
    wanted = re.compile(pattern)
    for number, line in enumerate(source.splitlines(), 1):
        if wanted.search(line):
            yield Line(path, number, line)
