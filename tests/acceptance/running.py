"""Runs plain pytest and the runner under test on a project and reads what they said.

FASTEST          the program (default build/fastest)
FASTEST_RUNNER   a whole command instead, as a stand-in: "python -m pytest"
FASTEST_TEST_PYTHON  the Python that has pytest and pytest-reportlog (default: this one)
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from case import Case

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("FASTEST_TEST_PYTHON") or sys.executable
PROGRAM = os.environ.get("FASTEST") or str(REPOSITORY / "build" / "fastest")
STAND_IN = os.environ.get("FASTEST_RUNNER", "")
MARK = "FASTEST_ACCEPTANCE_MARK"  # In the environment of all that a run starts: finds what it left behind.
LIMIT = 60.0  # Seconds until a run counts as hung.

_FOREIGN = re.compile(r"PYTEST_|COV_|CI$|BUILD_NUMBER$|NO_COLOR$|FORCE_COLOR$|PY_COLORS$|FASTEST_|GITHUB_|CI_NODE_|CIRCLE_NODE_|BUILDKITE_PARALLEL_")


@dataclass
class Run:
    """What one invocation answered, with the paths of its own folder taken out."""

    exit: int
    stdout: str
    stderr: str
    log: list[dict] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # Processes that outlived it.
    seconds: float = 0.0


# A test file with every kind of outcome.
MIXED = """
import time, pytest
@pytest.mark.parametrize("n", range(6))
def test_some(n):
    print("said", n)
    assert n != 4
@pytest.fixture
def broken(): raise ValueError("no")
def test_error(broken): pass
@pytest.mark.skip(reason="not now")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
"""


def results(log: Iterable[dict]) -> Counter:
    """How often each (node id, phase, outcome) stands in a report log."""
    return Counter((line["nodeid"], line["when"], line["outcome"]) for line in log if line["$report_type"] == "TestReport")


def results_in(log: Path) -> Counter:
    return results(map(json.loads, log.read_text().splitlines()))


def passes(node_ids: Iterable[str]) -> Counter:
    """The results of tests that each passed once."""
    return Counter((node_id, when, "passed") for node_id in node_ids for when in ("setup", "call", "teardown"))


def runner_command() -> list[str]:
    return shlex.split(STAND_IN) if STAND_IN else [PROGRAM, "--python", PYTHON]


def environment(base: Path, more: dict[str, str]) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
    temporary = base / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    env.update(
        COLUMNS="80",
        TERM="dumb",
        PYTHONDONTWRITEBYTECODE="1",
        PYTEST_DEBUG_TEMPROOT=str(temporary),
        XDG_CACHE_HOME=str(base / "cache"),
    )
    env.update(more)
    return env


def marked_processes(mark: str) -> dict[int, str]:
    """The living processes that were started, however indirectly, with this mark."""
    found = {}
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # It ended meanwhile.
    return found


def survivors(mark: str, grace: float = 2.0) -> list[str]:
    """What is still alive after a short grace; it is killed, so that tests can't disturb each other."""
    until = time.monotonic() + grace
    while (found := marked_processes(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return [f"{pid}: {command}" for pid, command in found.items()]


def _interruptible() -> None:
    """What a shell starts in the background, and all below it, would ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Started:
    """A running command with its mark; `finish` waits, reads and tidies up."""

    def __init__(self, command: list[str], root: Path, base: Path, env: dict[str, str], log: Path | None = None):
        self.root, self.base, self.log = root, base, log
        self.mark = uuid.uuid4().hex
        self.began = time.monotonic()
        self.out, self.err = (tempfile.TemporaryFile("w+b") for _ in range(2))
        self.process = subprocess.Popen(
            command,
            cwd=root,
            env={**env, MARK: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            start_new_session=True,
            preexec_fn=_interruptible,
        )

    def finish(self, limit: float = LIMIT) -> Run:
        hung = False
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            hung = True
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        seconds = time.monotonic() - self.began
        left = survivors(self.mark, grace=0.0 if hung else 2.0)
        text = [self._text(stream) for stream in (self.out, self.err)]
        if hung:
            text[1] += f"\n[hung for {limit} s and was killed]"
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log and self.log.exists() else []
        log = [json.loads(normalise(line, self.root, self.base)) for line in lines]
        return Run(self.process.returncode, *text, log=log, left=left, seconds=seconds)

    def _text(self, stream) -> str:
        stream.seek(0)
        # What is not UTF-8 is "?": which byte pytest writes for a surrogate depends on the locale.
        return normalise(stream.read().decode(errors="replace").replace("\ufffd", "?"), self.root, self.base)


def normalise(text: str, root: Path, base: Path) -> str:
    text = text.replace(str(root), "<root>")
    text = re.sub(re.escape(str(base / "tmp")) + r"/pytest-of-[^/\s\"']+/pytest-\d+(/popen-gw\d+)?", "<tmp>", text)
    text = text.replace(str(base), "<base>")
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", text)


def start(command: list[str], args: list[str], root: Path, base: Path, env: dict[str, str]) -> Started:
    log = base / f"{uuid.uuid4().hex}.jsonl"
    return Started([*command, f"--report-log={log}", *args], root, base, environment(base, env), log)


def run_pytest(root: Path, base: Path, args: list[str], env: dict[str, str]) -> Run:
    return start([PYTHON, "-m", "pytest"], args, root, base, env).finish()


def run_ours(root: Path, base: Path, args: list[str], env: dict[str, str]) -> Run:
    return start(runner_command(), args, root, base, env).finish()


def end_all(processes: Iterable[subprocess.Popen]) -> None:
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def fresh_project(base: Path, case: Case) -> Path:
    """All runs of a case see a folder of one name: keywords and node ids hold it."""
    root = base / "project"
    root.mkdir(parents=True)
    case.write(root)
    return root


def truth_of(case: Case, base: Path, args: list[str]) -> Run:
    """Plain pytest's answer, kept between runs of this suite by the content of the question."""
    question = [asdict(case) | {"loose": sorted(case.loose)}, args, PYTHON, _pytest_version(), 6]
    key = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
    kept = _truth_folder() / f"{key}.json"
    if kept.exists():
        kept.touch()
        return Run(**json.loads(kept.read_text()))
    run = run_pytest(fresh_project(base, case), base, [*args, *case.truth_args], case.env)
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(run)))
    partial.replace(kept)
    return run


@functools.cache
def _truth_folder() -> Path:
    """What nobody has asked for a month goes."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastest-dev" / "truth"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kept in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # Other processes do this, too.
            if kept.stat().st_mtime < time.time() - 30 * 86400:
                kept.unlink()
    return folder


_version = ""


def _pytest_version() -> str:
    global _version
    if not _version:
        script = "import pytest, sys, importlib.metadata as m; print(sys.version, sorted((d.name, d.version) for d in m.distributions()))"
        _version = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, check=True).stdout
    return _version
