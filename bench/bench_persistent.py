#!/usr/bin/env python3
"""Times --persistent-workers on a small suite: fastest with a warm process, fastest without, and plain pytest, in turn.

    bench_persistent.py --fastest build/fastest --python PYTHON [-n N] [--rounds R] [--tests T] [--results FOLDER]

The first round is not counted: in it the warm process is started, and loads the plugins and parses after it. Numbers are medians
of wall seconds, and of CPU seconds of the whole process tree (a warm process's forks are no children of the program: its
CPU is not seen, so only wall says something there). Ratios are to plain pytest. Everything runs in a folder of its own,
with its own cache and its own folder of sockets; the warm process is stopped at the end.
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

from bench_start import HERE, timed, write_suite

TARGET = 0.25


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--python", default=sys.executable, type=os.path.abspath, help="has pytest")
    parser.add_argument("-n", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tests", type=int, default=10)
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results")
    return parser.parse_args()


def wait_until_loaded(fastest: pathlib.Path, env: dict[str, str], patience: float = 30) -> str:
    """What `workers list` says, once the warm process has done what it does after its first run."""
    until = time.monotonic() + patience
    while True:
        line = subprocess.run([fastest, "workers", "list"], env=env, capture_output=True, text=True).stdout.strip()
        if "plugins, options" in line or time.monotonic() > until:
            return line
        time.sleep(0.1)


def main() -> int:
    options = parse()
    ours = [str(options.fastest), "-n", str(options.n), "--python", options.python]
    commands = {"persistent": [*ours, "--persistent-workers"], "cold": ours, "pytest": [options.python, "-m", "pytest"]}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory(prefix="fastest-persistent-") as folder:
        base = pathlib.Path(folder)
        suite = write_suite(base / "suite", 2, max(options.tests // 2, 1), 1)
        env = {**os.environ, "XDG_CACHE_HOME": str(base / "cache"), "XDG_RUNTIME_DIR": folder}
        time.sleep(0.5)  # What changed just before a warm process started is not trusted.
        try:
            for number in range(options.rounds + 1):
                for name, command in commands.items():
                    result = timed(command, suite, env)
                    if number > 0:
                        seconds[name].append(result)
                if number == 0:
                    print(wait_until_loaded(options.fastest, env))
            print(wait_until_loaded(options.fastest, env, 0))
        finally:
            subprocess.run([options.fastest, "workers", "stop", "--all"], env=env, stdout=subprocess.DEVNULL)
    medians = {name: [statistics.median(column) for column in zip(*all_of)] for name, all_of in seconds.items()}
    for name, (wall, cpu) in medians.items():
        print(f"{name:10} wall {wall:.3f} s ({wall / medians['pytest'][0]:.2f} of pytest)  CPU {cpu:.3f} s")
    ratio = medians["persistent"][0] / medians["pytest"][0]
    print(f"target: at most {TARGET} of pytest: {'met' if ratio <= TARGET else 'missed'} ({ratio:.3f})")
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / time.strftime("persistent-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps({"n": options.n, "rounds": options.rounds, "tests": options.tests, "median": medians}, indent=1) + "\n")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
