#!/usr/bin/env python3
"""Times a run on two hosts of two workers (two_hosts.py: network namespaces) against one of four workers here, in turn.

    bench_two_hosts.py --fastest build/fastest --corpus FOLDER [--rounds 5] NAME …

FOLDER/NAME/recipe.json says how a project is run (the corpus' setup makes it). The first round is not counted. Wall time has the start
of the agents and the namespaces in it; CPU is that of all processes. Medians, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def run(command: list[str], recipe: dict, fastest: str) -> tuple[float, float]:
    """Seconds of wall time, and of CPU of all processes."""
    env = {**os.environ, **recipe["env"], "FASTEST": fastest}
    before, start = os.times(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        words = ["-n", "4", "--python", recipe["python"], "--report-log", f"{folder}/log", *recipe["args"]]
        done = subprocess.run([*command, *words], cwd=recipe["cwd"], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-2000:]}")
    after = os.times()
    return time.monotonic() - start, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--fastest", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--corpus", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name in options.names:
        recipe = json.loads((options.corpus / name / "recipe.json").read_text())
        ways = {"here": [options.fastest], "two hosts": [sys.executable, str(HERE / "two_hosts.py")]}
        taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for _ in range(options.rounds + 1):
            for way, command in ways.items():
                taken[way].append(run(command, recipe, options.fastest))
        wall, cpu = ({way: statistics.median(one[which] for one in times[1:]) for way, times in taken.items()} for which in (0, 1))
        print(
            f"{name:16} wall {wall['here']:6.2f} s here {wall['two hosts']:6.2f} s on two hosts: {wall['two hosts'] / wall['here']:.3f}"
            f"   CPU {cpu['here']:6.2f} {cpu['two hosts']:6.2f}: {cpu['two hosts'] / cpu['here']:.3f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
