"""`fastest.shared`: a session fixture that is set up once for the whole run, whatever the number of workers and agents.

    @pytest.fixture(scope="session")
    @fastest.shared
    def database(tmp_path_factory):
        ...
        yield url
        ...

One worker sets it up; the value is pickled once and given to each other worker that asks; the worker that has set it up
tears it down when no other uses it. Under plain pytest, under pytest-xdist and with a single worker the decorator changes
nothing. What the fixture itself asks for is set up where it is set up, and nowhere else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import inspect
import json
import os
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastest import compat_fixture, sharing

_LARGEST = 16 << 20  # Bytes of a pickled value.
_OUTCOMES = {"skip": pytest.skip.Exception, "xfail": pytest.xfail.Exception}


def shared(fixture: Any) -> Any:
    """Decorates a session fixture's function, or the fixture (above or below @pytest.fixture)."""
    function, remake = compat_fixture.take_apart(fixture)
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function):
        raise TypeError(f"fastest.shared decorates the function of a session fixture, not {name}")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"fastest.shared: {name} is an async function; only ordinary fixtures can be shared")
    if not sharing.is_wanted:
        return fixture
    return remake(_SharedFixture(function).as_function())


class _SharedFixture:
    """The function of one shared fixture in a worker."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._parameters = list(inspect.signature(function).parameters.values())
        outer = function.__qualname__.rpartition(".")[0]
        self._bound = self._parameters[:1] if outer and not outer.endswith("<locals>") else []  # A method's self.
        asked = self._parameters[len(self._bound) :]
        self._names = [each.name for each in asked if each.default is inspect.Parameter.empty]

    def as_function(self) -> Callable[..., Any]:
        """What pytest gets: it asks for `request` alone, since only the worker that sets up needs the rest."""

        @functools.wraps(self._function)
        def fixture(*bound: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
            __tracebackhide__ = True
            yield from self._use(bound, request)

        keyword = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY)
        fixture.__signature__ = inspect.Signature([*self._bound, keyword])
        return fixture

    def _use(self, bound: tuple[Any, ...], request: pytest.FixtureRequest) -> Iterator[Any]:
        __tracebackhide__ = True
        client = sharing.client
        if client is None or request.config is not client.config:  # A session within a test: pytester's.
            value, finish = self._set_up(bound, request)
            yield value
            finish()
            return
        if request.scope != "session":
            pytest.fail(f'{self._title(request)} has scope "{request.scope}"; only session fixtures can be shared', pytrace=False)
        key = self._key(request)
        if key in client.owned:  # Of a parametrised fixture, whose other values were in use meanwhile.
            yield client.owned[key]
            return
        what, text = client.acquire(key)
        if what == "set-up":
            yield self._own(key, bound, request, client)
            return
        if what != "value":
            self._fail(what, text, request)
        try:
            yield self._unpickled(text, request)
        finally:
            client.say("release", key)

    def _own(self, key: str, bound: tuple[Any, ...], request: pytest.FixtureRequest, client: sharing.Client) -> Any:
        __tracebackhide__ = True
        try:
            value, finish = self._set_up(bound, request)
        except BaseException as error:
            client.say("failed", key, json.dumps(_described(error, request)))
            raise
        try:
            text = self._pickled(value, request)
        except pytest.fail.Exception as error:
            client.say("failed", key, json.dumps({"kind": "error", "text": error.msg, "is_ours": True}))
            finish()
            raise

        def end() -> None:
            client.retire(key)
            try:
                finish()
            finally:
                client.owned.pop(key, None)
                client.say("retired", key)

        # Before pytest's own finalizer of this fixture: it runs after that, and before those of what the fixture asked for.
        request.session.addfinalizer(end)
        client.owned[key] = value
        client.say("ready", key, text)
        return value

    def _set_up(self, bound: tuple[Any, ...], request: pytest.FixtureRequest) -> tuple[Any, Callable[[], None]]:
        """The value, and what tears it down."""
        __tracebackhide__ = True
        asked = {name: request if name == "request" else request.getfixturevalue(name) for name in self._names}
        result = self._function(*bound, **asked)
        if not inspect.isgeneratorfunction(self._function):
            return result, lambda: None
        try:
            value = next(result)
        except StopIteration:
            raise ValueError(f"{request.fixturename} did not yield a value") from None

        def finish() -> None:
            __tracebackhide__ = True
            try:
                next(result)
            except StopIteration:
                return
            pytest.fail(f"{self._title(request)} has more than one 'yield'", pytrace=False)

        return value, finish

    # ---- names and values ----
    def _place(self, request: pytest.FixtureRequest) -> str:
        """Where the function stands, alike on all machines."""
        path = os.path.relpath(self._function.__code__.co_filename, str(request.config.rootpath))
        return self._function.__module__ if path.startswith("..") else path.replace(os.sep, "/")

    def _title(self, request: pytest.FixtureRequest) -> str:
        line = self._function.__code__.co_firstlineno
        return f"fastest.shared: the fixture '{request.fixturename}' ({self._place(request)}:{line})"

    def _key(self, request: pytest.FixtureRequest) -> str:
        name = request.fixturename
        called = "" if self._function.__qualname__ == name else f" of {self._function.__qualname__}"
        param = f"[{request.param_index}-{_digest(request.param)}]" if hasattr(request, "param") else ""
        return f"{self._place(request)}::{name}{param}{called}"

    def _pickled(self, value: Any, request: pytest.FixtureRequest) -> str:
        __tracebackhide__ = True
        hint = "(hint: share the address or path that others need, and make the rest of it in an ordinary fixture)"
        try:
            pickled = pickle.dumps(value, protocol=4)
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            pytest.fail(f"{self._title(request)}: its value cannot be pickled: {cause} {hint}", pytrace=False)
        if len(pickled) > _LARGEST:
            size = f"{len(pickled):,} bytes of {_LARGEST:,} that are allowed"
            pytest.fail(f"{self._title(request)}: its value takes {size} {hint}", pytrace=False)
        return base64.b64encode(pickled).decode()

    def _unpickled(self, text: str, request: pytest.FixtureRequest) -> Any:
        __tracebackhide__ = True
        try:
            return pickle.loads(base64.b64decode(text))
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            pytest.fail(f"{self._title(request)}: its value cannot be unpickled here: {cause}", pytrace=False)

    def _fail(self, what: str, text: str, request: pytest.FixtureRequest) -> None:
        """Ends as the set-up in the other worker has ended."""
        __tracebackhide__ = True
        if what == "gave-up":
            pytest.fail(f"{self._title(request)} cannot be had: {text}", pytrace=False)
        known = json.loads(text)
        outcome = _OUTCOMES.get(known["kind"])
        if outcome is not None:
            raise outcome(known["text"])
        if known.get("is_ours"):
            pytest.fail(known["text"], pytrace=False)
        pytest.fail(f"{self._title(request)} failed in {known['worker']}:\n{known['text']}", pytrace=False)


def _described(error: BaseException, request: pytest.FixtureRequest) -> dict[str, Any]:
    for kind, outcome in _OUTCOMES.items():
        if isinstance(error, outcome):
            return {"kind": kind, "text": str(error.msg)}
    option = request.config.option
    style = option.tbstyle if option.tbstyle in ("long", "short", "line", "native", "no") else "long"
    info = pytest.ExceptionInfo.from_exception(error)
    text = str(info.getrepr(style=style, showlocals=option.showlocals, funcargs=False))
    return {"kind": "error", "text": text, "worker": os.environ.get("PYTEST_XDIST_WORKER", "another worker")}


def _digest(param: Any) -> str:
    """Tells parameters apart that have one index (indirect ones); what differs between processes is set up in each."""
    try:
        content = pickle.dumps(param, protocol=4)
    except Exception:
        content = repr(param).encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()[:8]
