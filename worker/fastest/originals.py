"""Gives back the functions for which something stood in for a while: whoever bound a name to the stand-in gets the original.

Found are names of modules, and whatever else the garbage collector knows that can be changed: attributes, entries of
dictionaries and lists, defaults of functions, variables of closures, partial functions.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterable
from types import CellType, FunctionType

_Pair = tuple[object, object]  # (stand-in, original).
_Pairs = list[_Pair]


def bring_back(pairs: _Pairs) -> None:
    """Nobody but the caller may hold these lists: a stand-in with no other reference is known to be bound nowhere."""
    unused = [(object(), None)]
    count = _counts(unused)[0]
    if max(_counts(pairs)) > count:
        _in_modules(pairs)
    for pair, left in zip(pairs, _counts(pairs)):
        if left > count:
            _elsewhere(pair)


def _counts(pairs: _Pairs) -> list[int]:
    return [sys.getrefcount(pair[0]) for pair in pairs]


def _in_modules(pairs: _Pairs) -> None:
    originals = {id(stand_in): original for stand_in, original in pairs}
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if type(names) is dict:
            for name, value in list(names.items()):
                if id(value) in originals:
                    names[name] = originals[id(value)]


def _elsewhere(pair: _Pair) -> None:
    """The stand-in is always spoken of as pair[0]: a variable of ours in a closure would be found, too."""
    for holder in gc.get_referrers(pair[0]):
        if type(holder) is dict:
            _in_names(holder, pair)
        elif type(holder) is list:
            holder[:] = _replaced(holder, pair)
        elif type(holder) is CellType:
            holder.cell_contents = pair[1]
        elif type(holder) is functools.partial and holder.func is pair[0]:
            holder.__setstate__((pair[1], holder.args, holder.keywords, holder.__dict__))
        elif type(holder) is staticmethod:
            _elsewhere((holder, staticmethod(pair[1])))
        elif type(holder) is tuple:
            _in_defaults(holder, pair)


def _in_names(names: dict, pair: _Pair) -> None:
    """A class hears of it: it keeps what was last looked up."""
    owners = [each for each in gc.get_referrers(names) if isinstance(each, type) and any(value is pair[0] for value in vars(each).values())]
    for name in [name for name, value in names.items() if value is pair[0]]:
        if owners:
            setattr(owners[0], name, pair[1])
        else:
            names[name] = pair[1]


def _in_defaults(defaults: tuple, pair: _Pair) -> None:
    for function in gc.get_referrers(defaults):
        if type(function) is FunctionType and function.__defaults__ is defaults:
            function.__defaults__ = tuple(_replaced(defaults, pair))


def _replaced(values: Iterable[object], pair: _Pair) -> list[object]:
    return [pair[1] if value is pair[0] else value for value in values]
