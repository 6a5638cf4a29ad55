#!/usr/bin/env python3
"""Compares the memory of fastest and of pytest-xdist on the same suites: the peak of the whole process tree.

    bench_memory.py --fastest build/fastest --python PYTHON [-n N] [--rounds R] [--corpus FOLDER] [SUITE ...]

SUITE is a generated one (trivial, fixtures, scopes, cpu, waiting, ten; the default is trivial and fixtures) or, with --corpus,
the name of a folder in FOLDER that holds a recipe.json: {"python", "args", "cwd", "env"}.

Memory is PSS, the proportional set size of /proc/PID/smaps_rollup: a page that k processes share counts 1/k in each,
so that the sum over a tree counts it once. It is read of all processes of the tree some ten times a second; the peak is
the largest sum. A round runs every contestant once, in turn; numbers are medians, the ratio is fastest's to xdist's.
The exit code is 1 if contestants end differently, or with --at-most R if a ratio is above it.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from bench_execution import Suite, generated, of_corpus
import suites

EVERY = 0.1  # Seconds between two looks.
LIMIT = 900.0  # Seconds that a run may take.


def descendants(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        below = [child for task in tasks for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    except OSError:
        return  # It has ended.
    for child in below:
        yield from descendants(int(child))


def pss(pid: int) -> int:
    """Bytes; 0 if the process has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as lines:
            return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
    except OSError:
        return 0


class Peak:
    """The largest sum seen, and its parts: by process, the largest first."""

    def __init__(self) -> None:
        self.bytes = 0
        self.parts: list[int] = []
        self.looks = 0

    def look(self, pid: int) -> None:
        parts = [pss(each) for each in descendants(pid)]
        self.looks += 1
        if sum(parts) > self.bytes:
            self.bytes, self.parts = sum(parts), sorted(filter(None, parts), reverse=True)


def run(command: list[str], suite: Suite) -> tuple[Peak, int, float]:
    """The peak, the exit code and the seconds that it took."""
    env = {**os.environ, **suite.env}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    peak, began = Peak(), time.monotonic()
    words = [*command, "-q", *suite.args]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=suite.cwd, env=env, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        while process.poll() is None:
            peak.look(process.pid)
            if time.monotonic() - began > LIMIT:
                process.terminate()
            time.sleep(EVERY)
    return peak, process.returncode, time.monotonic() - began


def measure(options: argparse.Namespace, suite: Suite) -> dict[str, object]:
    n = ["-n", str(options.n)]
    commands = {
        "fastest": [str(options.fastest), *n, "--python", suite.python, *options.words],
        "xdist": [suite.python, "-m", "pytest", *n],
    }
    peaks: dict[str, list[Peak]] = {name: [] for name in commands}
    exits: dict[str, set[int]] = {name: set() for name in commands}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            peak, code, took = run(command, suite)
            peaks[name].append(peak)
            exits[name].add(code)
            seconds[name].append(took)
    median = {name: statistics.median(peak.bytes for peak in all_of) for name, all_of in peaks.items()}
    parts = {name: max(all_of, key=lambda peak: peak.bytes).parts for name, all_of in peaks.items()}
    return {
        "suite": suite.name, "median": median, "ratio": median["fastest"] / max(median["xdist"], 1), "parts": parts,
        "peaks": {name: [peak.bytes for peak in all_of] for name, all_of in peaks.items()}, "seconds": seconds,
        "exits": {name: sorted(codes) for name, codes in exits.items()}, "differs": exits["fastest"] != exits["xdist"],
    }  # fmt: skip


def report(row: dict) -> str:
    cells = []
    for name, middle in row["median"].items():
        low, high = min(row["peaks"][name]) / 1e6, max(row["peaks"][name]) / 1e6
        cells.append(f"{name} {middle / 1e6:.0f} MB [{low:.0f}, {high:.0f}]")
    largest = ", ".join(f"{part / 1e6:.0f}" for part in row["parts"]["fastest"])
    differs = f"  EXIT CODES DIFFER: {row['exits']}" if row["differs"] else ""
    return f"{row['suite']:16} {'  '.join(cells)}  ratio {row['ratio']:.2f}  (fastest's processes: {largest}){differs}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", default=["trivial", "fixtures"])
    parser.add_argument("--fastest", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--python", type=os.path.abspath, default=sys.executable, help="has pytest and pytest-xdist; runs the generated suites")
    parser.add_argument("-n", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=pathlib.Path, help="a folder of projects, each with its recipe.json")
    parser.add_argument("--at-most", type=float, metavar="RATIO", help="end with 1 if a suite's ratio is above it")
    parser.add_argument("--words", type=str.split, default=[], help="more words for fastest, as one argument")
    parser.add_argument("--results", type=pathlib.Path, help="a JSON file to write")
    return parser.parse_args()


def main() -> int:
    options = parse()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fastest-bench-"))
    rows = []
    try:
        for name in options.suites:
            is_ours = name in suites.GENERATED
            rows.append(measure(options, generated(name, folder / name, options.python) if is_ours else of_corpus(name, options.corpus)))
            print(report(rows[-1]), flush=True)
    finally:
        shutil.rmtree(folder)
    if options.results:
        options.results.write_text(json.dumps(rows, indent=1) + "\n")
    above = options.at_most is not None and any(row["ratio"] > options.at_most for row in rows)
    return 1 if above or any(row["differs"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
