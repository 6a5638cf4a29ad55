"""`pytest -p fastest -n auto`: a pytest that somebody else started hands its run to the program `fastest`.

It becomes the run's controller: the program discovers, schedules and runs, and tells it every event over a socket; here
they go through pytest's own hooks, so the terminal, --junitxml and an editor's plugin report as they always do. With
`-n 0`, `-n 1` or without -n nothing happens.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fastest import compat_logs, inherited, whole_run, wire
from fastest.replay import Replay
from fastest.wire import Frames
from fastest.xdist_shim import make_shim

# Plugins of editors: they report from this process, and would do so again from every worker.
_EDITOR_PLUGINS = ("vscode_pytest", "teamcity.pytest_plugin", "pytest-teamcity")
# Where pytest shows something instead of running tests, or one process must do it all, the run stays here.
_STAYING_OPTIONS = (
    "collectonly", "usepdb", "trace", "setuponly", "setupplan", "setupshow", "showfixtures", "show_fixtures_per_test", "markers",
    "help", "version", "cacheshow", "stepwise", "stepwise_skip", "looponfail",
)  # fmt: skip


def register(manager: pytest.PytestPluginManager) -> None:
    if manager.hasplugin("fastest-handover"):
        return
    if manager.hasplugin("xdist"):
        raise pytest.UsageError("-p fastest stands in for pytest-xdist: leave out -p xdist")
    manager.register(make_shim({"n": 2}, with_module=False), "xdist")
    manager.register(Handover(), "fastest-handover")


class Handover(Replay):
    """Inactive until pytest_cmdline_main has found that there are workers to be had."""

    def __init__(self) -> None:
        super().__init__(None, {})
        self._program: subprocess.Popen | None = None

    def is_active(self) -> bool:
        return self._program is not None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int | None:
        workers = _workers(config)
        if workers is None:
            return None
        inherited.remember()
        ours, theirs = socket.socketpair()
        with theirs:
            self._program = _start(config, workers, theirs.fileno())
        self.frames = Frames(ours)
        forward = _Interrupts(self._program)
        with forward:
            frame = self.frames.read()
            if frame is None:  # It has said why.
                return self._program.wait()
            self.setup = frame[1]
            compat_logs.go_on_with_file(config)
            status = int(self.run_session(config))
            self._tell_end(status)
            self._program.wait()
        return status

    def _tell_end(self, status: int) -> None:
        try:
            self.frames.write(wire.CONTROLLER_DONE, {"exit": status})
        except OSError:
            pass  # It has gone; pytest_runtestloop has said so.
        self.frames.close()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self.is_active():
            whole_run.neutralise_plugins(config, single=True)  # The program writes the cache.

    def pytest_report_header(self) -> list[str]:
        return [f"workers: {self.count} (fastest)"] if self.is_active() else []

    def on_runner_gone(self) -> None:
        status = self._program.wait()
        raise RuntimeError(f"the program fastest ended before the run did (exit status {status})")

    # ---- what only a terminal hears ----
    def _on_collection_finished(self, event: dict[str, Any]) -> None:
        super()._on_collection_finished(event)
        if not self.has_reported:  # In a large run tests are under way by now, and pytest's lines of them.
            gone = f" / {event['deselected']} deselected" if event["deselected"] else ""
            self._write(f"collected {event['items']} items{gone}\n\n")

    def _on_output(self, event: dict[str, Any]) -> None:
        self._write("".join(f"[{event['worker']}] {line}\n" for line in event["text"].splitlines()))

    def _on_notice(self, event: dict[str, Any]) -> None:
        self._write(event["text"].rstrip("\n") + "\n")

    def _write(self, text: str) -> None:
        reporter = self.session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write(text)


class _Interrupts:
    """A context: Ctrl-C and termination are the program's, which tells us when the run has ended. It is in another process
    group, so the terminal's signal comes to us alone."""

    def __init__(self, program: subprocess.Popen) -> None:
        self._program = program
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._forward)

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if sys.exc_info()[0] is not None and self._program.poll() is None:
            self._program.terminate()

    def _forward(self, number: int, _frame: object) -> None:
        if self._program.poll() is None:
            self._program.send_signal(number)


def _workers(config: pytest.Config) -> str | None:
    """What -n says, for the program; None where the run stays in this process."""
    asked = config.getoption("numprocesses", None)
    if asked is None or any(config.getoption(name, False) for name in _STAYING_OPTIONS) or hasattr(config, "workerinput"):
        return None
    if asked in ("auto", "logical"):
        asked = config.hook.pytest_xdist_auto_num_workers(config=config) if "PYTEST_XDIST_AUTO_NUM_WORKERS" not in os.environ else None
        most = config.getoption("maxprocesses", None)
        if asked is None:
            return "auto"
        asked = min(asked, most) if most else asked
    return str(asked) if int(asked) > 1 else None


def _start(config: pytest.Config, workers: str, descriptor: int) -> subprocess.Popen:
    words = list(without_plugins([str(word) for word in config.invocation_params.args], ("fastest", *_EDITOR_PLUGINS)))
    own = [f"--handover={descriptor}", "-n", workers, "--python", sys.executable]
    blocked = [word for name in _EDITOR_PLUGINS if config.pluginmanager.hasplugin(name) for word in ("-p", f"no:{name}")]
    end = words.index("--") if "--" in words else len(words)
    command = [find_program(), *words[:end], *own, *blocked, *words[end:]]
    return subprocess.Popen(
        command,
        cwd=config.invocation_params.dir,
        stdin=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        start_new_session=True,
    )


def without_plugins(words: Sequence[str], names: tuple[str, ...]) -> Iterator[str]:
    """The command line without `-p NAME` for the given names."""
    rest = iter(words)
    for word in rest:
        if word == "-p":
            name = next(rest, "")
            if name not in names:
                yield from (word, name)
        elif not (word.startswith("-p") and word[2:] in names):
            yield word


def find_program() -> str:
    """The built program: named by FASTEST_PROGRAM, beside this package, beside the interpreter, or in PATH."""
    here = Path(__file__).resolve().parents[1]
    named = os.environ.get("FASTEST_PROGRAM")
    if named and not os.access(named, os.X_OK):
        raise pytest.UsageError(f"-p fastest: FASTEST_PROGRAM={named} is no program")
    places = (
        Path(named or "/nonexistent"),
        here.parent / "build" / "fastest",  # A checkout: worker/fastest, build/fastest.
        here.parents[2] / "bin" / "fastest",  # PREFIX/lib/fastest/worker/fastest, PREFIX/bin/fastest.
        Path(sys.executable).parent / "fastest",
    )
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return str(place)
    found = shutil.which("fastest")
    if found is None:
        raise pytest.UsageError("-p fastest: the program fastest is not in PATH (hint: FASTEST_PROGRAM=/path/to/fastest)")
    return found
