"""Proves of a pytest_collection_modifyitems that it treats each item by itself: then it may see one file at a time.

Such hooks are common in conftests: `for item in items: if "slow" in item.keywords: item.add_marker(skip)`. The proof
reads the source; what it cannot follow it does not trust. Allowed is: loops over `items` that change nothing but their
own item, by code that keeps nothing from one turn to the next. Forbidden is every other use of `items`, `session`,
leaving a loop early, changing anything that outlives the turn, and calling what we have not read.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator

_MUTATORS = frozenset(
    "add append appendleft extend insert pop popleft popitem remove discard update setdefault clear sort reverse write send "
    "put set stash".split()
)
PURE_BUILTINS = frozenset(
    "isinstance issubclass getattr hasattr any all str repr int float bool len set frozenset tuple list dict sorted min max "
    "sum zip enumerate range reversed callable type abs print format".split()
)
_TRUSTED_MODULES = frozenset("pytest os os.path posixpath sys re fnmatch platform importlib importlib.util pathlib inspect".split())
_TRUSTED_CLASSES = frozenset(["Path", "PurePath", "PosixPath"])
_FORBIDDEN = (
    ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.Lambda, ast.AsyncFor, ast.AsyncWith, ast.Delete, ast.While,
    ast.NamedExpr, ast.ClassDef, ast.AsyncFunctionDef,
)
_DEPTH = 3


class Doubt(Exception):
    """The proof fails."""


def is_per_item(hook: Callable) -> bool:
    """Whether `hook`, a pytest_collection_modifyitems, provably treats each item by itself."""
    try:
        tree, names = source_of(hook)
        _check_hook(tree, names)
    except (Doubt, OSError, TypeError, SyntaxError, ValueError):
        return False
    return True


def source_of(function: Callable) -> tuple[ast.FunctionDef, dict]:
    if not isinstance(function, types.FunctionType) or function.__closure__ or hasattr(function, "__wrapped__"):
        raise Doubt
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise Doubt
    return tree, function.__globals__


def _check_hook(tree: ast.FunctionDef, names: dict) -> None:
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For) and _is_name(node.iter, "items")]
    allowed = {id(loop.iter) for loop in loops}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("items", "session") and id(node) not in allowed:
            raise Doubt
        if isinstance(node, ast.FunctionDef) and node is not tree:
            raise Doubt
    inside = {id(node) for loop in loops for statement in loop.body for node in ast.walk(statement)}
    outer = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inside
    }
    targets = set()
    for loop in loops:
        if not isinstance(loop.target, ast.Name):
            raise Doubt
        targets.add(loop.target.id)
        _check_no_way_out(loop)
    outer -= targets
    for loop in loops:
        _check_carries_nothing(loop, outer)
    _check_code(tree.body, targets, names, _DEPTH)


def _check_no_way_out(loop: ast.For) -> None:
    if loop.orelse:
        raise Doubt
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Return, ast.Break)):
                raise Doubt


def _check_carries_nothing(loop: ast.For, outer: set[str]) -> None:
    """A name that the body binds must be bound anew in each turn before it is read."""
    stored = {
        node.id
        for statement in loop.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    if stored & outer:
        raise Doubt
    _flow(loop.body, set(), stored)


def _flow(body: list[ast.stmt], bound: set[str], stored: set[str]) -> set[str]:
    """Which of `stored` are bound for certain after `body`; doubts where one is read that is not."""
    for statement in body:
        if isinstance(statement, ast.If):
            _read(statement.test, bound, stored)
            branches = [_flow(branch, set(bound), stored) for branch in (statement.body, statement.orelse)]
            bound = branches[0] & branches[1]
        elif isinstance(statement, ast.For):
            _read(statement.iter, bound, stored)
            inner = set(bound)
            _read(statement.target, inner, stored)
            _flow(statement.body, inner, stored)
        elif isinstance(statement, ast.With):
            for item in statement.items:
                _read(item, bound, stored)
            bound = _flow(statement.body, bound, stored)
        elif isinstance(statement, ast.Try):
            for part in (statement.body, statement.orelse, statement.finalbody, *(each.body for each in statement.handlers)):
                _flow(part, set(bound), stored)
        else:
            _read(statement, bound, stored)
    return bound


def _read(node: ast.AST, bound: set[str], stored: set[str]) -> None:
    for name in _evaluation_order(node):
        if isinstance(name, ast.Name) and name.id in stored:
            if isinstance(name.ctx, ast.Store):
                bound.add(name.id)
            elif name.id not in bound:
                raise Doubt


def _evaluation_order(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        children = [node.value, *targets]
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        children = [*node.generators, node.elt]
    elif isinstance(node, ast.DictComp):
        children = [*node.generators, node.key, node.value]
    elif isinstance(node, ast.comprehension):
        children = [node.iter, node.target, *node.ifs]
    else:
        yield node
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _evaluation_order(child)


def _check_code(body: list[ast.stmt], own: set[str], names: dict, depth: int) -> None:
    """`own`: names of what the code may change. Everything it calls must be known to change nothing else."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, _FORBIDDEN):
                raise Doubt
            if isinstance(node, ast.AugAssign) and root_of(node.target) not in own:
                raise Doubt
            if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store) and root_of(node) not in own:
                raise Doubt
            if isinstance(node, ast.Call):
                _check_call(node, own, names, depth)


def _check_call(call: ast.Call, own: set[str], names: dict, depth: int) -> None:
    function = call.func
    if isinstance(function, ast.Attribute):
        root = root_of(function)
        if root in own:
            return
        if function.attr in _MUTATORS:
            raise Doubt
        if root in names and isinstance(names[root], types.ModuleType) and names[root].__name__ not in _TRUSTED_MODULES:
            raise Doubt
        return
    if not isinstance(function, ast.Name):
        raise Doubt
    name = function.id
    if name == "setattr" and call.args and root_of(call.args[0]) in own:
        return
    if name not in names:
        if name in PURE_BUILTINS and hasattr(builtins, name):
            return
        raise Doubt
    known = names[name]
    if isinstance(known, type) and known.__name__ in _TRUSTED_CLASSES:
        return
    if depth == 0:
        raise Doubt
    tree, its_names = source_of(known)
    parameters = {argument.arg for argument in (*tree.args.args, *tree.args.kwonlyargs)}
    if tree.decorator_list or any(isinstance(node, ast.FunctionDef) and node is not tree for node in ast.walk(tree)):
        raise Doubt
    _check_code(tree.body, parameters, its_names, depth - 1)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def root_of(node: ast.AST) -> str | None:
    """The variable at the start of `a.b[c].d(e).f`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
