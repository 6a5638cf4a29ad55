#!/usr/bin/env python3
"""Times the start: a suite of ten tests, and one of many asserts, without bytecode, with it, and where none is written.

    bench_start.py --fastest build/fastest --python PYTHON [-n N] [--rounds R] [--asserts N] [--results FOLDER]

cold       no .pyc of the suite, no cache of ours: a first run
warm       the run after that
unwritten  PYTHONDONTWRITEBYTECODE=1: pytest has no .pyc in any run, fastest has its cache

fastest, pytest and pytest-xdist run in turn, R rounds of all; numbers are medians of wall and of CPU seconds (of the whole
process tree), ratios are fastest's part of the other's. On a busy machine only CPU time says something.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def write_suite(folder: pathlib.Path, files: int, tests: int, asserts: int) -> pathlib.Path:
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    lines = "".join(f"    assert len([{n}, 'a']) == 2 and {n} in (x, {n})\n" for n in range(asserts))
    body = "".join(f"def test_{number}():\n    x = {number}\n{lines}\n" for number in range(tests))
    for number in range(files):  # No two alike: our cache would take them for one.
        (folder / f"test_{folder.name}_{number}.py").write_text(f"NUMBER = {number}\n\n{body}")
    return folder


def forget_bytecode(suite: pathlib.Path, cache: pathlib.Path) -> None:
    for folder in [*suite.rglob("__pycache__"), cache]:
        shutil.rmtree(folder, ignore_errors=True)


def timed(command: list[str], suite: pathlib.Path, env: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds; every test has to pass."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([*command, "-q"], cwd=suite, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} in {suite}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(suite: pathlib.Path, state: str, commands: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    cache = suite.parent / "cache"
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if state == "unwritten":
        env["PYTHONDONTWRITEBYTECODE"] = "1"
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    forget_bytecode(suite, cache)
    for number in range(rounds + 1):  # The first round is not counted: it leaves what later ones find.
        for name, command in commands.items():
            if state == "cold":
                forget_bytecode(suite, cache)
            result = timed(command, suite, env)
            if number > 0:
                seconds[name].append(result)
    return {name: [statistics.median(column) for column in zip(*all_of)] for name, all_of in seconds.items()}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--python", default=sys.executable, type=os.path.abspath, help="has pytest and pytest-xdist")
    parser.add_argument("-n", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--asserts", type=int, default=4000, help="in the suite of many asserts")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results")
    return parser.parse_args()


def main() -> int:
    options = parse()
    spread = ["-n", str(options.n)]
    pytest = [options.python, "-m", "pytest"]
    commands = {
        "fastest": [str(options.fastest), *spread, "--python", options.python],
        "pytest": pytest,
        "xdist": [*pytest, *spread],
    }
    rows = []
    with tempfile.TemporaryDirectory(prefix="fastest-start-") as folder:
        base = pathlib.Path(folder)
        suites = [write_suite(base / "ten", 2, 5, 1), write_suite(base / "asserts", 8, 10, options.asserts // 80)]
        for suite in suites:
            for state in ("cold", "warm", "unwritten"):
                median = measure(suite, state, commands, options.rounds)
                rows.append({"suite": suite.name, "state": state, "median": median})
                cells = []
                for name, (wall, cpu) in median.items():
                    ratio = "" if name == "fastest" else f" ({median['fastest'][0] / wall:.2f}, {median['fastest'][1] / cpu:.2f})"
                    cells.append(f"{name} {wall:.2f} s, CPU {cpu:.2f} s{ratio}")
                print(f"{suite.name:8} {state:10} " + "  ".join(cells), flush=True)
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / time.strftime("start-%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps({"n": options.n, "rounds": options.rounds, "rows": rows}, indent=1) + "\n")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
