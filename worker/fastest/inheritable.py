"""Proves of a pytest_configure or session hook that forks may inherit what it did, instead of each doing it anew.

Common in conftests: registering markers, setting options, environment variables and log levels. The proof reads the
source; what it cannot follow it does not trust. Allowed is any use of values and the calls named below; forbidden is
asking which worker this is, and every other call: it may start, open or make what each process needs for itself.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Callable

from fastest.per_item import PURE_BUILTINS, Doubt, root_of, source_of

_METHODS = frozenset(
    "addinivalue_line getoption getini getvalue getplugin get_plugin hasplugin has_plugin "
    "append extend insert update setdefault get items keys values add discard "
    "format join startswith endswith strip split lower upper replace "
    "getLogger setLevel simplefilter filterwarnings".split()
)
_FUNCTIONS = PURE_BUILTINS | {"setattr"}
_MODULES = frozenset(["os", "sys", "logging", "warnings"])
_WHO = ("workerinput", "workeroutput", "slaveinput", "slaveoutput", "PYTEST_XDIST_")
_FORBIDDEN = (
    ast.Yield, ast.YieldFrom, ast.Await, ast.With, ast.AsyncWith, ast.AsyncFor, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef,
)  # fmt: skip
_DEPTH = 3


def is_inheritable(hook: Callable) -> bool:
    try:
        _check(hook, _DEPTH)
    except (Doubt, OSError, TypeError, SyntaxError, ValueError):
        return False
    return True


def _check(function: object, depth: int) -> None:
    tree, names = source_of(function)
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, _FORBIDDEN):
                raise Doubt
            if isinstance(node, ast.Attribute) and node.attr.startswith(_WHO):
                raise Doubt
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(_WHO):
                raise Doubt
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                _check_import(node)
            if isinstance(node, ast.Call):
                _check_call(node.func, names, depth)


def _check_import(node: ast.Import | ast.ImportFrom) -> None:
    """Only what is there already: what importing another does is not known."""
    modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    if any(module not in sys.modules for module in modules):
        raise Doubt


def _check_call(function: ast.expr, names: dict, depth: int) -> None:
    if isinstance(function, ast.Attribute) and function.attr in _METHODS:
        of = names.get(root_of(function))
        if not isinstance(of, types.ModuleType) or of.__name__ in _MODULES:
            return
    if not isinstance(function, ast.Name):
        raise Doubt
    known = names.get(function.id)
    if known is None and function.id in _FUNCTIONS and hasattr(builtins, function.id):
        return
    if depth == 0 or not isinstance(known, types.FunctionType):
        raise Doubt
    _check(known, depth - 1)
