"""--shard: leaves out the tests of other shards, after everything else has chosen and ordered the tests.

The cut is the coordinator's (scheduler/shard_cut.h); what it did not foresee goes by a hash that is the same everywhere.
"""

from __future__ import annotations

from typing import Any

import pytest

_FNV_START, _FNV_PRIME, _MASK = 14695981039346656037, 1099511628211, (1 << 64) - 1


def shard_hash(text: str) -> int:
    value = _FNV_START
    for byte in text.encode("utf-8", "surrogateescape"):
        value = ((value ^ byte) * _FNV_PRIME) & _MASK
    return (value ^ (value >> 32)) & 0xFFFFFFFF


def group_of(node_id: str) -> str:
    """The name of a module's function or class: its methods and a function's parameters stay together."""
    return node_id.partition("::")[2].partition("::")[0].partition("[")[0]


class Shard:
    """A plugin. `cut`: START's "shard"."""

    def __init__(self, cut: dict[str, Any]) -> None:
        self._index: int = cut["index"]
        self._total: int = cut["total"]
        self._files: dict[str, Any] = cut["files"]
        self._known: dict[str, int] = {}

    def shard_of(self, node_id: str) -> int:
        path, group = node_id.partition("::")[0], group_of(node_id)
        owner = self._files.get(path)
        if isinstance(owner, dict):
            path, owner = f"{path}::{group}", owner.get(group)
        if owner is None:
            owner = self._known.get(path)
            if owner is None:
                owner = self._known[path] = shard_hash(path) % self._total
        return owner

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.shard_of(item.nodeid) == self._index]


def take_part(config: pytest.Config, order: dict[str, Any]) -> None:
    """Before pytest_configure, if `order` (COLLECT, FORK or BECOME) is of a run with shards."""
    cut = order.get("start", {}).get("shard")
    if cut:
        config.pluginmanager.register(Shard(cut), "fastest-shard")
