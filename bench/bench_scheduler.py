#!/usr/bin/env python3
"""Runs build/bench_scheduler (cmake --build build --target bench_scheduler) on a synthetic suite and on recorded ones.

    bench_scheduler.py --program build/bench_scheduler [--corpus FOLDER] [--workers 8,64,512] [--deaths SECONDS] [NAME ...]

With --corpus, the traces are made of FOLDER/NAME/pytest1.jsonl, report logs of plain pytest runs; without NAME of all
that are there. The figures are makespan / lower bound.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import tempfile


def durations(log: pathlib.Path) -> dict[str, float]:
    """Seconds of each test, all phases together, in the order in which they ran."""
    seconds: dict[str, float] = {}
    for line in log.open():
        entry = json.loads(line)
        if entry.get("$report_type") == "TestReport":
            seconds[entry["nodeid"]] = seconds.get(entry["nodeid"], 0.0) + entry["duration"]
    return seconds


def write_trace(log: pathlib.Path, trace: pathlib.Path) -> None:
    lines = [f"{node_id.split('::')[0].replace(' ', '_')} {taken:.6f}" for node_id, taken in durations(log).items()]
    trace.write_text("\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("--workers", default="")
    parser.add_argument("--deaths", default="0", help="mean seconds that an agent lives; 0: for ever")
    options = parser.parse_args()
    command = [str(options.program.resolve()), "--deaths", options.deaths]
    if options.workers:
        command += ["--workers", options.workers]
    if options.corpus is None:
        return subprocess.run(command).returncode
    with tempfile.TemporaryDirectory() as folder:
        traces = []
        for log in sorted(options.corpus.glob("*/pytest1.jsonl")):
            if options.names and log.parent.name not in options.names:
                continue
            trace = pathlib.Path(folder, log.parent.name)
            write_trace(log, trace)
            traces.append(str(trace))
        return subprocess.run([*command, *traces]).returncode


if __name__ == "__main__":
    raise SystemExit(main())
