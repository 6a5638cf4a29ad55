"""What was loaded before a fork is kept from the garbage collector, whose looks would make a copy of it for each worker.

A project that asks the collector something (a test for leaks, with gc.collect or gc.get_objects) has to get pytest's answer: where
its modules or conftests know `gc`, the collector gets everything back. Installed packages use it to tidy up, and don't count
until they ask who refers to an object, or for all objects (hypothesis does).

So is what collecting has made, where that is much: the collector would go through it a dozen times.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from types import BuiltinFunctionType, CodeType, FunctionType

from fastest.compat_fixture import inside
from fastest.watch import is_of_library

_MANY = 5_000  # Items; some ten objects each.
_ASKING = ("objgraph", "pympler", "guppy", "test.support", "psleak")  # Who asks for others.


class Modules:
    """Which have been looked at, and whether one of them asks the collector something. A worker goes on from its zygote's."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.ask = False

    def look(self) -> bool:
        """At those loaded since the last look, if none was found to ask before."""
        if not self.ask and len(sys.modules) != len(self._seen):
            new = sys.modules.keys() - self._seen
            self._seen |= new
            self.ask = any(name in new for name in _ASKING) or any(_asks(sys.modules.get(name)) for name in new)
        return self.ask


_modules = Modules()


def freeze(imports: Sequence[str]) -> bool:
    """Before the first fork: the collector looks at what is alive no more. True: once is enough, as nothing of note comes
    about in a zygote between forks.

    Where tests will ask for a look at everything (`imports`: what files import that are loaded after the fork), one is
    had now, for all forks: the first one at what has been frozen since the start takes twice as long as later ones.
    """
    if _modules.look() or "gc" in imports:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    return True


class Heap:
    """One a worker: whether the collector has all back.

    `items`: how many had been collected when it was forked.
    """

    def __init__(self, items: int = 0) -> None:
        self._is_whole = False
        self._put_aside = items
        self._has_put_aside = False
        self._originals = {name: getattr(gc, name) for name in ("get_referrers", "get_objects")}
        for name, original in self._originals.items():
            setattr(gc, name, self._giving_back(original))

    def _giving_back(self, original: Callable) -> Callable:
        @functools.wraps(original)
        def asked(*arguments: object, **keywords: object) -> list:
            self._give_back()
            return [each for each in original(*arguments, **keywords) if each is not arguments]

        return asked

    def _give_back(self) -> None:
        self._is_whole = True
        gc.unfreeze()
        self._originals["get_objects"]()  # It touches all objects: their pages are copied now, not in a test's gc.collect().
        for name, original in self._originals.items():
            setattr(gc, name, original)

    def put_aside_if_many(self, items: int) -> None:
        """`items`: how many have been collected in all."""
        if not self._is_whole and items - self._put_aside > _MANY:
            gc.collect(1)  # All that is new; what is garbage already goes now.
            gc.freeze()
            self._has_put_aside = True
            self._put_aside = items

    def take_back(self) -> None:
        """Before the end: what the collector then finds is told."""
        if self._has_put_aside:
            gc.unfreeze()

    def give_back_if_asked(self) -> None:
        """Modules may have been loaded since."""
        if not self._is_whole and _modules.look():
            self._give_back()


def _asks(module: object) -> bool:
    """Whether the project's module knows the garbage collector."""
    if is_of_library(module):
        return False
    names = vars(module)
    return "gc" in names or any(map(_knows_it, _parts(list(names.values()), module.__name__)))


def _parts(values: list, module: str) -> Iterator[object]:
    """`values`, what they wrap, and what the module's own classes hold: a class may hold itself.

    Nothing is asked of the values themselves: they may be proxies.
    """
    seen = set()
    while values:
        value = values.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        if (inner := inside(value)) is not None:
            values.append(inner)
        elif issubclass(type(value), type) and value.__module__ == module:
            values.extend(vars(value).values())


def _knows_it(value: object) -> bool:
    kind = type(value)
    return (kind is FunctionType and _imports(value.__code__)) or (kind is BuiltinFunctionType and value.__module__ == "gc")


def _imports(code: CodeType) -> bool:
    return "gc" in code.co_names or any(type(each) is CodeType and _imports(each) for each in code.co_consts)
