"""Journals that are damaged, and projects that change, before a run is resumed: each test has one result, or an error says why."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from killable import Suite, kept, kill_at_size  # noqa: E402

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))


def calls(suite: Suite) -> Counter:
    """How often each test's setup, which each has, was reported."""
    reports, _ = suite.result()
    found: Counter = Counter()
    for (node_id, when, *_), number in ((key, number) for key, number in reports.items() if len(key) == 3):
        if when == "setup":
            found[node_id] += number
    return found


WAYS = {
    "cut": lambda chance, text: text[: chance.randrange(len(text))],
    "flipped": lambda chance, text: flipped(chance, text),
    "zeros": lambda chance, text: text[: (at := chance.randrange(len(text)))] + bytes(len(text) - at),
    "hole": lambda chance, text: text[: (at := chance.randrange(len(text)))] + text[at + chance.randrange(1, 500) :],
    "twice": lambda chance, text: text + text[chance.randrange(len(text)) :],
}


def flipped(chance: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(chance.randint(1, 5)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("way", [way if way == "flipped" else pytest.param(way, marks=pytest.mark.long) for way in WAYS])
def test_a_journal_with_damage_anywhere_costs_tests_that_run_again_and_no_more(suite, way):
    chance = random.Random(f"{SEED}-{way}")
    kill_at_size(suite, suite.start(*suite.begin("--collect", "file")), chance.randrange(4000, 16000))
    journal = suite.root / ".fastest" / "runs" / "R" / "journal"
    journal.write_bytes(WAYS[way](chance, journal.read_bytes()))
    exit_code, text = suite.run("--resume", "R")
    if exit_code == 4:  # Nothing of it can be read, not even the command line.
        assert text.startswith("fastest: error: --resume R: the journal ") and text.count("\n") == 1, text
        exit_code, text = suite.run(*suite.begin("--collect", "file", "--resume", "R"))
    assert exit_code == 1, text
    assert len(calls(suite)) == 48 and set(calls(suite).values()) == {1}, text


@pytest.mark.parametrize("collect", ["file", pytest.param("whole", marks=pytest.mark.long)])
def test_a_project_that_has_changed_before_its_run_is_resumed_has_one_result_a_test(suite, collect):
    kill_at_size(suite, suite.start(*suite.begin("--collect", collect)), 9000)
    assert kept(suite)
    (suite.root / "test_4.py").write_text("def test_new(): pass\n")
    (suite.root / "test_3.py").unlink()
    (suite.root / "test_0.py").write_text((suite.root / "test_0.py").read_text() + "\ndef test_added(): pass\n")
    exit_code, text = suite.run("--resume", "R")
    assert exit_code in (1, 3), text
    found = calls(suite)
    assert set(found.values()) == {1}, text
    assert {node_id for node_id in found if node_id.startswith(("test_1.py", "test_2.py"))} == {
        node_id.replace("test_1", f"test_{n}") for n in (1, 2) for node_id in found if node_id.startswith("test_1.py")
    }
    if exit_code == 3:
        assert "test_3.py" in text, text
