"""The garbage collector, put off while what is made stays: looking for garbage in it, again and again, takes long."""

from __future__ import annotations

import gc


class no_garbage_collection:  # noqa: N801
    """A context. A class, since a generator would leave its frame in the tracebacks of what is raised inside (Python 3.9)."""

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *raised: object) -> None:
        if self._was_enabled:
            gc.enable()
