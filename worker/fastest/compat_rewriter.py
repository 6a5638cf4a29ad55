"""compat.py's part about assertion rewriting: pytest's own rewriter, made faster, with the same bytecode as a result.

Its methods run as they are, but with other helpers beneath them. Half its time is spent giving every new node the
assert's place, by way of generic generators; a third, in garbage collections that a growing tree sets off. Per 1000
asserts (CPython 3.11, pytest 9.2): parse 0.10 -> 0.07, rewrite 0.40 -> 0.13, compile 0.16 s as before.
tests/worker/rewriter_test.py compares the code; bench/compare_rewriting.py does on whole projects.
"""

from __future__ import annotations

import ast
import functools
import types

import pytest
from _pytest.assertion import rewrite

from fastest import compat
from fastest.garbage import no_garbage_collection

_KNOWN = (8, 3) <= compat.VERSION <= (9, 2)  # Versions whose code was compared. Up to 8.2 new nodes get their places otherwise.
# Where a node's children are that can have a place of their own.
_CHILDREN = {
    ast.Assign: ("targets", "value"),
    ast.Attribute: ("value",),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Call: ("func", "args", "keywords"),
    ast.Compare: ("left", "comparators"),
    ast.Constant: (),
    ast.Dict: ("keys", "values"),
    ast.Expr: ("value",),
    ast.If: ("test", "body", "orelse"),
    ast.IfExp: ("test", "body", "orelse"),
    ast.List: ("elts",),
    ast.Name: (),
    ast.Subscript: ("value", "slice"),
    ast.Tuple: ("elts",),
    ast.UnaryOp: ("operand",),
    ast.keyword: ("value",),
}


def compile_rewritten(source: bytes, path: str, config: pytest.Config) -> types.CodeType:
    """What pytest's _rewrite_test makes of the source, with its errors and warnings."""
    with no_garbage_collection():
        tree = ast.parse(source, filename=path)
        if _KNOWN:
            _faster()(path, config, source).run(tree)
        else:
            rewrite.rewrite_asserts(tree, source, path, config)
        return compile(tree, path, "exec", dont_inherit=True)


def _copy_location(new: ast.AST, old: ast.AST) -> ast.AST:
    """As ast.copy_location does, for what has a whole place."""
    if getattr(old, "end_lineno", None) is None or "end_lineno" not in new._attributes:
        return ast.copy_location(new, old)
    new.lineno, new.col_offset = old.lineno, old.col_offset
    new.end_lineno, new.end_col_offset = old.end_lineno, old.end_col_offset
    return new


def _place_all(root: ast.AST, place: ast.AST) -> None:
    """Gives the place to every node that has none."""
    lineno, column, end_lineno, end_column = place.lineno, place.col_offset, place.end_lineno, place.end_col_offset
    todo = [root]
    pop, push = todo.pop, todo.append
    while todo:
        node = pop()
        if node._attributes and getattr(node, "lineno", None) is None:
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = lineno, column, end_lineno, end_column
        kind = type(node)
        for name in _CHILDREN[kind] if kind in _CHILDREN else node._fields:
            child = getattr(node, name, None)
            if isinstance(child, list):
                for each in child:
                    if isinstance(each, ast.AST):
                        push(each)
            elif isinstance(child, ast.AST):
                push(child)


@functools.lru_cache(maxsize=None)
def _faster() -> type:
    """A copy of the rewriter whose methods see our helpers as their module's globals."""
    place: list[ast.Assert] = []
    walrus_targets = getattr(rewrite, "_walrus_targets", None)
    has_walrus = [True]

    def traverse_node(statement: ast.AST) -> tuple:
        """Instead of yielding nodes for visit_Assert to place: places them, and leaves nothing to do."""
        _place_all(statement, place[-1])
        return ()

    names = dict(vars(rewrite))
    names["ast"] = types.SimpleNamespace(**{**vars(ast), "copy_location": _copy_location})
    names["traverse_node"] = traverse_node
    names["_walrus_targets"] = lambda nodes: walrus_targets(nodes) if has_walrus[0] else set()
    methods = {}
    for name, value in vars(rewrite.AssertionRewriter).items():
        if isinstance(value, types.FunctionType):
            methods[name] = types.FunctionType(value.__code__, names, name, value.__defaults__, value.__closure__)
    run, visit_assert = methods["run"], methods["visit_Assert"]

    def visit_Assert(self: object, assert_: ast.Assert) -> list[ast.stmt]:
        place[:] = [assert_]
        return visit_assert(self, assert_)

    def run_on(self: object, tree: ast.Module) -> None:
        has_walrus[0] = b":=" in self.source
        run(self, tree)

    return type("AssertionRewriter", (rewrite.AssertionRewriter,), {**methods, "visit_Assert": visit_Assert, "run": run_on})

