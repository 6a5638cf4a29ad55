#!/usr/bin/env python3
"""Compares the bytecode of our faster assertion rewriting with pytest's own, file by file, and the CPU time of both.

    PYTHON bench/compare_rewriting.py FOLDER...

PYTHON has the pytest in question. All test files (and conftests) below the folders are taken, with and without
enable_assertion_pass_hook. Exit 1 if a file's marshalled code differs; in marshal's format 0, since later ones flag what
is referred to more than once at the moment, which pytest itself does not get the same twice.
"""

from __future__ import annotations

import marshal
import pathlib
import platform
import sys
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "worker"))

import pytest  # noqa: E402
from _pytest.assertion import rewrite  # noqa: E402

from fastest.compat_rewriter import compile_rewritten  # noqa: E402


class Config:
    """All that rewriting asks of a config."""

    def __init__(self, passes: bool) -> None:
        self._passes = passes

    def getini(self, _name: str) -> bool:
        return self._passes


def timed(make) -> tuple[bytes | None, float]:
    started = time.process_time()
    try:
        code = make()
    except Exception:
        code = None  # It does not compile, for both.
    seconds = time.process_time() - started
    return code and marshal.dumps(code, 0), seconds


def main() -> int:
    warnings.simplefilter("ignore")
    files = [
        path
        for folder in sys.argv[1:]
        for path in sorted(pathlib.Path(folder).rglob("*.py"))
        if path.is_file() and (path.name.startswith(("test_", "conftest")) or path.stem.endswith(("_test", "_tests", "tests")))
    ]
    differ, theirs, ours = 0, 0.0, 0.0
    for path in files:
        for passes in (False, True):
            config, source = Config(passes), path.read_bytes()
            expected, seconds = timed(lambda: rewrite._rewrite_test(path, config)[1])
            theirs += seconds
            found, seconds = timed(lambda: compile_rewritten(source, str(path), config))
            ours += seconds
            if expected != found:
                differ += 1
                print(f"differs: {path} (enable_assertion_pass_hook={passes})")
    ratio = f"{theirs:.1f} s -> {ours:.1f} s"
    print(f"Python {platform.python_version()}, pytest {pytest.__version__}: {len(files)} files, {differ} differ; {ratio} of CPU")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
