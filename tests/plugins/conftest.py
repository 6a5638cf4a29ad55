"""Projects that are run in a virtual environment with plugins, by ours, by plain pytest and by pytest-xdist."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.
sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

import environments  # noqa: E402
import running  # noqa: E402
from case import case  # noqa: E402

# Each of these installs a plugin: `./dev plugins` runs them.
collect_ignore = [] if os.environ.get("FASTEST_ALL_PLUGINS") else ["test_rows.py"]


def python_of(environment: str) -> str:
    """The environment's interpreter; without a package index the test is skipped, where all plugins are asked for it fails."""
    if running.STAND_IN or not Path(running.PROGRAM).exists():
        pytest.skip(f"{running.PROGRAM} is not built (./dev build, or set FASTEST)")
    try:
        return environments.interpreter(environment)
    except environments.Missing as missing:
        if os.environ.get("FASTEST_ALL_PLUGINS"):
            raise
        pytest.skip(str(missing))


class Project:
    """A project run by ours or by plain pytest in the environment. No plugin but those named by `-p` changes the order."""

    def __init__(self, base: Path, files: dict[str, str], python: str):
        self.base, self.python = base, python
        self.root = running.fresh_project(base, case(files, bare=True))

    def run(self, *args: str, env: dict[str, str] | None = None) -> running.Run:
        return self._finish([running.PROGRAM, "--python", self.python, *args], env)

    def pytest(self, *args: str, env: dict[str, str] | None = None) -> running.Run:
        return self._finish([self.python, "-m", "pytest", *args], env)

    def _finish(self, command: list[str], env: dict[str, str] | None) -> running.Run:
        return running.Started(command, self.root, self.base, running.environment(self.base, env or {})).finish()


@pytest.fixture
def make_project(tmp_path):
    def make(files: dict[str, str], folder: str = "ours", environment: str = "core") -> Project:
        return Project(tmp_path / folder, files, python_of(environment))

    return make
