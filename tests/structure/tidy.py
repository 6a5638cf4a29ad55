#!/usr/bin/env python3
"""clang-tidy over our C++ files, as many at once as there are cores; what passed is not looked at again.

    tidy.py BUILD_FOLDER

It reads what the compiler reads, which is several files at once where the build unites them: the headers, most of the work, are
read once for all of these. A source passed if its files, .clang-tidy and all our headers were the same then:
BUILD_FOLDER/tidy.json keeps the digests.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files_of(source: pathlib.Path) -> list[pathlib.Path]:
    """What a source of the compilation database consists of: the files that CMake has united in it, or itself."""
    if source.parent.name != "Unity":
        return [source]
    return [pathlib.Path(path) for path in re.findall(r'^#include "(.+)"', source.read_text(), re.MULTILINE)]


def ours(build: pathlib.Path) -> dict[pathlib.Path, list[pathlib.Path]]:
    """The sources that are ours and are not tests, with their files."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {pathlib.Path(entry["directory"], entry["file"]).resolve() for entry in entries}
    skipped = (build.resolve(), ROOT / "tests", ROOT / "bench")
    sources = {path: files_of(path) for path in sorted(paths)}

    def is_ours(path: pathlib.Path) -> bool:
        return path.is_relative_to(ROOT) and not any(path.is_relative_to(each) for each in skipped)

    return {source: files for source, files in sources.items() if all(map(is_ours, files))}


def digest(paths: list[pathlib.Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def complaints(path: pathlib.Path, build: pathlib.Path) -> str:
    """What clang-tidy has to say about a source; nothing if it passes."""
    # gcc's own warnings are told by the compiler; clang would not know some of its options.
    command = ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    kept = build / "tidy.json"
    passed: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    sources = ours(build)
    folders = {path.parent for files in sources.values() for path in files}
    common = digest([ROOT / ".clang-tidy", *sorted(header for folder in folders for header in folder.glob("*.h"))])
    wanted = {source: digest(files) + common for source, files in sources.items()}
    stale = [source for source in sources if passed.get(str(source)) != wanted[source]]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, text in zip(stale, pool.map(lambda p: complaints(p, build), stale)):
            if text:
                failed += 1
                print(text, flush=True)
            else:
                passed[str(path)] = wanted[path]
    kept.write_text(json.dumps({str(source): passed[str(source)] for source in sources if str(source) in passed}))
    looked_at = sum(len(sources[source]) for source in stale)
    print(f"clang-tidy: {looked_at} of {sum(map(len, sources.values()))} files looked at, {failed} sources with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
