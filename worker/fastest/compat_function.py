"""pytest's test functions (items) made without the detours of their constructors, for pytest 8.2 to 9.x.

An item goes through five constructors that do the same for every function of a collector. Here the attributes are set
at once. A process trusts that only after it has made an item both ways and found them equal, of each shape (with
parameters and without); where it finds a difference, or a plugin has replaced a constructor, pytest's own is used.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import pytest
from _pytest import nodes, python
from _pytest.mark.structures import NodeKeywords, get_unpacked_marks
from _pytest.stash import Stash

from fastest import compat

try:  # pytest 8.0 and later.
    from _pytest.fixtures import TopRequest
except ImportError:
    TopRequest = None

_ARGUMENTS = frozenset(["name", "fixtureinfo", "callspec", "keywords", "originalname"])
_CONSTRUCTORS = ((pytest.Function, "_pytest.python"), (pytest.Item, "_pytest.nodes"), (nodes.Node, "_pytest.nodes"))
_HAS_ID_OBJECTS = "_id" in nodes.Node.__slots__  # 9.2 and later; before, an id is a str.
_new = object.__new__


class FunctionMaker:
    """Stands in for pytest.Function.from_parent while it is installed."""

    def __init__(self) -> None:
        self._theirs: Callable = pytest.Function.__dict__["from_parent"].__func__
        self._trusted: dict[bool, bool] = {}  # With parameters -> whether both ways gave the same.

    def install(self, config: pytest.Config) -> None:
        if compat.VERSION < (8, 2) or not all(cls.__init__.__module__ == module for cls, module in _CONSTRUCTORS):
            return
        theirs, known = self._theirs, self._trusted

        def from_parent(cls: type, parent: pytest.Collector, **kw: Any) -> pytest.Function:
            if cls is pytest.Function and kw.keys() <= _ARGUMENTS and kw.get("fixtureinfo") is not None:
                trusted = known.get("callspec" in kw)
                if trusted and type(parent) in (pytest.Module, pytest.Class):
                    return make(parent, **kw)
                if trusted is None and type(parent) is pytest.Module:
                    item = theirs(cls, parent, **kw)
                    known["callspec" in kw] = _are_alike(item, make(parent, **kw))
                    return item
            return theirs(cls, parent, **kw)

        pytest.Function.from_parent = classmethod(from_parent)
        config.add_cleanup(lambda: setattr(pytest.Function, "from_parent", classmethod(theirs)))


def make(
    parent: pytest.Collector,
    name: str,
    fixtureinfo: Any,
    callspec: Any = None,
    keywords: dict | None = None,
    originalname: str | None = None,
) -> pytest.Function:
    """pytest.Function(...) below a Module or Class, attribute by attribute."""
    item = _new(pytest.Function)
    original = originalname or name
    item.name, item.parent, item.path = name, parent, parent.path
    item.config, item.session = parent.config, parent.session
    item.keywords = own = NodeKeywords(item)
    item.extra_keyword_matches = set()
    if _HAS_ID_OBJECTS:
        child = parent._id.child(original)
        item._id = child if callspec is None or not callspec._idlist else child.with_params(callspec.id)
    else:
        item._nodeid = f"{parent.nodeid}::{name}"
    item.stash = item._store = Stash()
    item._report_sections, item.user_properties = [], []
    item.originalname = original
    if type(parent) is pytest.Class:  # A fresh instance for each item.
        item._instance = holder = parent.newinstance()
    else:
        item._instance, holder = None, parent.obj
    item._obj = obj = getattr(holder, original)
    attributes = obj.__dict__
    is_unmarked = not attributes and type(obj) in (FunctionType, MethodType)
    item.own_markers = marks = [] if is_unmarked else get_unpacked_marks(obj)
    if callspec:
        item.callspec = callspec
        marks.extend(callspec.marks)
    if marks:
        own._markers.update((mark.name, mark) for mark in marks)
    own._markers.update(attributes)
    if keywords:
        own._markers.update(keywords)
    item._fixtureinfo, item.fixturenames = fixtureinfo, fixtureinfo.names_closure
    item.funcargs = {}
    item._request = TopRequest(item, _ispytest=True)
    return item


def _are_alike(theirs: pytest.Function, ours: pytest.Function) -> bool:
    """Whether two items of the same function hold the same, each its own."""
    slots = [name for name in nodes.Node.__slots__ if name not in ("__dict__", "_store")]
    if any(getattr(theirs, name, None) != getattr(ours, name, None) for name in slots):
        return False
    if vars(theirs).keys() != vars(ours).keys() or theirs.nodeid != ours.nodeid:
        return False
    return all(_is_same(value, vars(ours)[name], theirs, ours) for name, value in vars(theirs).items())


def _is_same(one: object, other: object, theirs: pytest.Function, ours: pytest.Function) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, NodeKeywords):
        return (one.node, one.parent, other.node, other.parent) == (theirs, theirs.parent, ours, ours.parent) and (
            list(one._markers.items()) == list(other._markers.items())
        )
    if isinstance(one, TopRequest):
        return (one._pyfuncitem, other._pyfuncitem) == (theirs, ours)
    if isinstance(one, Stash):
        return one is theirs._store and other is ours._store and one is not other
    return one is other or one == other


# ---- the names of a module or class ----
IGNORED_NAMES = python.IGNORED_ATTRIBUTES
_core_collect = python.PyCollector.collect
_has_imported_tests_setting = compat.VERSION >= (8, 4)


def install_collect(config: pytest.Config, collect: Callable[[pytest.Collector, Callable], list]) -> None:
    """Has `collect(collector, pytest's own way)` list what is in a module or class."""
    if compat.VERSION < (8, 2) or _core_collect.__module__ != "_pytest.python":
        return
    python.PyCollector.collect = as_pytests(lambda self: collect(self, _core_collect))
    config.add_cleanup(lambda: setattr(python.PyCollector, "collect", _core_collect))


def as_pytests(function: FunctionType) -> FunctionType:
    """Has tracebacks of collection errors leave the function out, as they do with frames of pytest's own files."""
    function.__code__ = function.__code__.replace(co_filename=python.__file__)
    return function


def imports_are_collected(config: pytest.Config) -> bool:
    return not _has_imported_tests_setting or config.getini("collect_imported_tests")


def skip_trivial_reports(session: pytest.Session) -> None:
    """genitems without the pytest_itemcollected hook where nobody implements it."""
    if session.config.option.debug:
        return
    caller, theirs = session.config.hook.pytest_itemcollected, session.genitems

    def genitems(node: nodes.Node) -> Any:
        if isinstance(node, pytest.Item) and not caller.get_hookimpls():
            return (node,)
        return theirs(node)

    session.genitems = genitems
