"""The workers' half of --shard: the same hash and the same groups as the coordinator's (tests/scheduler/shard_cut_test.cc)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fastest.shard import Shard, group_of, shard_hash


@pytest.mark.parametrize(("text", "value"), [("", 0x4FD0BFC1), ("tests/test_ä.py::test_x", 0x5F164F88)])
def test_the_hash_is_the_coordinators(text, value):
    assert shard_hash(text) == value


@pytest.mark.parametrize(
    ("node_id", "group"),
    [("a.py::test_x[1]", "test_x"), ("a.py::test_x[a::b]", "test_x"), ("a.py::TestB::test_y[1]", "TestB"), ("a.py", "")],
)
def test_a_group_is_what_stands_at_the_top_of_a_module(node_id, group):
    assert group_of(node_id) == group


def test_each_item_stays_in_one_shard_foreseen_or_not():
    files = {"a.py": 1, "b.py": {"test_x": 0, "TestB": 2}}
    node_ids = ["a.py::t", "b.py::test_x[1]", "b.py::TestB::t", "b.py::test_new[2]", "c.py::t", "d.yaml::case"]
    kept = []
    for index in range(3):
        items = [SimpleNamespace(nodeid=node_id) for node_id in node_ids]
        Shard({"index": index, "total": 3, "files": files}).pytest_collection_modifyitems(items)
        kept.append([item.nodeid for item in items])
    assert sorted(sum(kept, [])) == sorted(node_ids)
    assert "b.py::test_x[1]" in kept[0] and "a.py::t" in kept[1] and "b.py::TestB::t" in kept[2]
