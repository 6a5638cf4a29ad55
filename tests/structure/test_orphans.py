"""Each test belongs to something, and something runs it."""

from __future__ import annotations

import pathlib

from source import CPP_FOLDERS, EXTENSION, ROOT, files

# Where the sources are that tests/NAME tests.
SOURCES = {**{folder: folder for folder in CPP_FOLDERS}, "native": EXTENSION}


def test_each_cpp_test_lies_where_cmake_looks_for_it():
    built = {f"tests/{folder}" for folder in SOURCES}
    stray = [path for path in files(".cc", folders=("tests",)) if path.endswith("_test.cc") and str(pathlib.Path(path).parent) not in built]
    assert not stray


def has_subject(path: str) -> bool:
    """Whether the folder has a file of the test's name, or one whose name is a part of the other (link_test: agent_link)."""
    _, folder, name = path.split("/")
    noun = name.removesuffix("_test.cc")
    return any(noun in file.stem or file.stem in noun for file in (ROOT / SOURCES[folder]).glob("*.*"))


def test_each_cpp_test_names_a_file_of_its_folder():
    paths = [path for path in files(".cc", folders=tuple(f"tests/{folder}" for folder in SOURCES)) if path.endswith("_test.cc")]
    orphans = [path for path in paths if not has_subject(path)]
    assert not orphans, "tests of a file that is not there: " + ", ".join(orphans)


def test_each_source_file_has_its_header():
    """One of its own name, or one whose name is a part of its own: run_dispatch.cc is a part of run.h's class."""
    paths = [ROOT / path for path in files(".cc", folders=(*CPP_FOLDERS, EXTENSION)) if not path.endswith("/main.cc")]
    alone = [str(path.relative_to(ROOT)) for path in paths if not any(h.stem in path.stem for h in path.parent.glob("*.h"))]
    assert not alone, "no header of the same name: " + ", ".join(alone)
