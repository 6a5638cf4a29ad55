"""The files that the built program writes, held against those of plain pytest on the same project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(os.environ.get("FASTEST") or Path(__file__).resolve().parents[2] / "build" / "fastest")
PYTHON = os.environ.get("FASTEST_TEST_PYTHON") or sys.executable

PROJECT = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": """
import pytest
@pytest.fixture
def broken():
    yield
    raise RuntimeError("teardown")
""",
    "test_one.py": """
import pytest, sys
def test_pass(): pass
def test_fail():
    print("out"); print("err", file=sys.stderr)
    assert "\\x07" == "<&>"
def test_fail_twice(broken): assert 0
def test_skip(): pytest.skip("moon")
@pytest.mark.xfail(reason="bug")
def test_xfail(): assert 0
class TestX:
    @pytest.mark.parametrize("v", ["a/b", "c::d", "[e]"])
    def test_parameter(self, v): pass
""",
    "test_two.py": "def test_last(broken): pass\ndef test_missing(no_such_fixture): pass\n" + "".join(f"def test_{i}(): assert {i} != 3\n" for i in range(20)),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(command: list[str], project: Path) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not re.match("PYTEST_|CI$|BUILD_NUMBER$|COLUMNS$", name)}
    environment = {**kept, "COLUMNS": "80", "TERM": "dumb", "XDG_CACHE_HOME": str(project / "cache")}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120)


def both(project: Path, *options: str) -> tuple[subprocess.CompletedProcess, subprocess.CompletedProcess]:
    ours = run([str(PROGRAM), "--python", PYTHON, "-n", "3", *options], project)
    pytests = run([PYTHON, "-m", "pytest", "-p", "no:xdist", *(word.replace("ours.", "pytest.") for word in options)], project)
    return ours, pytests


def comparable_xml(path: Path) -> list[str]:
    text = re.sub(r' (time|timestamp|hostname)="[^"]*"', "", path.read_text())
    return re.sub("0x[0-9a-f]+", "0x", text).split("<testcase")


@pytest.mark.parametrize("options", [(), ("-o", "junit_family=xunit1", "-o", "junit_logging=all", "--junitprefix=p")])
def test_junit_file_equals_pytests(project: Path, options: tuple[str, ...]) -> None:
    # A missing fixture's text names all fixtures, and fastest offers xdist's too.
    ours, pytests = both(project, "--junitxml=ours.xml", "--deselect=test_two.py::test_missing", *options)
    assert ours.returncode == pytests.returncode == 1
    assert comparable_xml(project / "ours.xml") == comparable_xml(project / "pytest.xml")


def test_short_summary_and_counts_equal_pytests(project: Path) -> None:
    ours, pytests = both(project, "-ra")

    def summary(text: str) -> str:
        end = text[text.index("short test summary info") :]
        return re.sub(r" in [\d.]+s.*", "", end, flags=re.DOTALL).strip("= \n")

    assert summary(ours.stdout) == summary(pytests.stdout)


def test_cache_equals_pytests(project: Path) -> None:
    kept = []
    for command in ([str(PROGRAM), "--python", PYTHON, "-n", "3"], [PYTHON, "-m", "pytest", "-p", "no:xdist"]):
        run([*command, "-o", f"cache_dir=cache{len(kept)}"], project)
        folder = project / f"cache{len(kept)}" / "v" / "cache"
        kept.append({name: json.loads((folder / name).read_text()) for name in ("lastfailed", "nodeids")})
    assert kept[0] == kept[1]
