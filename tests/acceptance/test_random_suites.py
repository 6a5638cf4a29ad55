"""Suites made at random end as under plain pytest, however they are distributed.

FASTEST_SUITES: how many (12). FASTEST_SUITES_SEED: where the series begins.
"""

import os
from collections import Counter
from random import Random

import pytest
import running
from compare import compare
from random_suite import RandomSuite

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="ours")
COUNT = int(os.environ.get("FASTEST_SUITES", "12"))
SEED = int(os.environ.get("FASTEST_SUITES_SEED", "1"))


@pytest.mark.parametrize("seed", range(SEED, SEED + COUNT))
def test_a_random_suite_ends_as_under_pytest(make_project, seed):
    suite = RandomSuite(Random(seed))
    words = ("-p", "no:cacheprovider", *suite.words)
    truth = make_project(suite.files, "truth").pytest(*words)
    project = make_project(suite.files)
    workers = suite.workers()
    run = project.run(*workers, *words)
    loose = frozenset(["tests", "text", "collect", "warnings"] if "--maxfail=2" in words else [])
    assert compare(truth, run, loose) == [], (workers, words)
    if (project.root / "counted").exists() and not suite.has("serial=True"):  # These come when a worker has waited in vain.
        assert set(Counter(project.read("counted").split()).values()) == {1}, "a session's fixture was set up again in a worker"
