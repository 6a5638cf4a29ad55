#!/usr/bin/env python3
"""Runs the quick part of the corpus: real projects' suites under pytest and under fastest, compared test by test.

    corpus.py [--fastest PROGRAM] [NAME ...]

The corpus is a folder beside the repository (../shared/corpus), no part of it: without it nothing is compared, which is said and is
no failure. Its check.py downloads a project once, into the user's cache.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
QUICK = ["itsdangerous", "click", "flask", "toolz", "boltons", "pluggy", "more-itertools", "marshmallow"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fastest", type=pathlib.Path, default=ROOT / "build" / "fastest")
    parser.add_argument("names", nargs="*", default=QUICK)
    options = parser.parse_args()
    if not (CORPUS / "check.py").exists():
        print("corpus: ../shared/corpus is not there, so no real project was compared")
        return 0
    command = [sys.executable, str(CORPUS / "check.py"), "--fastest", str(options.fastest), "-n", "2", *options.names]
    return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())
