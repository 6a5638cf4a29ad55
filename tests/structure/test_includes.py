"""The folders include each other only as docs/design.md allows."""

from __future__ import annotations

import re

from source import CPP_FOLDERS, EXTENSION, Line, files, matches, text


def allowed_edges() -> dict[str, set[str]]:
    """The list behind "May include:" in docs/design.md: ```a`, `b` -> c, d; ...```."""
    listed = text("docs/design.md").partition("May include:")[2].partition("`worker`")[0]
    edges: dict[str, set[str]] = {folder: {folder} for folder in CPP_FOLDERS}
    for clause in listed.split(";"):
        sources, arrow, targets = clause.partition("->")
        for source in re.findall(r"`(\w+)`", sources) if arrow else []:
            edges[source] |= set(CPP_FOLDERS) if "every" in targets else set(re.findall(r"\w+", targets))
    return edges


def includes(path: str) -> list[tuple[str, Line]]:
    """The folder and line of each ``#include "folder/..."``."""
    pattern = r'^\s*#\s*include\s+"(\w+)/'
    return [(re.match(pattern, line.text)[1], line) for line in matches(pattern, path, text(path))]


def wrong_includes(path: str, allowed: set[str]) -> list[str]:
    return [f"{line}  (docs/design.md has no such edge)" for folder, line in includes(path) if folder not in allowed]


def test_the_design_names_an_edge_for_each_folder():
    assert allowed_edges()["coordinator"] == {"coordinator", "scheduler", "protocol", "base"}
    assert allowed_edges()["base"] == {"base"}


def test_folders_include_only_what_the_design_allows():
    edges = allowed_edges()
    paths = files(".h", ".cc", folders=CPP_FOLDERS)
    wrong = [complaint for path in paths for complaint in wrong_includes(path, edges[path.split("/")[0]])]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_python_extension_includes_nothing_of_the_program():
    paths = files(".h", ".cc", folders=(EXTENSION,))
    wrong = [complaint for path in paths for complaint in wrong_includes(path, {"native"})]
    assert paths and not wrong, "\n" + "\n".join(wrong)


def test_a_folders_tests_include_what_the_folder_may():
    edges = allowed_edges()
    wrong = [
        complaint
        for folder in CPP_FOLDERS
        for path in files(".h", ".cc", folders=(f"tests/{folder}",))
        for complaint in wrong_includes(path, edges[folder] | {"tests"})
    ]
    assert not wrong, "\n" + "\n".join(wrong)
