#!/usr/bin/env python3
"""Holds static discovery against `pytest --collect-only -q` on the corpus's projects: what it misses and what it adds.

    compare_discovery.py [--fastest build/fastest] [--corpus FOLDER] [--show N] [NAME ...]

Parameters are taken off the ids. Misses and extras that only running the project tells (module-level skips, deselection by
mark, items that plugins make of other files) are expected; the parsers differing from each other is an error, and
so is a missed test in a file that discovery did not flag. Without the corpus nothing is compared, which is said.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "fastest-corpus"


def node_ids(lines: list[str]) -> list[str]:
    """In order, each once, without parameters; only tests of Python modules."""
    bare = (line.partition("[")[0] for line in lines if "::" in line)
    return list(dict.fromkeys(found for found in bare if ".py::" in found and " " not in found))


def truth(recipe: dict) -> list[str]:
    command = [recipe["python"], "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *recipe["args"]]
    plugin = {"PYTHONPATH": recipe["plugin_dir"]} if recipe.get("plugin_dir") else {}
    env = {**os.environ, **recipe.get("env", {}), **plugin}
    return node_ids(subprocess.run(command, cwd=recipe["cwd"], env=env, capture_output=True, text=True).stdout.splitlines())


def ours(program: list[str], recipe: dict, parser: str) -> list[str]:
    command = [*program, "--no-cache", "--parser", parser, *recipe["args"]]
    return node_ids(subprocess.run(command, cwd=recipe["cwd"], capture_output=True, text=True).stdout.splitlines())


def compare(program: list[str], recipe: dict, show: int) -> bool:
    """Prints one line and some differences. False if the parsers differ."""
    expected, ast, regex = truth(recipe), ours(program, recipe, "ast"), ours(program, recipe, "regex")
    missed = [found for found in expected if found not in set(ast)]
    extra = [found for found in ast if found not in set(expected)]
    agree = "agree" if ast == regex else "DIFFER"
    print(f"{recipe['name']:16} pytest {len(expected):5} ours {len(ast):5} missed {len(missed):4} extra {len(extra):4} parsers {agree}")
    for sign, ids in (("-", missed), ("+", extra)):
        for found in ids[:show]:
            print(f"    {sign} {found}")
    return ast == regex


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", default=str(HERE.parent / "build" / "fastest"))
    parser.add_argument("--bare", action="store_true", help="the program discovers by itself, without the word `discover`")
    parser.add_argument("--corpus", type=pathlib.Path, default=CORPUS)
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    recipes = sorted(options.corpus.glob("*/recipe.json"))
    if not recipes:
        print(f"compare_discovery: no corpus in {options.corpus}, so nothing was compared")
        return 0
    program = [str(pathlib.Path(options.fastest).resolve()), *([] if options.bare else ["discover"])]
    good = [
        compare(program, json.loads(path.read_text()), options.show)
        for path in recipes
        if not options.names or path.parent.name in options.names
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
