#!/usr/bin/env python3
"""One coordinator against simulated agents over loopback: what a test costs it, held against a limit.

    bench_coordinator.py --program build/bench_coordinator [--microseconds 10] [--bytes 300] [OPTION ...]

Build the program with `cmake --build build --target bench_coordinator`. Other options go to it (--agents, --tests, …).
Exit code 1: a limit was missed or results were lost. CPU is measured, not wall time; a loaded machine still makes it
dearer, since agents that are starved tell one test a frame.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--microseconds", type=float, default=10.0, help="most CPU a test")
    parser.add_argument("--bytes", type=float, default=300.0, help="most memory a test")
    options, rest = parser.parse_known_args()
    done = subprocess.run([str(options.program.resolve()), *rest], stdout=subprocess.PIPE, text=True)
    if not done.stdout.startswith("{"):
        print(f"the program ended with {done.returncode}", file=sys.stderr)
        return 1
    row = json.loads(done.stdout)
    print(json.dumps(row, indent=1))
    complete = row["results"] == row["tests"]
    within = row["cpu_microseconds_a_test"] <= options.microseconds and row["bytes_a_test"] <= options.bytes
    print("complete" if complete else "RESULTS LOST", "within the limits" if within else "OVER A LIMIT")
    return 0 if complete and within else 1


if __name__ == "__main__":
    sys.exit(main())
