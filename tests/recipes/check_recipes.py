"""`./dev recipes`: the CI recipes are valid, and GitLab's does what it says: it is run, with `parallel: 3`, by gitlab-ci-local.

Not a part of `./dev test`: it takes check-jsonschema and gitlab-ci-local from PyPI and npm, into build/recipes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "recipes"
RECIPES = ROOT / "deploy" / "ci"
SCHEMAS = {
    "github/fastest.yml": "vendor.github-workflows",
    "gitlab/gitlab-ci.yml": "vendor.gitlab-ci",
    "circleci/config.yml": "vendor.circle-ci",
    "buildkite/pipeline.yml": "vendor.buildkite",
}
CHECKER, GITLAB = "check-jsonschema==0.39.0", "gitlab-ci-local@4.63.0"  # Later ones want Node 22.
TESTS = 12
LIMIT = 300


def set_up() -> None:
    if not (TOOLS / "venv/bin/check-jsonschema").exists():
        subprocess.run([sys.executable, "-m", "venv", TOOLS / "venv"], check=True)
        subprocess.run([TOOLS / "venv/bin/pip", "install", "--quiet", CHECKER], check=True)
    if not (TOOLS / "node_modules/.bin/gitlab-ci-local").exists():
        command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", TOOLS, GITLAB]
        subprocess.run(command, check=True)


def check_schemas() -> None:
    for recipe, schema in SCHEMAS.items():
        command = [TOOLS / "venv/bin/check-jsonschema", "--builtin-schema", schema, RECIPES / recipe]
        subprocess.run(command, check=True)
    # A check that can't fail is none.
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as wrong:
        wrong.write((RECIPES / "gitlab/gitlab-ci.yml").read_text().replace("parallel: 3", "parallel: many"))
        wrong.flush()
        command = [TOOLS / "venv/bin/check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", wrong.name]
        assert subprocess.run(command, capture_output=True).returncode != 0, "a wrong recipe was not found out"


def make_project(folder: Path, failing: str = "") -> Path:
    """A repository with the recipe in it; the test named `failing` fails."""
    folder.mkdir()
    shutil.copy(RECIPES / "gitlab/gitlab-ci.yml", folder / ".gitlab-ci.yml")
    (folder / ".gitignore").write_text(".gitlab-ci-local/\n")
    for n in range(TESTS):
        (folder / f"test_{n}.py").write_text(f"def test_{n}(): assert 'test_{n}' != {failing!r}\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    subprocess.run(["git", "remote", "add", "origin", "git@gitlab.example:group/project.git"], cwd=folder, check=True)
    return folder


def run_pipeline(project: Path, program: str) -> subprocess.CompletedProcess:
    tools = project.parent / "bin"
    tools.mkdir(exist_ok=True)
    if not (tools / "fastest").exists():
        (tools / "fastest").symlink_to(program)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "GITHUB", "FASTEST"))}
    env["PATH"] = f"{tools}:{Path(sys.executable).parent}:{env['PATH']}"
    env["HOME"] = str(project.parent)
    command = [TOOLS / "node_modules/.bin/gitlab-ci-local", "--force-shell-executor", "--variable", "INSTALL=true"]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=LIMIT)


def run_gitlab(base: Path, program: str) -> None:
    project = make_project(base / "green")
    run = run_pipeline(project, program)
    assert run.returncode == 0, run.stdout + run.stderr
    for k in (1, 2, 3):
        assert f"shard {k}/3: 4 of 12 files" in run.stdout, run.stdout
    names = {case.get("name") for case in ElementTree.parse(project / "report.xml").iter("testcase")}
    assert names == {f"test_{n}" for n in range(TESTS)}, names
    assert len(json.loads((project / "history.json").read_text())["files"]) == TESTS

    project = make_project(base / "red", failing="test_7")
    run = run_pipeline(project, program)
    assert run.returncode != 0, run.stdout
    failed = [case.get("name") for case in ElementTree.parse(project / "report.xml").iter("testcase") if case.find("failure") is not None]
    assert failed == ["test_7"], failed


def main() -> None:
    program = os.environ.get("FASTEST") or str(ROOT / "build" / "fastest")
    set_up()
    check_schemas()
    with tempfile.TemporaryDirectory() as base:
        run_gitlab(Path(base), program)
    print("recipes: 4 valid; GitLab's ran green with 3 shards, and red with one failing test")


if __name__ == "__main__":
    main()
