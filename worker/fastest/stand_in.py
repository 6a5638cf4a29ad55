"""A stand-in for what the fast protocol has done already, while pytest's hooks are called to report it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterator
from time import perf_counter
from types import CodeType, TracebackType

_CURRENT_TEST = "PYTEST_CURRENT_TEST"
_of_fixtures: set[CodeType] = set()  # The code of all stand-ins that of_fixture has made.


def of_fixture(function: Callable, error: BaseException | None, restore: Callable[[], None]) -> Callable:
    """What pytest calls in the place of a fixture's function that has failed: it calls `restore` and raises `error`, or
    (None) ends without a value."""

    def call(*_args: object, **_kwargs: object) -> None:
        restore()
        raise error

    def generate(*_args: object, **_kwargs: object) -> Iterator[None]:
        restore()
        if error is not None:
            raise error
        yield from ()

    made = generate if inspect.isgeneratorfunction(function) else call
    _of_fixtures.add(made.__code__)
    made.__name__, made.__qualname__ = function.__name__, function.__qualname__  # Locals are shown.
    return made


def mend_fixture(call: object) -> None:
    """Takes the stand-in of a fixture's function out of a call's traceback."""
    _leave_out(_of_fixtures, call)


def _leave_out(codes: Collection[CodeType | None], call: object) -> None:
    trace = call.excinfo.tb if call.excinfo is not None else None
    while trace is not None:
        while trace.tb_next is not None and trace.tb_next.tb_frame.f_code in codes:
            trace.tb_next = trace.tb_next.tb_next
        trace = trace.tb_next


class StandIn:
    """Replaces `owner.name` for one call, which raises what was raised before, or returns what was returned."""

    def __init__(
        self,
        owner: object,
        name: str,
        error: BaseException | None,
        trace: TracebackType | None,
        start: float,
        precise_start: float,
    ) -> None:
        self._owner, self._name = owner, name
        self._start, self._precise_start = start, precise_start
        self._error, self._trace = error, trace
        self._result: object = None
        self._before: dict | None = None
        self._code: CodeType | None = None
        self._current_test = os.environ.get(_CURRENT_TEST)

    def install(self) -> None:
        if self._name == "_obj" and not self._aim_at_function():
            return
        attributes = vars(self._owner)
        self._before = {self._name: attributes[self._name]} if self._name in attributes else {}
        attributes[self._name] = self._make()

    def remove(self) -> None:
        """The attribute is as it was; the stand-in does so itself when it is called."""
        if self._before is not None:
            vars(self._owner).pop(self._name, None)
            vars(self._owner).update(self._before)
            self._before = None
        self._error = self._trace = None

    def _aim_at_function(self) -> bool:
        """Stands in for the test function, not for what calls it; False where the function was not reached."""
        if self._error is None:
            self._name = "runtest"
            return True
        caller = self._trace
        if caller is not None and caller.tb_next is not None:
            self._trace = caller.tb_next
            return True
        if caller is not None and "result" in caller.tb_frame.f_locals:  # It returned what it should not.
            self._result = caller.tb_frame.f_locals["result"]
            self._error = None
            return True
        return False

    def _make(self) -> Callable:
        def done_already(*_args: object, **_kwargs: object) -> object:
            error, trace, result = self._error, self._trace, self._result
            self.remove()
            if error is not None or self._name != "teardown_exact":  # Else core takes it away next.
                self._restore_current_test()
            if error is None:
                return result
            try:
                raise error.with_traceback(trace)
            finally:
                del error, trace

        done_already.__qualname__ = getattr(self._before.get(self._name), "__qualname__", done_already.__qualname__)
        self._code = done_already.__code__
        return done_already

    def _restore_current_test(self) -> None:
        """What core has just set again: a test may have cleared its environment."""
        os.environ.pop(_CURRENT_TEST, None)
        if self._current_test is not None:
            os.environ[_CURRENT_TEST] = self._current_test

    def mend(self, call: object) -> None:
        """Gives the replayed call the times of the first, and takes the stand-in out of its traceback."""
        call.start = self._start
        call.duration = perf_counter() - self._precise_start
        _leave_out([self._code, *_of_fixtures], call)
