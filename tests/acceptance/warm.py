"""A project whose runs may share a warm process: a folder of sockets of its own, and the same environment in each run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import running
from case import case

LIMIT = 30.0


class WarmRun(running.Started):
    """As Started, but of one mark with the project's other runs, so that nobody is killed at its end."""

    def __init__(self, project: WarmProject, args: tuple[str, ...], env: dict[str, str]):
        self.root, self.base, self.log = project.root, project.base, project.base / f"{uuid.uuid4().hex}.jsonl"
        self.began = time.monotonic()
        self.out, self.err = (open(project.base / f"{uuid.uuid4().hex}.txt", "w+b") for _ in range(2))
        command = [*running.runner_command(), f"--report-log={self.log}", "--persistent-workers", "-v", *args]
        self.process = subprocess.Popen(
            command,
            cwd=project.root,
            env={**project.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            start_new_session=True,
        )
        self.mark = "none"  # What survives is the warm process; `Project.strangers` tells the others.


class WarmProject:
    def __init__(self, base: Path, files: dict[str, str], env: dict[str, str] | None = None):
        self.base = base
        self.root = running.fresh_project(base, case(files, bare=True))
        self.runtime = base / "run"
        self.runtime.mkdir(mode=0o700)
        self.mark = uuid.uuid4().hex
        self.env = running.environment(base, {"XDG_RUNTIME_DIR": str(self.runtime), running.MARK: self.mark, **(env or {})})
        time.sleep(0.2)  # What changes while a warm process starts is not trusted.

    def start(self, *args: str, env: dict[str, str] | None = None) -> WarmRun:
        return WarmRun(self, args, env or {})

    def run(self, *args: str, env: dict[str, str] | None = None) -> running.Run:
        run = self.start(*args, env=env).finish()
        assert "hung" not in run.stderr, run.stdout + run.stderr
        return run

    def workers(self, *words: str) -> str:
        command = [running.PROGRAM, "workers", *words]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=LIMIT).stdout

    def warm_up(self, *args: str, env: dict[str, str] | None = None, until: str = "plugins, options") -> None:
        """A run that is right, after which the warm process has loaded all that it will."""
        run = self.run(*args, env=env)
        assert run.exit == 0, run.stdout + run.stderr
        wait_for(lambda: until in self.workers("list"), lambda: self.workers("list"))

    def pids(self) -> list[int]:
        """Of the warm processes."""
        return [int(pid) for pid in re.findall(r"^pid (\d+)", self.workers("list"), re.MULTILINE)]

    def strangers(self) -> dict[int, str]:
        """Processes of this project that are no warm ones."""
        warm = self.pids()
        return {pid: command for pid, command in running.marked_processes(self.mark).items() if pid not in warm}

    def kill_warm(self) -> None:
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not set(pids) & set(running.marked_processes(self.mark)), lambda: "killed ones live")

    def end(self) -> None:
        """Stops what is there; whatever then lives is a mistake."""
        self.workers("stop", "--all")
        left = running.survivors(self.mark, grace=10.0)
        assert left == [], left


def wait_for(condition: Callable[[], bool], told: Callable[[], object], limit: float = LIMIT) -> None:
    until = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < until, told()
        time.sleep(0.05)


def how(run: running.Run) -> str:
    """What the run said of its warm process."""
    return " / ".join(re.findall(r"^fastest: persistent workers: (.*)", run.stdout, re.MULTILINE))


def was_warm(run: running.Run) -> bool:
    """Whether it came from one that had parsed its command line."""
    return "plugins, options" in how(run)
