"""What this process has collected: units of items, and the entries that an assignment names."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fastest.divisible import divisible, stays_with
from fastest.recorder import Entry


@dataclass
class Lease:
    """A batch in this worker's hands. `open`: its items that are not done; `uncollected`: its units to collect."""

    id: int
    run: bool
    uncollected: int
    together: bool = False  # It is given back as a whole or, once it has begun, not at all.
    open: int = 0
    kept: list[Entry] = field(default_factory=list)  # Collected, waiting for RELEASE.


Key = tuple  # (node id, occurrence)


def keys_of(items: list[pytest.Item]) -> list[Key]:
    """(node id, how many before it in the list have the same) of each item."""
    seen: Counter[str] = Counter()
    keys = []
    for item in items:
        keys.append((item.nodeid, seen[item.nodeid]))
        seen[item.nodeid] += 1
    return keys


def describe(items: list[pytest.Item], serial_globs: list[str]) -> dict[str, Any]:
    """The parts of COLLECTED that items tell by themselves."""
    matches = _matcher(serial_globs)
    marked = _with_marks(items, ("xdist_group", "fastest"))
    groups = [_group(item) if is_marked else "" for item, is_marked in zip(items, marked)]
    return {
        "ids": [item.nodeid for item in items],
        "serial": [index for index, item in enumerate(items) if (marked[index] and _is_serial(item)) or matches(item.nodeid)],
        "groups": groups if any(groups) else [],
        "divisible": divisible(items),
    }


def _with_marks(items: list[pytest.Item], names: tuple[str, ...]) -> list[bool]:
    """Which items have a mark of these names, themselves or from above; neighbours are looked at together."""
    above: dict[pytest.Collector, bool] = {}
    found = []
    for item in items:
        parent = item.parent
        if parent not in above:
            above[parent] = any(mark.name in names for mark in parent.iter_markers())
        found.append(above[parent] or any(mark.name in names for mark in item.own_markers))
    return found


def _group(item: pytest.Item) -> str:
    names = {
        str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in item.iter_markers("xdist_group")
    }
    return "_".join(sorted(names))


def _matcher(globs: list[str]) -> Callable[[str], object]:
    """Says of a node id whether a glob matches it, or its file, or a folder above. `*` stands for slashes, too."""
    if not globs:
        return lambda _node_id: False
    pattern = re.compile("|".join(fnmatch.translate(glob.rstrip("/")) for glob in globs))

    @functools.lru_cache(maxsize=None)
    def matches_path(path: str) -> bool:
        parts = path.split("/")
        return any(pattern.match("/".join(parts[:count])) for count in range(1, len(parts) + 1))

    def matches(node_id: str) -> object:
        return node_id in globs or matches_path(node_id.partition("::")[0]) or pattern.match(node_id)

    return matches


def _is_serial(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("fastest")
    return mark is not None and bool(mark.kwargs.get("serial"))


class Units:
    """Whole mode: one unit, 0, with all items of the session.

    With `forks` the keys are made at once, before workers are forked: to count a reference to each item is to write to each,
    and what a worker has written to it no longer shares with the others.
    """

    is_whole = True

    def __init__(self, session: pytest.Session, forks: bool = False) -> None:
        self._items = session.items
        self._keys: list[Key] = []
        self._indexes: dict[Key, int] = {}
        if forks:
            self._make_keys()

    def walk(self) -> dict[str, Any]:
        return {"paths": [], "reports": []}

    def may_collect(self, assignment: dict[str, Any], queue: object) -> bool:
        return True

    def folder_of(self, assignment: dict[str, Any]) -> pytest.Collector | None:
        return None

    def all_roots(self) -> None:
        pass

    def collect(self, lease: int, assignment: dict[str, Any]) -> tuple[list[Entry], list[Key]]:
        """The entries of an assignment, and the keys in it that this process does not know."""
        if not assignment.get("items"):
            return [Entry(lease, 0, index, item) for index, item in enumerate(self._items)], []
        self._make_keys()
        return entries_of(lease, 0, assignment["items"], self._indexes, self._items)

    def keys_by_unit(self, entries: list[Entry], lease: Lease) -> list[dict[str, Any]]:
        return [{"unit": 0, "whole": False, "items": self._entry_keys(entries)}] if entries else []

    def _entry_keys(self, entries: list[Entry]) -> list[Key]:
        self._make_keys()
        return [self._keys[entry.index] for entry in entries]

    def _make_keys(self) -> None:
        if not self._keys:
            self._keys = keys_of(self._items)
            self._indexes = {key: index for index, key in enumerate(self._keys)}


def may_go(queued: list[Entry], begun: list[Entry], collected: list[pytest.Item], whole_files: bool) -> list[Entry]:
    """Those of `queued` that another worker may run. `begun`: what is announced, if something is, and what ran last."""
    if whole_files:
        files = {entry.file for entry in begun}
        return [entry for entry in queued if entry.file not in files]
    if not (queued and begun):
        return queued
    stays = stays_with(begun[0].item, collected)
    return [entry for entry in queued if not stays(entry.item)]


def entries_of(
    lease: int, unit: int, wanted: list[list], known: dict[Key, int], items: list[pytest.Item]
) -> tuple[list[Entry], list[Key]]:
    entries, unknown = [], []
    for node_id, occurrence in wanted:
        index = known.get((node_id, occurrence))
        if index is None:
            unknown.append((node_id, occurrence))
        else:
            entries.append(Entry(lease, unit, index, items[index]))
    return entries, unknown
