"""The zygote's successor: what every worker of file mode would do before its first file, done once for all of them.

A fork of the zygote configures itself, starts the session and imports what the run's files import. If workers may be forked
from it then (whole mode's verdict, and besides: all could be imported, nothing was warned, printed or reported), it is the
zygote from then on; the first one waits for its end. Else it goes, having told nobody anything, and the first one forks
workers that do all this by themselves. That it went is remembered for a day, since a trial in vain costs what it would save.
"""

from __future__ import annotations

import hashlib
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest

from fastest import bytecode, heap, process, verdicts
from fastest.collect import FileUnits
from fastest.link import SilentLink
from fastest.recorder import Recorder
from fastest.watch import Watch
from fastest.wire import Frames

_PATIENCE = 10.0  # Seconds. An import that hangs is to be found in a worker, which --hang-timeout watches.
_FEWEST = 3  # Workers. Two import side by side what one would import before them.
_DAY = 86_400.0  # Seconds.
_WORD = b"+"  # "Nothing is against me", and the answer to it: "go on".


class Successor:
    """One a zygote. `was_accepted`: this process is the successor, and the zygote, or a fork of it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._was_tried = False
        self._judge: socket.socket | None = None  # While it is on trial: the zygote.
        self._output = self._said = -1
        self._heard = _Heard()
        self._random_state: object = None
        self._imports: Sequence[str] = ()
        self.was_accepted = False

    @property
    def is_on_trial(self) -> bool:
        return self._judge is not None

    def comes(self, config: pytest.Config, recorder: Recorder, order: dict[str, Any], frames: Frames, life_pipe: int) -> bool:
        """At the FORK `order`: True in a successor that is on trial from now on. False: the zygote is to do it by itself.

        Where a successor was accepted, the first zygote does not return.
        """
        imports = (order.get("start") or {}).get("imports") or []
        if self._was_tried or not _may_pay(order, imports) or verdicts.each(config):
            return False
        self._was_tried = True
        refusal = _refusal_file(config, imports)
        if _is_recent(refusal):
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        accused, judge = socket.socketpair()
        pid = os.fork()
        if pid:
            judge.close()
            if _accepts(accused, pid):
                frames.close()
                _end_as(pid)
            os.waitpid(pid, 0)
            _remember(refusal)
            return False
        accused.close()
        process.die_with_agent(life_pipe)
        self._judge = process.socket_of(judge.detach())
        self._output = process.out_of_the_way(process.real_output(config))
        self._said = process.out_of_the_way(os.memfd_create("said"))
        process.redirect_output(os.dup(self._said), config)
        self._heard.link, recorder.link = recorder.link, self._heard
        self._imports, self._random_state = imports, random.getstate()
        self._watch.__enter__()
        self._watch.hear_chance()
        return True

    def stand_trial(self, config: pytest.Config, recorder: Recorder, units: FileUnits) -> bool:
        """Once the session has started. True, and all is frozen for forks; does not return if it is refused."""
        own_fds = process.open_fds()
        hook, sys.unraisablehook = sys.unraisablehook, lambda _unraisable: self._heard.send(0, None)
        is_all_there = units.import_for_others()
        heap.freeze(self._imports)  # Test files, which are loaded later, may name the collector themselves.
        sys.unraisablehook = hook
        self._watch.__exit__(None, None, None)
        sys.stdout.flush()
        sys.stderr.flush()
        has_said = self._heard.has_said or os.fstat(self._said).st_size > 0
        is_by_chance = random.getstate() != self._random_state  # Each worker is to have its own names and numbers.
        reasons = self._watch.reasons + verdicts.unshareable(own_fds) + verdicts.each(config)
        if has_said or is_by_chance or reasons or not is_all_there:
            os._exit(0)
        self._judge.sendall(_WORD)
        if not self._judge.recv(1):
            os._exit(0)  # Too late.
        self._judge.close()
        self._judge = None
        process.replace_everywhere(self._said, self._output)
        recorder.link = self._heard.link
        self.was_accepted = True
        return True


class _Heard(SilentLink):
    """Only notes that there was something to tell. `link`: whom it stands for."""

    def __init__(self) -> None:
        self.has_said = False
        self.link: Any = None

    def send(self, kind: int, value: object) -> None:
        self.has_said = True


def _may_pay(order: dict[str, Any], imports: Sequence[str]) -> bool:
    return order.get("mode") == "file" and order.get("count", 0) >= _FEWEST and any(name not in sys.modules for name in imports)


def _accepts(accused: socket.socket, pid: int) -> bool:
    with accused:
        if not select.select([accused], [], [], _PATIENCE)[0]:
            os.kill(pid, signal.SIGKILL)
            return False
        if accused.recv(1) != _WORD:
            return False
        accused.sendall(_WORD)
        return True


def _end_as(pid: int) -> None:
    """Waits for the successor and ends as it does."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


# ---- what is remembered ----
def _refusal_file(config: pytest.Config, imports: Sequence[str]) -> str:
    """A file that is there if the successor of such a run was refused lately; "" without a cache."""
    if bytecode.store is None:
        return ""
    question = "\n".join([sys.executable, str(config.rootpath), *imports])
    name = hashlib.blake2b(question.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()
    return os.path.join(os.path.dirname(bytecode.folder()), "refused", name)


def _is_recent(file: str) -> bool:
    try:
        return time.time() - os.stat(file).st_mtime < _DAY
    except OSError:
        return False


def _remember(file: str) -> None:
    """Forgets what is too old to count."""
    if not file:
        return
    folder = os.path.dirname(file)
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        for name in os.listdir(folder):
            if not _is_recent(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError:
        pass  # Then it is tried again.
