#!/usr/bin/env python3
"""Times fastest against pytest, pytest-xdist and the other parallel runners on PyPI (peers.txt), in turn, in one run.

    bench_peers.py --fastest build/fastest [-n N] [--rounds R] [--contestants a,b] [--corpus FOLDER] [SUITE ...]

SUITE is a generated one (those of bench_execution.py, and `quarter_million`: 250,000 trivial tests in 1,000 files; the
default is all but that) or, with --corpus, the name of a folder in FOLDER that holds a recipe.json. For a project of a
corpus only those contestants run that can be told the interpreter of a project.

The peers are installed once, by hash, into build/peers. A first round warms caches and asks who runs the suite at all:
a contestant whose numbers of passed and failed tests, or whose verdict, are not pytest's is named and not timed. (Two
peers print no failures of the kinds that they do not know; ids are not compared here.) Medians of seconds, and how many
times as long as fastest. PYTHONDONTWRITEBYTECODE is taken out of the environment. Results go to bench/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import suites
from bench_execution import HERE, Suite, conclude, environment, generated, of_corpus, report, versions

PEERS = HERE.parent / "build" / "peers"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
LIMIT = 900  # seconds that one run may take


def install() -> pathlib.Path:
    """The interpreter of the environment that holds the peers; made where peers.txt is not what it was made of."""
    wanted, made = HERE / "peers.txt", PEERS / "peers.txt"
    python = PEERS / "bin" / "python"
    if not made.exists() or made.read_bytes() != wanted.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", PEERS], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([*pip, "-r", wanted], check=True)
        shutil.copy(wanted, made)
    return python


def contestants(options: argparse.Namespace, suite: Suite, project: bool) -> dict[str, list[str]]:
    """The commands, by name, with the suite's arguments."""
    n, python, bin_ = str(options.n), suite.python, PEERS / "bin"
    pytest = [python, "-m", "pytest", "-q"]
    every = {
        "fastest": [options.fastest, "-q", "-n", n, "--python", python, *suite.args],
        "pytest": [*pytest, *suite.args],
        "xdist load": [*pytest, "-n", n, "--dist", "load", *suite.args],
        "xdist worksteal": [*pytest, "-n", n, "--dist", "worksteal", *suite.args],
        "rstest": [bin_ / "rstest", "-n", n, "--python", python, *suite.args],
        "rstest --fork-pool": [bin_ / "rstest", "-n", n, "--fork-pool", "--python", python, *suite.args],
        "cito --warm": [bin_ / "cito", "run", "--warm", "-n", n, "--python", python, *(suite.args or ["."])],
        "ztest": [bin_ / "ztest", "-n", n, f"--python={python}", *(suite.args or ["."])],
        "ztest --engine=pytest": [bin_ / "ztest", "-n", n, "--engine=pytest", f"--python={python}", *(suite.args or ["."])],
    }
    if not project:  # these run in the interpreter in which they are installed
        every["karva"] = [bin_ / "karva", "test", "--num-workers", n, "."]
        every["pytest-fast"] = [bin_ / "pytest-fast", "--workers", n]
    wanted = options.contestants or list(every)
    return {name: [str(word) for word in command] for name, command in every.items() if name in wanted}


def timed(command: list[str], suite: Suite, env: dict[str, str]) -> tuple[float, str, int]:
    """Seconds, what was printed, and the exit code (-1: took too long)."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=suite.cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT)  # fmt: skip
    except subprocess.TimeoutExpired:
        return LIMIT, "", -1
    return time.monotonic() - start, done.stdout.decode(errors="replace"), done.returncode


def verdict(printed: str, code: int) -> tuple[int, int, bool]:
    """Passed and failed tests by the last line that counts them, and whether the run was green."""
    for line in reversed(ANSI.sub("", printed).splitlines()):
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?)\b", line)}
        if counts:
            return counts.get("passed", 0), sum(counts.values()) - counts.get("passed", 0), code == 0
    return 0, 0, code == 0


def measure(options: argparse.Namespace, suite: Suite, project: bool) -> dict[str, object]:
    commands, env = contestants(options, suite, project), environment(options, suite)
    env["VIRTUAL_ENV"] = str(pathlib.Path(suite.python).parent.parent)
    first = {name: verdict(*timed(command, suite, env)[1:]) for name, command in commands.items()}
    truth = first.get("pytest", first["fastest"])
    others = {name: found for name, found in first.items() if found != truth}
    seconds: dict[str, list[float]] = {name: [] for name in commands if name not in others}
    for _ in range(options.rounds):
        for name in seconds:
            seconds[name].append(timed(commands[name], suite, env)[0])
    median = {name: statistics.median(all_of) for name, all_of in seconds.items()}
    return {
        "suite": suite.name, "tests": sum(truth[:2]), "differs": "fastest" if "fastest" in others else "",
        "others": others, "seconds": seconds, "median": median,
    }  # fmt: skip


def quarter_million(folder: pathlib.Path) -> int:
    """250,000 tests that do nothing, in 1,000 files."""
    body = "".join(f"def test_{number}():\n    assert {number} + 1\n\n" for number in range(250))
    for number in range(1000):
        (folder / f"test_trivial_{number:04}.py").write_text(body)
    return 250_000


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    parser.add_argument("--fastest", required=True, type=os.path.abspath)
    parser.add_argument("-n", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=pathlib.Path, help="a folder of projects, each with its recipe.json")
    parser.add_argument("--contestants", type=lambda text: ["fastest", *text.split(",")], help="only these beside fastest")
    parser.set_defaults(dont_write_bytecode=False, results=HERE / "results")
    options = parser.parse_args()
    options.suites = options.suites or list(suites.GENERATED)
    return options


def main() -> int:
    options = parse()
    options.python = str(install())
    about = versions(options)
    print(json.dumps(about), flush=True)
    suites.GENERATED["quarter_million"] = quarter_million
    rows = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fastest-bench-"))
    for name in options.suites:
        ours = name in suites.GENERATED
        suite = generated(name, folder / name, options.python) if ours else of_corpus(name, options.corpus)
        row = measure(options, suite, not ours)
        rows.append(row)
        print(report(row), flush=True)
        for other, (passed, failed, green) in row["others"].items():
            print(f"{'':16} {other} runs something else: {passed} passed, {failed} failed, {'green' if green else 'red'}", flush=True)
    shutil.rmtree(folder)
    return conclude("peers", options, about, rows)


if __name__ == "__main__":
    sys.exit(main())
