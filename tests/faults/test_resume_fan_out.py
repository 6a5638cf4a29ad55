"""Runs with --retries and with --shard that are killed and resumed: flaky tests stay flaky, a shard stays what it was."""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from killable import Suite, kill_at_size  # noqa: E402

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))
# Each test of it fails as often as its name says, whoever runs it, and then passes; the last one never passes.
FLAKY = """
import os, time, pytest
@pytest.mark.parametrize("fails", [0, 1, 2, 1, 0, 2, 1, 9])
def test(fails, request):
    name = os.environ["RAN"] + "." + request.node.name + request.path.stem
    with open(name, "a") as file:
        file.write("x")
    time.sleep(0.05)
    assert os.path.getsize(name) > fails
"""


def reruns(suite: Suite) -> Counter:
    lines = map(json.loads, (suite.base / "log").read_text().splitlines())
    return Counter(line["nodeid"] for line in lines if line.get("outcome") == "rerun")


@pytest.mark.parametrize("collect", ["file", pytest.param("whole", marks=pytest.mark.long)])
def test_flaky_tests_of_a_run_that_was_killed_are_flaky(suite, collect):
    for file in suite.root.glob("test_*.py"):
        file.write_text(FLAKY)
    words = suite.begin("--collect", collect, "--retries", "2", "--json", str(suite.base / "run.json"))
    kill_at_size(suite, suite.start(*words), random.Random(f"{SEED}-{collect}").randrange(6000, 22000))
    exit_code, text = suite.run("--resume", "R")
    assert exit_code == 1, text  # Those that never pass.
    reports, _ = suite.result()
    assert sum(number for (*_, outcome), number in reports.items() if outcome == "failed") == 4, text
    flaky = {test["nodeid"]: test["attempts"] for test in json.loads((suite.base / "run.json").read_text())["flaky"]}
    told = reruns(suite)
    # What was under way when the run was killed left no report, though it counts in the test's own file.
    assert 16 <= len(flaky) <= 20, text
    assert all(told[node_id] == attempts - 1 <= 2 for node_id, attempts in flaky.items()), text
    assert text.count("FLAKY ") == len(flaky)
    # Told once more, it is the same.
    (suite.base / "run.json").unlink()
    again, told_again = suite.run("--resume", "R")
    assert again == 1 and told_again.count("FLAKY ") == len(flaky), told_again
    assert reruns(suite) == told
    assert {test["nodeid"] for test in json.loads((suite.base / "run.json").read_text())["flaky"]} == set(flaky)


def shard(suite: Suite, number: str, env: dict[str, str], *words: str) -> list[str]:
    suite.env.update(env)
    return suite.begin("--collect", "file", "--shard", number, "--shard-report", str(suite.base / "shards"), *words)


def ids(suite: Suite) -> set[str]:
    return {key[0] for key in suite.result()[0] if len(key) == 3}


def test_a_shard_that_was_killed_is_the_same_shard_though_history_and_environment_differ(suite):
    for number in range(4, 10):
        (suite.root / f"test_{number}.py").write_text((suite.root / "test_0.py").read_text())
    history = suite.base / "history"
    exit_code, text = suite.run("--python", suite.begin()[1], "-n", "2", "--state-dir", str(history), "-k", "test_one")
    assert exit_code == 0, text
    words = shard(suite, "auto", {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}, "--state-dir", str(history))
    exit_code, text = suite.run(*words)
    undisturbed = ids(suite)
    cut = text[text.index("shard 2/3") :].splitlines()[0]
    assert exit_code == 1 and "cut " in cut
    (history / "runs" / "R" / "journal").unlink()
    kill_at_size(suite, suite.start(*words), 9000, history)
    # Another cut, if it were made anew: the history knows more, and this is another job.
    suite.env.update(CI_NODE_INDEX="3")
    exit_code, text = suite.run("--python", suite.begin()[1], "-n", "2", "--state-dir", str(history), "test_0.py", "test_3.py", "test_7.py")
    assert exit_code == 1
    exit_code, text = suite.run("--resume", "R", "--state-dir", str(history))
    assert exit_code == 1 and cut in text, text
    assert ids(suite) == undisturbed
    lines = list(map(json.loads, (suite.base / "shards" / "shard-2-of-3.jsonl").read_text().splitlines()))
    started = next(line for line in lines if line["event"] == "started")
    assert (started["shard"], started["of"], started["cut"]) == (2, 3, cut.split()[-1])
    # The end once more: the shard's report is there again.
    (suite.base / "shards" / "shard-2-of-3.jsonl").unlink()
    exit_code, text = suite.run("--resume", "R", "--state-dir", str(history))
    assert exit_code == 1 and "shard 2/3" in text, text
    again = list(map(json.loads, (suite.base / "shards" / "shard-2-of-3.jsonl").read_text().splitlines()))
    for event in ("started", "report", "finish", "finished"):
        assert len([one for one in again if one["event"] == event]) == len([one for one in lines if one["event"] == event]), event
    assert [line.get("walked") for line in again if line.get("walked")] == [line.get("walked") for line in lines if line.get("walked")]
