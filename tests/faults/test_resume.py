"""A coordinator that is killed, whenever it may be, is followed by one that goes on: each test ends with one result.

FASTEST_FAULT_ROUNDS  how many random kills to play (2; more for a longer search)
FASTEST_FAULT_SEED    where the random numbers begin (1)
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from killable import LIMIT, PYTHON, Suite, kept, kill_after, kill_at_size, summary  # noqa: E402

ROUNDS = int(os.environ.get("FASTEST_FAULT_ROUNDS", "2"))
SEED = int(os.environ.get("FASTEST_FAULT_SEED", "1"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """By way of collecting: exit code, result, last line and seconds of a run that nothing happens to."""
    found = {}

    def ask(collect: str):
        if collect not in found:
            suite = Suite(tmp_path_factory.mktemp(collect))
            began = time.monotonic()
            exit_code, text = suite.run(*suite.begin("--collect", collect))
            found[collect] = exit_code, suite.result(), summary(text), time.monotonic() - began
            assert exit_code == 1 and len(suite.result()[0]) > 100
        return found[collect]

    return ask


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_run_that_is_killed_at_random_and_resumed_ends_as_if_nothing_had_happened(suite, undisturbed, round):
    chance = random.Random(f"{SEED}-{round}")
    collect = ["file", "whole"][round % 2]
    exit_code, result, line, seconds = undisturbed(collect)
    process = suite.start(*suite.begin("--collect", collect))
    for _ in range(chance.randint(1, 3)):
        if not kill_after(process, chance.uniform(0.1, 1.0) * seconds):
            break
        words = ["--resume", "R"] if kept(suite) else suite.begin("--collect", collect)
        process = suite.start(*words)
    text, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == exit_code, text
    assert suite.result() == result
    assert summary(text) == line


def test_only_what_has_no_result_runs_again(suite):
    process = suite.start(*suite.begin("--collect", "file"))
    kill_at_size(suite, process, 16000)
    before = Counter(suite.ran.read_text().split())
    suite.ran.unlink()
    exit_code, text = suite.run("--resume", "R")
    assert exit_code == 1, text
    again = Counter(suite.ran.read_text().split())
    done = int(re.search(r"run R goes on: (\d+) tests have their result", text)[1])
    assert done > 3
    # What was under way or had its teardown held in the two workers.
    assert len(before & again) <= 4
    assert len(before | again) == 32


def test_a_killed_coordinator_is_followed_by_another_with_other_agents(suite, undisturbed):
    _, result, line, _ = undisturbed("file")
    agents = []

    def coordinate(*words: str) -> subprocess.Popen:
        process = suite.start("coordinator", *words)
        endpoint = next(text for text in process.stdout if "listens on" in text).split()[-1]
        agents.append(suite.start("agent", "--connect", endpoint, "-n", "2", "--python", PYTHON))
        return process, endpoint

    process, first = coordinate("--listen", "tcp://127.0.0.1:*", *suite.begin("--collect", "file"))
    kill_at_size(suite, process, 12000)
    agents[0].kill()
    process, second = coordinate("--resume", "R")
    text, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 1, text
    assert second == first
    assert suite.result() == result
    assert summary(text) == line


def test_an_interrupted_run_can_be_resumed(suite, undisturbed):
    _, result, line, _ = undisturbed("file")
    process = suite.start(*suite.begin("--collect", "file"))
    kill_at = 9000
    while kept(suite) < kill_at and process.poll() is None:
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            pass
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 2, text
    exit_code, text = suite.run("--resume", "R")
    assert exit_code == 1, text
    assert suite.result() == result
    assert summary(text) == line


def test_a_finished_run_tells_its_end_again(suite):
    exit_code, text = suite.run(*suite.begin())
    result = suite.result()
    suite.ran.unlink()
    again, told = suite.run("--resume", "R")
    assert again == exit_code == 1
    assert told.splitlines()[-1] == text.splitlines()[-1]
    assert summary(told) == summary(text)
    assert re.findall("FAILED .*", told) == re.findall("FAILED .*", text)
    assert suite.result() == result
    assert not suite.ran.exists()


def test_a_second_coordinator_of_a_run_is_refused(suite):
    first = suite.start(*suite.begin())
    while not kept(suite):
        try:
            first.wait(0.01)
        except subprocess.TimeoutExpired:
            pass
    for words in (suite.begin(), ["--resume", "R"]):
        exit_code, text = suite.run(*words)
        assert exit_code == 4
        assert re.fullmatch(rf"fastest: error: run R is being coordinated by pid {first.pid} on \S+\n", text)
    assert first.wait(LIMIT) == 1
    assert len(suite.result()[0]) > 100  # Its reports were left alone.


def test_one_line_begins_a_run_and_goes_on_with_it(suite, undisturbed):
    _, result, line, _ = undisturbed("file")
    words = suite.begin("--collect", "file", "--resume", "R")
    kill_at_size(suite, suite.start(*words), 12000)
    exit_code, text = suite.run(*words)
    assert exit_code == 1 and "run R goes on" in text, text
    assert suite.result() == result
    assert summary(text) == line


def test_what_cannot_be_resumed_is_told_in_one_line(suite):
    exit_code, text = suite.run("--resume", "R")
    assert (exit_code, text) == (4, f"fastest: error: --resume R: there is no such run in {suite.root}/.fastest/runs; there are: none\n")
    kill_at_size(suite, suite.start(*suite.begin("-k", "some")), 3000)
    exit_code, text = suite.run("--resume", "R", "-k", "other")
    assert exit_code == 4
    assert text.startswith("fastest: error: --resume R: leave the arguments out, or give those that it was begun with: -n 2 ")
    exit_code, text = suite.run("--resume", "Q")
    assert text.endswith("there are: R (unfinished)\n")
    (suite.root / "pytest.ini").write_text("[pytest]\naddopts = -x\n")
    exit_code, text = suite.run("--resume", "R")
    assert exit_code == 4
    assert "addopts, PYTEST_ADDOPTS or [tool.fastest] are not what they were" in text


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_test_files_that_changed_meanwhile_run_anew_and_are_named(suite, collect):
    kill_at_size(suite, suite.start(*suite.begin("--collect", collect)), 16000)
    (suite.root / "test_0.py").write_text((suite.root / "test_0.py").read_text() + "def test_new(): pass\n")
    (suite.root / "test_1.py").unlink()
    for size in (20000, None):  # A second kill: what was forgotten stays so.
        process = suite.start("--resume", "R")
        if size is not None and kept(suite) < size:
            kill_at_size(suite, process, size)
            continue
        text, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 1, text
    reports = {key: count for key, count in suite.result()[0].items() if len(key) == 3}
    files = Counter(node_id.split("::")[0] for node_id, when, _ in reports if when == "setup")
    assert (files["test_0.py"], files["test_1.py"], files["test_2.py"]) == (13, 0, 12)
    assert set(reports.values()) == {1}


def test_a_resumed_run_says_which_code_has_changed(suite):
    kill_at_size(suite, suite.start(*suite.begin()), 12000)
    (suite.root / "test_0.py").write_text("def test_new(): pass\n")
    (suite.root / "conftest.py").write_text("")
    _, text = suite.run("--resume", "R")
    assert (
        "fastest: warning: run R goes on with other code than it was begun with: test_0.py has changed, conftest.py is new; "
        "test files that have changed run anew, and other results are kept"
    ) in text


def test_a_damaged_journal_is_used_up_to_the_damage(suite, undisturbed):
    _, result, line, _ = undisturbed("file")
    kill_at_size(suite, suite.start(*suite.begin("--collect", "file")), 12000)
    journal = suite.root / ".fastest" / "runs" / "R" / "journal"
    bytes_ = bytearray(journal.read_bytes())
    bytes_[9000] ^= 0xFF
    journal.write_bytes(bytes_ + b"\0" * 100)
    exit_code, text = suite.run("--resume", "R")
    assert exit_code == 1, text
    assert len(re.findall(r"fastest: warning: the journal of run R: it is damaged at byte \d+: what follows is not used\n", text)) == 1
    assert suite.result() == result


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> Path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["size=64k", *options]), "tmpfs", folder], capture_output=True)
        if done.returncode != 0:
            pytest.skip("only root may mount file systems")
        return folder

    yield mount
    subprocess.run(["umount", folder], capture_output=True)


@pytest.mark.parametrize("options", [[], ["ro"]], ids=["full", "read-only"])
def test_a_disk_that_takes_no_journal_does_not_fail_the_run(suite, undisturbed, small_disk, options):
    exit_code, result, line, _ = undisturbed("file")
    state = small_disk(*options)
    if not options:
        (state / "ballast").write_bytes(b"x" * 40000)
    again, text = suite.run(*suite.begin("--collect", "file", "--state-dir", str(state)))
    assert again == exit_code, text
    assert text.count("fastest: warning: no journal is kept, so that this run can't be resumed: ") == 1
    assert suite.result() == result


def test_an_unusable_history_is_told_once(suite):
    state = suite.root / ".fastest"
    state.mkdir()
    (state / "history.sqlite").write_bytes(b"not a database, by any means\n" * 100)
    exit_code, text = suite.run("--python", PYTHON, "-n", "2", "-k", "TestGroup")
    assert exit_code == 0, text
    assert text.count("fastest: warning: the history in ") == 1
    exit_code, text = suite.run("--python", PYTHON, "-n", "2", "-k", "TestGroup")
    assert (exit_code, text.count("warning")) == (0, 0)
