#!/usr/bin/env python3
"""Times how long a failed comparison takes to be explained: fastest against plain pytest, in turn.

    bench_assertions.py --fastest build/fastest --python PYTHON [--rounds R] [--limit SECONDS] [CASE ...]

Each case is a suite of one test that fails. Both run it with the same options (-vv, or CI=1); the failure text must be
the same, else the case is not counted. A round is one run of each in turn; numbers are medians of user + system CPU
time of the whole process tree, less that of a suite whose test fails with `assert 0` (start-up, import, report). Plain
pytest needs minutes for some sizes: what exceeds --limit seconds (default 40) is ended, counted as the limit, and shown
with `>`; such cases also stand in a smaller size, where both finish.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

HEAD = "import random, unittest\nrng = random.Random(1)\n"
PYTEST = HEAD + "def test_it():\n    left = {left}\n    right = {right}\n    assert left == right\n"
UNITTEST = HEAD + "class TestIt(unittest.TestCase):\n    maxDiff = None\n    def test_it(self):\n        self.{how}({left}, {right})\n"


class Case(NamedTuple):
    name: str
    body: str
    args: tuple[str, ...] = ("-vv",)
    ci: bool = False
    finishes: bool = True  # Plain pytest needs less than the limit.


def floats(count: int) -> dict[str, str]:
    return dict.fromkeys(("left", "right"), f"[rng.random() for _ in range({count})]")


def keys(count: int) -> dict[str, str]:
    return dict.fromkeys(("left", "right"), f"{{f'key_{{i}}': rng.random() for i in range({count})}}")


def text(count: int) -> dict[str, str]:
    line = "f'{i} ' + ' '.join(rng.choice(('alpha', 'beta', 'gamma', 'delta')) for _ in range(9)) + '\\n'"
    return dict.fromkeys(("left", "right"), f"''.join({line} for i in range({count}))")


CASES = [
    Case("500 floats, -vv", PYTEST.format(**floats(500))),
    Case("3000 floats, -vv", PYTEST.format(**floats(3000)), finishes=False),
    Case("dict of 200 keys, CI=1", PYTEST.format(**keys(200)), args=(), ci=True),
    Case("dict of 500 keys, -vv", PYTEST.format(**keys(500)), finishes=False),
    Case("dict of 1000 keys, CI=1", PYTEST.format(**keys(1000)), args=(), ci=True, finishes=False),
    Case("text of 300 lines, -vv", PYTEST.format(**text(300))),
    Case("assertEqual, 500 floats", UNITTEST.format(how="assertEqual", **floats(500)), args=()),
    Case("assertEqual, 3000 floats", UNITTEST.format(how="assertEqual", **floats(3000)), args=(), finishes=False),
    Case("assertEqual, dict of 200 keys", UNITTEST.format(how="assertEqual", **keys(200)), args=()),
    Case("assertMultiLineEqual, 300 lines", UNITTEST.format(how="assertMultiLineEqual", **text(300)), args=()),
]
NOTHING = Case("assert 0", "def test_it():\n    assert 0\n")


class Run(NamedTuple):
    seconds: float  # CPU time.
    told: str  # The failure's lines.
    ended: bool  # By the limit.


def run(command: list[str], case: Case, limit: float) -> Run:
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
    env.update({"CI": "1"} if case.ci else {}, PYTHONHASHSEED="0", COLUMNS="80")
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "test_case.py").write_text(case.body)
        pathlib.Path(folder, "pytest.ini").write_text("[pytest]\n")
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        process = subprocess.Popen([*command, *case.args], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            told = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Run(time.monotonic() - begin, "", True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = "\n".join(line for line in told.splitlines() if line.startswith("E "))
    return Run(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, lines, False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", required=True)
    parser.add_argument("--python", default=sys.executable, type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=40)
    parser.add_argument("--json", help="a file for the numbers")
    parser.add_argument("cases", nargs="*", help="parts of names")
    options = parser.parse_args()
    commands = {
        "pytest": [options.python, "-m", "pytest", "-p", "no:cacheprovider"],
        "fastest": [os.path.abspath(options.fastest), "--python", options.python, "-n", "1", "--state-dir", tempfile.mkdtemp()],
    }
    floor = {name: statistics.median(run(command, NOTHING, 60).seconds for _ in range(options.rounds)) for name, command in commands.items()}
    print(f"CPU seconds above `assert 0` ({floor['pytest']:.2f} and {floor['fastest']:.2f}); medians of {options.rounds} rounds in turn")
    results, wrong = [], 0
    for case in CASES:
        if options.cases and not any(part in case.name for part in options.cases):
            continue
        rounds = options.rounds if case.finishes else 1
        runs = [{name: run(command, case, options.limit) for name, command in commands.items()} for _ in range(rounds)]
        took = {name: max(statistics.median(each[name].seconds for each in runs) - floor[name], 0.01) for name in commands}
        ended = any(each["pytest"].ended for each in runs)
        same = ended or all(each["pytest"].told == each["fastest"].told for each in runs)
        wrong += not same or any(each["fastest"].ended for each in runs)
        sign = ">" if ended else " "
        words = "(not compared: pytest was ended)" if ended else "same text" if same else "TEXT DIFFERS"
        print(f"{case.name:34} pytest {sign}{took['pytest']:7.2f} s   fastest {took['fastest']:6.2f} s   ratio {sign}{took['pytest'] / took['fastest']:6.1f}   {words}", flush=True)
        results.append({"case": case.name, **took, "ended": ended, "same": same})
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"floor": floor, "results": results}, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
