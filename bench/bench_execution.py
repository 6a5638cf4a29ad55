#!/usr/bin/env python3
"""Times fastest against pytest and pytest-xdist on the same suites, in turn, and checks that all had the same outcomes.

    bench_execution.py --fastest build/fastest --python PYTHON [-n N] [--rounds R] [--corpus FOLDER] [SUITE ...]

SUITE is a generated one (trivial, fixtures, scopes, cpu, waiting, ten; the default is all) or, with --corpus, the name of a
folder in FOLDER that holds a recipe.json: {"python", "args", "cwd", "env"}.

A round runs every contestant once (A B C A B C ...), so that a machine that grows slow is slow for all. A first round
warms caches and checks outcomes: each contestant writes a JUnit file, and a suite whose (test -> outcome) differ is not timed but
said to differ, and the exit code is 1. Numbers are medians; ratios are to fastest (2.00x: takes twice as long).

PYTHONDONTWRITEBYTECODE is taken out of the environment, since with it pytest rewrites every assert in every run;
--dont-write-bytecode sets it. Results go to bench/results/ as JSON and SVG.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

import plot
import suites

HERE = pathlib.Path(__file__).resolve().parent


class Suite(NamedTuple):
    name: str
    python: str
    cwd: pathlib.Path
    args: list[str]
    env: dict[str, str]


def generated(name: str, folder: pathlib.Path, python: str) -> Suite:
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    suites.GENERATED[name](folder)
    return Suite(name, python, folder, [], {})


def of_corpus(name: str, corpus: pathlib.Path) -> Suite:
    recipe = json.loads((corpus / name / "recipe.json").read_text())
    return Suite(name, recipe["python"], pathlib.Path(recipe["cwd"]), recipe["args"], recipe["env"])


def contestants(options: argparse.Namespace, suite: Suite) -> dict[str, list[str]]:
    """The commands, by name; every one is given the suite's arguments."""
    pytest = [suite.python, "-m", "pytest"]
    spread = ["-n", str(options.n)]
    every = {
        "fastest": [str(options.fastest), *spread, "--python", suite.python],
        "pytest": pytest,
        "xdist load": [*pytest, *spread, "--dist", "load"],
        "xdist worksteal": [*pytest, *spread, "--dist", "worksteal"],
    }
    return {name: command for name, command in every.items() if name in options.contestants}


def environment(options: argparse.Namespace, suite: Suite) -> dict[str, str]:
    env = {**os.environ, **suite.env}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if options.dont_write_bytecode:
        env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def timed(command: list[str], suite: Suite, env: dict[str, str]) -> tuple[float, int]:
    """Seconds from start to end, and the exit code."""
    start = time.monotonic()
    done = subprocess.run([*command, "-q", *suite.args], cwd=suite.cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    return time.monotonic() - start, done.returncode


def outcomes(junit: pathlib.Path) -> collections.Counter[tuple[str, str, str]]:
    """How often each (class, test, outcome) stands in a JUnit file; pytest and plugins agree on its names."""
    seen: collections.Counter[tuple[str, str, str]] = collections.Counter()
    if not junit.exists():
        return seen
    for case in ElementTree.parse(junit).iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        seen[case.get("classname", ""), case.get("name", ""), outcome] += 1
    return seen


def difference(suite: Suite, commands: dict[str, list[str]], env: dict[str, str]) -> tuple[str, int]:
    """What the contestants' outcomes differ in ("" if in nothing), and how many tests there are."""
    first: tuple[str, collections.Counter[tuple[str, str, str]], int] | None = None
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands.items():
            junit = pathlib.Path(folder, name.replace(" ", "_") + ".xml")
            code = timed([*command, f"--junitxml={junit}"], suite, env)[1]
            found = outcomes(junit)
            if not found:
                return f"{name} wrote no JUnit file or ran nothing (exit code {code})", 0
            if first is None:
                first = (name, found, code)
            elif (found, code) != first[1:]:
                rows = sorted(found - first[1])[:3] + sorted(first[1] - found)[:3]
                return f"{name} (exit {code}) differs from {first[0]} (exit {first[2]}): {rows}", 0
    return "", sum(first[1].values()) if first else 0


def measure(options: argparse.Namespace, suite: Suite) -> dict[str, object]:
    """All rounds of one suite."""
    commands, env = contestants(options, suite), environment(options, suite)
    differs, tests = difference(suite, commands, env)
    row: dict[str, object] = {"suite": suite.name, "tests": tests, "differs": differs}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(0 if differs else options.rounds):
        for name, command in commands.items():
            seconds[name].append(timed(command, suite, env)[0])
    row["seconds"] = seconds
    row["median"] = {name: statistics.median(all_of) for name, all_of in seconds.items() if all_of}
    return row


def report(row: dict[str, object]) -> str:
    """One line: medians, spread, and how many times as long as fastest the others take."""
    if row["differs"]:
        return f"{row['suite']:16} DIFFERS: {row['differs']}"
    median: dict[str, float] = row["median"]  # type: ignore[assignment]
    seconds: dict[str, list[float]] = row["seconds"]  # type: ignore[assignment]
    cells = []
    for name, middle in median.items():
        ratio = f" {middle / median['fastest']:.2f}x" if "fastest" in median and name != "fastest" else ""
        cells.append(f"{name} {middle:.2f} s [{min(seconds[name]):.2f}, {max(seconds[name]):.2f}]{ratio}")
    return f"{row['suite']:16} {row['tests']:6} tests  " + "  ".join(cells)


def geometric_means(rows: list[dict[str, object]]) -> str:
    """Over all suites that were timed: fastest's time as a share of each contestant's, and of the better xdist's."""
    shares: dict[str, list[float]] = collections.defaultdict(list)
    for row in rows:
        median: dict[str, float] = row["median"]  # type: ignore[assignment]
        ours = median.get("fastest")
        others = {name: seconds for name, seconds in median.items() if name != "fastest"}
        xdist = [seconds for name, seconds in others.items() if name.startswith("xdist")]
        if ours is None:
            continue
        for name, seconds in {**others, **({"the better xdist": min(xdist)} if xdist else {})}.items():
            shares[name].append(ours / seconds)
    cells = [f"{statistics.geometric_mean(all_of):.2f} of {name} (worst {max(all_of):.2f}, {len(all_of)} suites)" for name, all_of in shares.items()]
    return "geometric mean of fastest's time: " + ", ".join(cells)


def versions(options: argparse.Namespace) -> dict[str, object]:
    asked = "import sys, pytest, xdist; print(sys.version.split()[0], pytest.__version__, xdist.__version__)"
    found = subprocess.run([options.python, "-c", asked], capture_output=True, text=True)
    python, pytest, xdist = found.stdout.split() or ("?", "?", "?")
    own = subprocess.run([options.fastest, "--version"], capture_output=True, text=True).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return {
        "fastest": own, "python": python, "pytest": pytest, "pytest-xdist": xdist, "cpu": cpu, "cores": os.cpu_count(),
        "system": platform.platform(), "n": options.n, "rounds": options.rounds, "dont_write_bytecode": options.dont_write_bytecode,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    parser.add_argument("--fastest", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--python", default=sys.executable, type=os.path.abspath, help="has pytest and pytest-xdist; runs the generated suites")
    parser.add_argument("-n", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--corpus", type=pathlib.Path, help="a folder of projects, each with its recipe.json")
    parser.add_argument("--contestants", type=lambda text: text.split(","), default=["fastest", "pytest", "xdist load", "xdist worksteal"])
    parser.add_argument("--dont-write-bytecode", action="store_true")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results")
    options = parser.parse_args()
    options.suites = options.suites or list(suites.GENERATED)
    return options


def conclude(name: str, options: argparse.Namespace, about: dict[str, object], rows: list[dict[str, object]]) -> int:
    """Prints the means, writes NAME-time.json and .svg; the exit code."""
    print(geometric_means(rows))
    options.results.mkdir(parents=True, exist_ok=True)
    base = options.results / time.strftime(f"{name}-%Y%m%d-%H%M%S", time.gmtime())
    base.with_suffix(".json").write_text(json.dumps({"about": about, "suites": rows}, indent=1) + "\n")
    base.with_suffix(".svg").write_text(plot.bars(rows, about))
    print(f"wrote {base}.json and .svg")
    return 1 if any(row["differs"] for row in rows) else 0


def main() -> int:
    options = parse()
    about = versions(options)
    print(json.dumps(about), flush=True)
    rows = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fastest-bench-"))
    for name in options.suites:
        suite = generated(name, folder / name, options.python) if name in suites.GENERATED else of_corpus(name, options.corpus)
        rows.append(measure(options, suite))
        print(report(rows[-1]), flush=True)
    shutil.rmtree(folder)
    return conclude("execution", options, about, rows)


if __name__ == "__main__":
    sys.exit(main())
