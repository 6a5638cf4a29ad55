"""Why a session ends before its time, worded as pytest's last lines have it: STOPPING's body."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from fastest import wire
from fastest.error_text import ErrorText
from fastest.link import WorkerLink
from fastest.reports import Envelopes

if TYPE_CHECKING:
    from fastest.recorder import Recorder

_HINT = "(to show a full traceback on KeyboardInterrupt use --full-trace)"


def stopping_of(error: BaseException, envelopes: Envelopes) -> dict[str, Any] | None:
    """None for a mere bug, which nobody asked for."""
    if isinstance(error, pytest.Session.Failed):
        return {"kind": "fail", "reason": str(error), "exit": None}
    reason = "".join(traceback.format_exception_only(type(error), error)).strip()
    if isinstance(error, pytest.exit.Exception):
        return {"kind": "exit", "reason": reason, "exit": error.returncode}
    if isinstance(error, KeyboardInterrupt):  # Session.Interrupted is one.
        kind = "stop" if isinstance(error, pytest.Session.Interrupted) else "interrupt"
        return {"kind": kind, "reason": reason, "exit": None, "place": _place(error, envelopes) if "KeyboardInterrupt" in reason else ""}
    return None


def tell_ended_collection(
    error: BaseException, recorder: Recorder, worker_link: WorkerLink | None, errors: ErrorText, tell_collected: Callable[[], None]
) -> None:
    """Collection ended before its time: -x, pytest.exit, Ctrl-C. `worker_link`: None in the zygote."""
    stopping = stopping_of(error, recorder.envelopes)
    if worker_link is not None:
        tell_collected()
        if stopping is not None:
            worker_link.send(wire.STOPPING, stopping)
    elif stopping is not None and stopping["kind"] == "fail":
        tell_collected()  # Its reports say why.
    elif stopping is not None:
        errors.explain(f"!!! {stopping['reason']} !!!\n{stopping.get('place', '')}")


def _place(error: BaseException, envelopes: Envelopes) -> str:
    """The lines in which pytest says where it was raised."""
    shown = pytest.ExceptionInfo.from_exc_info((type(error), error, error.__traceback__)).getrepr(funcargs=True)
    if shown.reprcrash is None:
        return ""
    if envelopes.full_trace:
        return envelopes.text_of(shown)
    hint = f"\x1b[33m{_HINT}\x1b[0m" if envelopes.color else _HINT
    return f"{envelopes.text_of(shown.reprcrash)}{hint}\n"
