"""The virtual environments of the plugin tests: made once for each list of pinned requirements, kept under build/.

`requirements.txt` holds a section for each environment, every line with its hashes. To move to newer versions:

    python tests/plugins/environments.py lock [NAME…]
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.txt"
FOLDER = HERE.parents[1] / "build" / "plugins"
BASE = ("pytest", "pytest-reportlog", "pytest-xdist")  # In every environment.
# The interpreters that the lock file has wheels for: Debian 12's, Ubuntu 24.04's and Debian 13's.
PYTHONS = ("3.11", "3.12", "3.13")

# What `./dev test` runs, together, as projects have them; then an environment for each other plugin.
CORE = (
    "pytest-cov", "pytest-html", "pytest-json-report", "pytest-metadata", "pytest-rerunfailures", "pytest-randomly", "pytest-asyncio",
    "allure-pytest", "pytest-django", "django",
)  # fmt: skip
ENVIRONMENTS = {
    "core": CORE,
    "anyio": ("anyio", "trio"),
    "bdd": ("pytest-bdd",),
    "benchmark": ("pytest-benchmark",),
    "cases": ("pytest-cases", "pytest<9.1"),  # 3.10.1 does not load under pytest 9.2.
    "check": ("pytest-check",),
    "dependency": (),  # pytest-dependency
    "order": ("pytest-order",),
    "dotenv": ("pytest-dotenv",),
    "env": ("pytest-env",),
    "freezer": ("pytest-freezer",),
    "httpx": ("pytest-httpx", "respx"),
    "hypothesis": ("hypothesis",),
    "instafail": ("pytest-instafail",),
    "lazy": ("pytest-lazy-fixtures",),
    "mock": ("pytest-mock",),
    "parallel": ("pytest-parallel", "py"),
    "pretty": ("pytest-pretty",),
    "picked": ("pytest-picked",),
    "random-order": ("pytest-random-order",),
    "repeat": ("pytest-repeat",),
    "retry": ("pytest-retry",),
    "run-parallel": ("pytest-run-parallel",),
    "socket": ("pytest-socket",),
    "split": ("pytest-split",),
    "subtests": ("pytest-subtests",),
    "sugar": ("pytest-sugar",),
    "syrupy": ("syrupy",),
    "testmon": ("pytest-testmon",),
    "timeout": ("pytest-timeout",),
    "trio": ("pytest-trio",),
}


# No wheel of these: built from their source, in `./dev plugins` only.
SOURCES = {"dependency": ("pytest-dependency",)}


class Missing(Exception):
    """An environment cannot be made here: no package index, or no wheel for this interpreter."""


def section(name: str) -> str:
    """The lines of the lock file for one environment."""
    found = re.search(rf"^# \[{re.escape(name)}\]\n(.*?)(?=^# \[|\Z)", LOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise KeyError(f"{LOCK} has no section [{name}]: python {__file__} lock {name}")
    return found.group(1)


def interpreter(name: str) -> str:
    """The Python of the environment, which is made if it is not there."""
    wanted = section(name)
    key = hashlib.sha256(f"{wanted}{sys.version}{sys.prefix}".encode()).hexdigest()[:12]
    home = FOLDER / f"{name}-{key}"
    python, done = home / "bin" / "python", home / "complete"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Tests run in several processes.
        if not done.exists():
            _make(name, home, python, wanted)
            done.touch()
    return str(python)


def _make(name: str, home: Path, python: Path, wanted: str) -> None:
    venv.create(home, with_pip=False, clear=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(wanted)
        file.flush()
        options = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--retries=1", "--quiet")
        if name in SOURCES:
            options += (f"--no-binary={','.join(SOURCES[name])}",)
        answer = _pip("--python", str(python), "install", *options, "-r", file.name)
    if answer.returncode != 0:
        raise Missing(f"the environment '{name}' cannot be made (no package index?): {answer.stderr.strip()[-400:]}")


def version(name: str, distribution: str) -> str:
    """The version that the lock file names."""
    spelled = re.escape(distribution).replace(r"\-", "[-_.]")
    found = re.search(rf"^{spelled}==(\S+)", section(name), re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


# ---- the lock file ----
def _pip(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words], capture_output=True, text=True)


def _resolve(packages: tuple[str, ...], python: str) -> dict[str, tuple[str, str]]:
    """Name -> (version, hash) of everything that the packages need on Linux, as pip chooses it for `python`."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        where = ("--target", folder, "--python-version", python, "--only-binary=:all:", "--platform=manylinux_2_17_x86_64")
        more = ("--platform=manylinux2014_x86_64", "--platform=manylinux_2_5_x86_64", "--platform=manylinux1_x86_64")
        more += ("--platform=manylinux_2_28_x86_64",)
        answer = _pip("install", "--quiet", "--dry-run", "--report", str(report), *where, *more, *packages)
        if answer.returncode != 0:
            raise SystemExit(f"{packages}: {answer.stderr}")
        found = json.loads(report.read_text())["install"]
    return {
        each["metadata"]["name"].lower(): (each["metadata"]["version"], each["download_info"]["archive_info"]["hashes"]["sha256"])
        for each in found
    }


def _source(package: str) -> dict[str, dict[str, None]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        where = ("--ignore-installed", "--no-deps", f"--no-binary={package}")
        answer = _pip("install", "--quiet", "--dry-run", "--report", str(report), *where, package)
        if answer.returncode != 0:
            raise SystemExit(f"{package}: {answer.stderr}")
        (found,) = json.loads(report.read_text())["install"]
    line = f"{package}=={found['metadata']['version']}"
    return {line: {found["download_info"]["archive_info"]["hashes"]["sha256"]: None}}


def _lock(name: str) -> str:
    lines: dict[str, dict[str, None]] = {}
    pinned: tuple[str, ...] = (*BASE, *ENVIRONMENTS[name])
    for python in PYTHONS:
        found = _resolve(pinned, python)
        for package, (number, digest) in found.items():
            lines.setdefault(f"{package}=={number}", {})[digest] = None
        pinned = tuple(lines)  # One version for every interpreter.
    for package in SOURCES.get(name, ()):
        lines.update(_source(package))
    text = "".join(f"{line} {' '.join(f'--hash=sha256:{digest}' for digest in digests)}\n" for line, digests in sorted(lines.items()))
    return f"# [{name}]\n{text}"


def main(words: list[str]) -> None:
    names = words[1:] or list(ENVIRONMENTS)
    known = {name: f"# [{name}]\n{section(name)}" for name in ENVIRONMENTS if LOCK.exists() and f"# [{name}]\n" in LOCK.read_text()}
    for name in names:
        known[name] = _lock(name)
        print(name, flush=True)
        head = f"# Made by `python tests/plugins/{Path(__file__).name} lock`: the environments of the plugin tests.\n"
        LOCK.write_text(head + "".join(known[each] for each in ENVIRONMENTS if each in known), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] != ["lock"]:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
