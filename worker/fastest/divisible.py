"""What of a class may go apart: its parametrised methods, and all of it where nothing ties its methods together.

pytest runs the methods of a class one after the other in one process, and some classes count on that. Signs of it, looked
for here: something is set up once a class, an order in names or marks, a method that sets what is not its instance's, an
attribute of the class that tests can change.
"""

from __future__ import annotations

import enum
import re
import sys
import types
from collections.abc import Callable, Iterator
from opcode import opmap

import pytest

from fastest import compat
from fastest.compat_fixture import inside
from fastest.watch import is_of_library

# With fewer items a class is not worth a cut.
_LEAST_ITEMS = 4
_ORDERED_MARKS = frozenset({"incremental", "dependency", "order", "run", "depends"})
_NUMBERED = re.compile(r"test_?\d")
_DEEPEST = 20  # So many decorators are looked below.
_CONSTANT = (str, bytes, int, float, complex, tuple, frozenset, type, types.ModuleType, range, re.Pattern, enum.Enum)
_CONSTANT += (property, types.GenericAlias, type(None), type(...))
_CONTAINERS = (list, dict, set)  # An empty one is there to be filled.
_OTHERS = frozenset({"pytestmark", "_class_cleanups"})  # Attributes that pytest and unittest know.
_STORE_ATTR, _DELETE_ATTR = opmap["STORE_ATTR"], opmap["DELETE_ATTR"]
_STORE_GLOBAL, _DELETE_GLOBAL = opmap["STORE_GLOBAL"], opmap["DELETE_GLOBAL"]
_LOADS_LOCAL = frozenset(number for name, number in opmap.items() if name.startswith(("LOAD_FAST", "LOAD_DEREF")))
_LOADS_TWO = frozenset(number for name, number in opmap.items() if name.startswith("LOAD_FAST") and name.count("LOAD") == 2)
_CACHE = opmap.get("CACHE", -1)


def divisible(items: list[pytest.Item]) -> list[str]:
    """Node ids, without parameters, of methods and of outermost classes."""
    methods: dict[str, bool] = {}
    classes: dict[str, list[pytest.Item]] = {}
    for item in items:
        if not isinstance(item, pytest.Function) or not isinstance(item.parent, pytest.Class):
            continue
        path, _, names = item.nodeid.partition("::")
        if hasattr(item, "callspec"):
            name = _without_parameters(item)
            if methods.get(name, True):
                methods[name] = not any(compat.class_fixtures(item))
        classes.setdefault(f"{path}::{names.partition('::')[0]}", []).append(item)
    found = [name for name, is_divisible in methods.items() if is_divisible]
    return found + [name for name, of_class in classes.items() if len(of_class) >= _LEAST_ITEMS and _are_free(of_class)]


def stays_with(begun: pytest.Item, collected: list[pytest.Item]) -> Callable[[pytest.Item], bool]:
    """Tells whether an item has to run where `begun` does: it is left of its class, and that may not go apart. `collected`:
    all that are known here."""
    outermost = _outermost_class(begun)
    if outermost is None:
        return lambda item: False
    free = frozenset(divisible([item for item in collected if _outermost_class(item) is outermost]))
    if outermost.nodeid in free:
        return lambda item: False
    return lambda item: _outermost_class(item) is outermost and _without_parameters(item) not in free


def _without_parameters(item: pytest.Item) -> str:
    path, _, names = item.nodeid.partition("::")  # A folder's name may have brackets, too.
    return f"{path}::{names.partition('[')[0]}"


def _outermost_class(item: pytest.Item) -> pytest.Class | None:
    node = item.parent
    while isinstance(node, pytest.Class) and isinstance(node.parent, pytest.Class):
        node = node.parent
    return node if isinstance(node, pytest.Class) else None


def _are_free(items: list[pytest.Item]) -> bool:
    nodes: dict[pytest.Class, None] = {}
    numbered = 0
    for item in items:
        node = item.parent
        while node not in nodes and isinstance(node, pytest.Class):
            nodes[node] = None
            node = node.parent
        if item.own_markers and _is_ordered(item):
            return False
        if _NUMBERED.match(item.name):
            numbered += 1
    if numbered * 2 > len(items) or any(_is_ordered(node) for node in nodes):
        return False
    if any(_sets_up_once(item) for item in items):
        return False
    return not any(_shares(part) for node in nodes for part in _project_parts(node.obj))


def _is_ordered(node: pytest.Item | pytest.Class) -> bool:
    return any(mark.name in _ORDERED_MARKS for mark in node.own_markers)


def _project_parts(cls: type) -> Iterator[type]:
    """The class and its bases, save those of other packages that are installed: these know nothing of the tests."""
    package = cls.__module__.partition(".")[0]
    for part in cls.__mro__:
        if part.__module__.partition(".")[0] == package or not is_of_library(sys.modules.get(part.__module__)):
            yield part


def _sets_up_once(item: pytest.Item) -> bool:
    """A set-up of the class by a library (unittest's own, which does nothing; Django's, which isolates tests) is none."""
    for name in compat.class_fixtures(item):
        if not name.startswith("_unittest_setUpClass"):
            return True
        own = ("setUpClass", "tearDownClass", "setUpTestData")
        if any(each in vars(part) for part in _project_parts(item.cls) for each in own):
            return True
    return False


def _shares(cls: type) -> bool:
    """Whether methods can tell one another something by the class or the module."""
    for name, value in vars(cls).items():
        if name in _OTHERS or name.startswith("__"):
            continue
        is_of_class = type(value) is classmethod
        for _ in range(_DEEPEST):
            if (inner := inside(value)) is None:
                break
            value = inner
        kind = type(value)  # A proxy would say another.
        if kind is types.FunctionType:
            if _tells_others(value.__code__, is_of_class):
                return True
        elif issubclass(kind, _CONTAINERS):
            if not value:
                return True
        elif not issubclass(kind, _CONSTANT):
            return True
    return False


def _tells_others(code: types.CodeType, is_of_class: bool) -> bool:
    operations = code.co_code
    kinds = operations[::2]
    if _STORE_GLOBAL in kinds or _DELETE_GLOBAL in kinds:
        return True
    if (_STORE_ATTR in kinds or _DELETE_ATTR in kinds) and _sets_of_others(code, operations, is_of_class):
        return True
    for constant in code.co_consts:
        if type(constant) is types.CodeType and _tells_others(constant, False):
            return True
    return False


def _sets_of_others(code: types.CodeType, operations: bytes, is_of_class: bool) -> bool:
    """Whether an attribute is set of what is no local variable, or is the class."""
    shared = {"cls", "klass", *(code.co_varnames[:1] if is_of_class else ())}
    if shared & set(code.co_freevars + code.co_cellvars):
        return True
    owner_is_local, owner = False, ""
    for at in range(0, len(operations), 2):
        kind, argument = operations[at], operations[at + 1]
        if kind in (_STORE_ATTR, _DELETE_ATTR) and (not owner_is_local or owner in shared):
            return True
        if kind == _CACHE:
            continue
        owner_is_local = kind in _LOADS_LOCAL
        index = argument & 15 if kind in _LOADS_TWO else argument
        owner = code.co_varnames[index] if index < len(code.co_varnames) else ""
    return False
