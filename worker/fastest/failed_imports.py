"""What could not be imported for all files beforehand fails once more for the file that asks for it first: some modules
fail only at their first import, and the second would pass where under pytest a file fails."""

from __future__ import annotations

import sys
from types import TracebackType


class FailedImports:
    """A finder at the head of sys.meta_path, once there is something to fail."""

    def __init__(self) -> None:
        self._errors: dict[str, Exception] = {}

    def add(self, name: str, error: Exception) -> None:
        if isinstance(error, ModuleNotFoundError):
            return  # It fails again by itself.
        if not self._errors:
            sys.meta_path.insert(0, self)
        self._errors[name] = error

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        __tracebackhide__ = True
        error = self._errors.pop(name, None)
        if error is not None:
            raise error.with_traceback(_from_module_on(error.__traceback__))


def _from_module_on(trace: TracebackType | None) -> TracebackType | None:
    """Without the frames of who imported it: ours and importlib's."""
    while trace is not None and ("importlib" in (file := trace.tb_frame.f_code.co_filename) or file.endswith("collect.py")):
        trace = trace.tb_next
    return trace
