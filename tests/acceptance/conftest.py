"""What every whole-program test needs: the built program, a way to call it, and this folder's modules."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

import running  # noqa: E402
from case import case  # noqa: E402
from cluster import FILES, SLOW, TESTS, Cluster  # noqa: E402
from warm import WarmProject  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def program() -> None:
    if not running.STAND_IN and not Path(running.PROGRAM).exists():
        pytest.skip(f"{running.PROGRAM} is not built (./dev build, or set FASTEST)")


class Project:
    """A project in a fresh folder, to be run any number of times."""

    def __init__(self, base: Path, files: dict[str, str]):
        self.base = base
        self.root = running.fresh_project(base, case(files, bare=True))

    def start(self, *args: str, env: dict[str, str] | None = None) -> running.Started:
        return running.start(running.runner_command(), list(args), self.root, self.base, env or {})

    def run(self, *args: str, env: dict[str, str] | None = None) -> running.Run:
        return self.start(*args, env=env).finish()

    def pytest(self, *args: str, env: dict[str, str] | None = None) -> running.Run:
        return running.run_pytest(self.root, self.base, list(args), env or {})

    def read(self, name: str) -> str:
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def make_project(tmp_path):
    def make(files: dict[str, str], folder: str = "ours") -> Project:
        return Project(tmp_path / folder, files)

    return make


@pytest.fixture
def make_warm(tmp_path):
    """As make_project, for runs with --persistent-workers. At the end nobody may be left."""
    made = []

    def project(files: dict[str, str]) -> WarmProject:
        made.append(WarmProject(tmp_path / f"warm{len(made)}", files))
        return made[-1]

    yield project
    for each in made:
        each.end()


@pytest.fixture
def cluster(tmp_path, request):
    root = tmp_path / "project"
    root.mkdir()
    for file in range(FILES):
        (root / f"test_{file}.py").write_text(SLOW % (TESTS, getattr(request, "param", 0)))
    made = Cluster(root, tmp_path)
    yield made
    made.end()
