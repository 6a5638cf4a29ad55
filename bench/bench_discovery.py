#!/usr/bin/env python3
"""Times static discovery against `pytest --collect-only -q` on the same trees, in turn.

    bench_discovery.py --fastest build/fastest --python PYTHON [--rounds R] [--corpus FOLDER] [SUITE ...]

SUITE is a generated tree (small, medium, large; the default is all) or, with --corpus, the name of a folder in FOLDER
that holds a recipe.json: {"python", "args", "cwd"}.

A round runs every contestant once (A B C A B C ...): pytest, both parsers without cache, and both with it. A first round
warms the disk cache, pytest's bytecode and ours; PYTHONDONTWRITEBYTECODE is taken out of the environment for that.
Numbers are medians, ratios are pytest's seconds over ours. Results go to bench/results/ as JSON and SVG.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
GENERATED = {"small": (10, 10), "medium": (50, 40), "large": (100, 100)}  # Files, functions a file.
CONTESTANTS = {
    "ast cold": ["--parser", "ast", "--no-cache"],
    "regex cold": ["--parser", "regex", "--no-cache"],
    "ast cached": ["--parser", "ast"],
    "regex cached": ["--parser", "regex"],
}
BODY = "    values = [{0}, 1, 2]\n    assert sum(values) == {0} + 3\n    assert sorted(values)\n"


class Suite(NamedTuple):
    name: str
    python: str
    folder: str
    args: list[str]


def generate(folder: pathlib.Path, files: int, functions: int) -> None:
    """Plain functions, a parametrized one and a class in each file, as most suites have them."""
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    for file in range(files):
        text = ["import pytest\n\n\n"]
        for number in range(functions - 2):
            text.append(f"def test_{file}_{number}():\n{BODY.format(number)}\n\n")
        text.append(f'@pytest.mark.parametrize("value", [1, 2, 3])\ndef test_{file}_each(value):\n    assert value\n\n\n')
        text.append(f"class TestGroup:\n    def test_{file}_method(self):\n        assert True\n")
        (folder / "tests" / f"test_module_{file}.py").write_text("".join(text))


def suites(options: argparse.Namespace, folder: pathlib.Path) -> list[Suite]:
    found = []
    for name in options.suites or list(GENERATED):
        if name in GENERATED:
            place = folder / name
            place.mkdir()
            generate(place, *GENERATED[name])
            found.append(Suite(name, options.python, str(place), []))
            continue
        if options.corpus is None or not (options.corpus / name / "recipe.json").exists():
            sys.exit(f"bench_discovery: no suite {name}; generated are {', '.join(GENERATED)}, others need --corpus")
        recipe = json.loads((options.corpus / name / "recipe.json").read_text())
        found.append(Suite(name, recipe["python"], recipe["cwd"], recipe["args"]))
    return found


def commands(options: argparse.Namespace, suite: Suite) -> dict[str, list[str]]:
    pytest = [suite.python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *suite.args]
    ours = {name: [*options.fastest, *words, *suite.args] for name, words in CONTESTANTS.items()}
    return {"pytest": pytest, **ours}


def timed(command: list[str], suite: Suite, env: dict[str, str]) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=suite.folder, env=env, capture_output=True, text=True)
    return time.perf_counter() - start, done.stdout


def functions(output: str) -> set[str]:
    """Node ids without parameters."""
    return {line.partition("[")[0] for line in output.splitlines() if "::" in line and " " not in line.partition("[")[0]}


def measure(options: argparse.Namespace, suite: Suite, env: dict[str, str]) -> dict:
    contestants = commands(options, suite)
    first = {name: functions(timed(command, suite, env)[1]) for name, command in contestants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(options.rounds):
        for name, command in contestants.items():
            seconds[name].append(timed(command, suite, env)[0])
    median = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "suite": suite.name,
        "tests": len(first["pytest"]),
        "median": median,
        "seconds": seconds,
        "ratio": {name: median["pytest"] / median[name] for name in CONTESTANTS},
        "missed": len(first["pytest"] - first["ast cold"]),
        "extra": len(first["ast cold"] - first["pytest"]),
        "parsers_agree": first["ast cold"] == first["regex cold"],
    }


def line(row: dict) -> str:
    parts = [f"{name} {row['median'][name]:.3f} s ({row['ratio'][name]:.0f}x)" for name in CONTESTANTS]
    agree = "parsers agree" if row["parsers_agree"] else "PARSERS DIFFER"
    head = f"{row['suite']}: {row['tests']} functions, missed {row['missed']}, extra {row['extra']}, {agree}"
    return f"{head}\n  pytest {row['median']['pytest']:.3f} s; " + ", ".join(parts)


def about(options: argparse.Namespace) -> dict:
    version = "import platform, pytest; print(platform.python_version(), pytest.__version__)"
    answer = subprocess.run([options.python, "-c", version], capture_output=True, text=True).stdout.split() or ["?", "?"]
    cpu = next((row.partition(":")[2].strip() for row in open("/proc/cpuinfo") if row.startswith("model name")), "?")
    return {
        "python": answer[0],
        "pytest": answer[1],
        "cpu": f"{os.cpu_count()} x {cpu}",
        "system": platform.platform(),
        "load": os.getloadavg(),
        "rounds": options.rounds,
    }


def plot(rows: list[dict], known: dict) -> str:
    """Ratios to pytest as bars: one group a suite."""
    colours = ["#1a7f37", "#4ac26b", "#0969da", "#54aeff"]
    most = max(max(row["ratio"].values()) for row in rows)
    parts, y = [], 40
    for row in rows:
        parts.append(f'<text x="8" y="{y + 12}" font-weight="bold">{row["suite"]} ({row["tests"]})</text>')
        for name, colour in zip(CONTESTANTS, colours):
            width = max(1.0, 480 * row["ratio"][name] / most)
            label = f"{name} {row['ratio'][name]:.0f}x ({row['median'][name]:.3f} s)"
            parts.append(f'<rect x="150" y="{y}" width="{width:.1f}" height="14" fill="{colour}"/>')
            parts.append(f'<text x="{156 + width:.1f}" y="{y + 11}">{label}</text>')
            y += 16
        y += 14
    title = f"Discovery: times faster than pytest {known['pytest']} --collect-only; median of {known['rounds']}; {known['cpu']}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{y}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', f'<text x="8" y="22">{title}</text>', *parts, "</svg>\n"])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", default=str(HERE.parent / "build" / "fastest"))
    parser.add_argument("--bare", action="store_true", help="the program discovers by itself, without the word `discover`")
    parser.add_argument("--python", default=sys.executable, type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("suites", nargs="*")
    options = parser.parse_args()
    options.fastest = [str(pathlib.Path(options.fastest).resolve()), *([] if options.bare else ["discover"])]
    return options


def main() -> int:
    options = parse()
    known = about(options)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    rows = []
    with tempfile.TemporaryDirectory(prefix="fastest-bench-") as folder:
        env["XDG_CACHE_HOME"] = f"{folder}/cache"
        for suite in suites(options, pathlib.Path(folder)):
            rows.append(measure(options, suite, env))
            print(line(rows[-1]), flush=True)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "discovery.json").write_text(json.dumps({"about": known, "rows": rows}, indent=1) + "\n")
    (results / "discovery.svg").write_text(plot(rows, known))
    print(f"{known['cpu']}; Python {known['python']}, pytest {known['pytest']}; load {known['load'][0]:.1f}; {results}/discovery.json, .svg")
    return 0 if all(row["parsers_agree"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
