"""Whoever binds a watched function while plugins load has the function itself afterwards."""

import functools
import os
import random
import tempfile

import pytest

from fastest.watch import Watch

ORIGINAL = os.getpid


def in_a_class():
    class Holder:
        bound = os.getpid

    Holder().bound()  # What was looked up is kept by the class.
    return lambda: Holder().bound


def in_defaults():
    def function(first, bound=os.getpid):
        return bound

    return lambda: function(0)


def in_keyword_defaults():
    def function(*, bound=os.getpid):
        return bound

    return function


def in_a_closure():
    bound = os.getpid
    return lambda: bound


def in_a_static_method():
    class Holder:
        bound = staticmethod(os.getpid)

    return lambda: Holder.bound


def in_a_partial_function():
    bound = functools.partial(os.getpid)
    return lambda: bound.func


def in_a_list_and_a_dictionary():
    held = [{"bound": os.getpid}, os.getpid]
    return lambda: held[1] if held[0]["bound"] is held[1] else None


@pytest.mark.parametrize(
    "bind",
    [in_a_class, in_defaults, in_keyword_defaults, in_a_closure, in_a_static_method, in_a_partial_function, in_a_list_and_a_dictionary],
)
def test_nothing_stays_bound_to_what_watches(bind):
    with Watch():
        answer = bind()
        assert answer() is not ORIGINAL
    assert answer() is ORIGINAL


def test_names_of_modules_are_the_functions_themselves(tmp_path, monkeypatch):
    (tmp_path / "binds_names.py").write_text("from os import getpid\nfrom random import seed\nfrom tempfile import mkdtemp\ngetpid()\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = (os.getpid, random.seed, tempfile.mkdtemp)
    with Watch() as watch:
        import binds_names
    assert (binds_names.getpid, binds_names.seed, binds_names.mkdtemp) == before
    assert binds_names.getpid is before[0] and binds_names.mkdtemp is before[2]
    assert watch.reasons == [f"{tmp_path / 'binds_names.py'}:4 calls os.getpid while loading"]
