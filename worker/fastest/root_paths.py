"""sys.path in file mode: what each file finds there is what a full collection would have put there before it."""

from __future__ import annotations

import sys


class RootPaths:
    """The entries that a full collection would have made in sys.path by now."""

    def __init__(self, roots: list[str], prepend: bool) -> None:
        self._roots = roots
        self._prepend = prepend
        self._used = 0

    def use_all(self) -> None:
        if self._used != len(self._roots):
            self.use(len(self._roots))

    def use(self, count: int) -> None:
        """The first `count` roots are there, those after them are not."""
        for root in self._roots[count : self._used]:
            if root in sys.path and root not in self._roots[:count]:
                sys.path.remove(root)
        for root in self._roots[:count]:
            if root not in sys.path:
                sys.path.insert(0, root) if self._prepend else sys.path.append(root)
        self._used = count
