from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from killable import Suite
from lab import Lab, can_use_namespaces


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes more than a few seconds; run by ./dev faults alone")


def pytest_collection_modifyitems(items):
    if os.environ.get("FASTEST_FAULTS"):
        return
    skip = pytest.mark.skip(reason="a long one: ./dev faults runs it")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture
def suite(tmp_path):
    made = Suite(tmp_path)
    yield made
    made.end()


@pytest.fixture
def make_lab(tmp_path):
    made = []

    def make(**options) -> Lab:
        if options.get("network", True) and not can_use_namespaces():
            pytest.skip("network namespaces and nft need root and iproute2, nftables")
        made.append(Lab(tmp_path, **options))
        return made[-1]

    yield make
    for lab in made:
        lab.end()
