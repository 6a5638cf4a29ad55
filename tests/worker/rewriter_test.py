"""Our faster rewriting makes the code that pytest's own makes."""

import marshal
import warnings

import pytest
from _pytest.assertion import rewrite

from fastest.compat_rewriter import compile_rewritten

SOURCE = '''"""Docstring."""
from __future__ import annotations
import os

def test_forms(a, b=2, *args, **more):
    assert a
    assert not a, "message"
    assert a == b != 3 in args, f"{a}: {b}"
    assert (a and b) or (not a and more["x"][1:2]) or os.path.join("a", *args, **more)
    assert a.b.c(1, k=a @ b)[0] ** -2 if a else ~b
    assert [x for x in args if x] == {1: 2, **more} < {1, 2} and (lambda q: q)(a)
    assert all(
        x
        for x in args
    ), (
        "several lines"
    )
    if (n := len(args)) > 2:
        assert (m := n) and m == n and (n := 3) > m
    assert f(a, (a := 2)) == a
    assert a is None; assert b is not None
    with open(a) as file, b:
        assert file.read() % 2 == "%s %%"
        try:
            assert not f"{a!r:>{b}}"
        finally:
            assert "x" not in a

class TestCase:
    @decorated(1)
    async def test_await(self):
        assert await self.x == (yield 1)
        assert await self
        for x in y:
            assert x[a, 1:2, ...]
        else:
            assert True
'''


class Config:
    def __init__(self, passes):
        self.passes = passes

    def getini(self, _name):
        return self.passes


@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize(
    "source", [SOURCE, "", "assert 1\n", '"""PYTEST_DONT_REWRITE"""\nassert 0\n', "@x\ndef f():\n    assert 1\n"]
)
def test_the_code_is_the_same(tmp_path, source, passes):
    path = tmp_path / "test_x.py"
    path.write_text(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = rewrite._rewrite_test(path, Config(passes))[1]
        found = compile_rewritten(path.read_bytes(), str(path), Config(passes))
    assert marshal.dumps(found, 0) == marshal.dumps(expected, 0)


def test_what_does_not_compile_fails_alike(tmp_path):
    path = tmp_path / "test_x.py"
    path.write_text("def f(:\n")
    with pytest.raises(SyntaxError) as expected:
        rewrite._rewrite_test(path, Config(False))
    with pytest.raises(SyntaxError) as found:
        compile_rewritten(path.read_bytes(), str(path), Config(False))
    assert str(found.value) == str(expected.value)


def test_an_assertion_that_is_always_true_is_warned_of(tmp_path):
    with pytest.warns(pytest.PytestAssertRewriteWarning):
        compile_rewritten(b"assert (1, 'x')\n", str(tmp_path / "test_x.py"), Config(False))
