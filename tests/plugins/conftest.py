"""A virtual environment with the plugins, made once for each list of them and kept in the temporary folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))  # The import mode here may be importlib.

import running  # noqa: E402
from case import case  # noqa: E402

PLUGINS = (
    "pytest>=8", "pytest-reportlog", "pytest-xdist", "pytest-cov", "pytest-html", "pytest-metadata", "pytest-rerunfailures",
    "pytest-randomly", "pytest-json-report", "allure-pytest",
)  # fmt: skip


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter of the environment; without a package index these tests are skipped."""
    if running.STAND_IN or not Path(running.PROGRAM).exists():
        pytest.skip(f"{running.PROGRAM} is not built (./dev build, or set FASTEST)")
    key = hashlib.sha256(repr((PLUGINS, sys.version)).encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"fastest-plugins-{os.getuid()}-{key}"
    interpreter, done = home / "bin" / "python", home / "complete"
    if not done.exists():
        venv.create(home, with_pip=True, clear=True)
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=1", *PLUGINS]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode != 0:
            pytest.skip(f"the plugins cannot be installed (no package index?): {answer.stderr.strip()[-300:]}")
        done.touch()
    return str(interpreter)


class Project:
    """A project run by ours or by plain pytest in the environment. No plugin but those named by `-p` changes the order."""

    def __init__(self, base: Path, files: dict[str, str], python: str):
        self.base, self.python = base, python
        self.root = running.fresh_project(base, case(files, bare=True))

    def run(self, *args: str) -> running.Run:
        return self._finish([running.PROGRAM, "--python", self.python, *args])

    def pytest(self, *args: str) -> running.Run:
        return self._finish([self.python, "-m", "pytest", *args])

    def _finish(self, command: list[str]) -> running.Run:
        return running.Started(command, self.root, self.base, running.environment(self.base, {})).finish()


@pytest.fixture
def make_project(tmp_path, python):
    def make(files: dict[str, str], folder: str = "ours") -> Project:
        return Project(tmp_path / folder, files, python)

    return make
