"""The suite of acceptance.sh: 90 tests that wait half a second, and one that fails if it is asked for by -m red."""

import time

import pytest


@pytest.mark.parametrize("n", range(90))
def test_waits(n):
    time.sleep(0.5)


@pytest.mark.red
def test_fails():
    raise AssertionError("on purpose")
