#!/usr/bin/env python3
"""clang-tidy over our C++ files, as many at once as there are cores; a file that passed is not looked at again.

    tidy.py BUILD_FOLDER

A file passed if its text, .clang-tidy and all our headers were the same then: BUILD_FOLDER/tidy.json keeps the digests.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def ours(build: pathlib.Path) -> list[pathlib.Path]:
    """The files of the compilation database that are ours and are not tests."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {pathlib.Path(entry["directory"], entry["file"]).resolve() for entry in entries}
    skipped = (build.resolve(), ROOT / "tests", ROOT / "bench")
    return sorted(p for p in paths if p.is_relative_to(ROOT) and not any(p.is_relative_to(s) for s in skipped))


def digest(paths: list[pathlib.Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def complaints(path: pathlib.Path, build: pathlib.Path) -> str:
    """What clang-tidy has to say about a file; nothing if it passes."""
    # gcc's own warnings are told by the compiler; clang would not know some of its options.
    command = ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    kept = build / "tidy.json"
    passed: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    paths = ours(build)
    headers = [ROOT / ".clang-tidy", *sorted(h for p in {p.parent for p in paths} for h in p.glob("*.h"))]
    common = digest(headers)
    wanted = {path: digest([path]) + common for path in paths}
    stale = [path for path in paths if passed.get(str(path)) != wanted[path]]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, text in zip(stale, pool.map(lambda p: complaints(p, build), stale)):
            if text:
                failed += 1
                print(text, flush=True)
            else:
                passed[str(path)] = wanted[path]
    kept.write_text(json.dumps({str(path): passed[str(path)] for path in paths if str(path) in passed}))
    print(f"clang-tidy: {len(stale)} of {len(paths)} files looked at, {failed} with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
