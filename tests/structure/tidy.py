#!/usr/bin/env python3
"""clang-tidy over our C++ files, as many at once as there are cores; what passed is not looked at again.

    tidy.py BUILD_FOLDER

It reads what the compiler reads, which is several files at once where the build unites them: the headers, most of the work, are
read once for all of these. A source passed if what it includes of ours, .clang-tidy and clang-tidy itself were the same
then: $XDG_CACHE_HOME/fastest-dev/tidy.json keeps the digests, for all clones.
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
import time
from collections.abc import Iterable

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


def included(build: pathlib.Path, sources: Iterable[pathlib.Path]) -> dict[pathlib.Path, list[pathlib.Path]]:
    """What of ours each source includes, as the compiler told ninja."""
    told = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found: dict[pathlib.Path, list[pathlib.Path]] = {source: [] for source in sources}
    for block in told.split("\n\n"):
        paths = [pathlib.Path(build, line.strip()).resolve() for line in block.splitlines()[1:]]
        if paths and paths[0] in found:  # An object's own source comes first.
            found[paths[0]] += [path for path in paths if path.is_relative_to(ROOT)]
    missing = [str(source) for source in sources if not found[source]]
    if missing:
        raise SystemExit(f"tidy.py: build first; ninja does not know what these include: {missing}")
    return found


def digest(paths: list[pathlib.Path], more: bytes) -> str:
    """Of the files' names below the root and their contents, in whatever folder the clone stands."""
    whole = hashlib.sha256(more)
    for path in sorted(set(paths)):
        content = path.read_bytes().replace(bytes(ROOT), b"")
        whole.update(b"\0%s\0" % bytes(path.relative_to(ROOT)) + hashlib.sha256(content).digest())
    return whole.hexdigest()


def keep(kept: pathlib.Path, passed: dict[str, float]) -> None:
    """Those of the last month; whole, or not at all."""
    recent = {each: when for each, when in passed.items() if when > time.time() - 30 * 86400}
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(recent))
    partial.replace(kept)


def complaints(path: pathlib.Path, build: pathlib.Path) -> str:
    """What clang-tidy has to say about a source; nothing if it passes."""
    # gcc's own warnings are told by the compiler; clang would not know some of its options.
    command = ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    kept = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "fastest-dev" / "tidy.json"
    passed: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    sources = ours(build)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    wanted = {source: digest(paths, common) for source, paths in included(build, sources).items()}
    stale = [source for source in sources if wanted[source] not in passed]
    passed.update({each: time.time() for each in wanted.values() if each in passed})
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, text in zip(stale, pool.map(lambda p: complaints(p, build), stale)):
            if text:
                failed += 1
                print(text, flush=True)
            else:
                passed[wanted[path]] = time.time()
    keep(kept, passed)
    looked_at = sum(len(sources[source]) for source in stale)
    print(f"clang-tidy: {looked_at} of {sum(map(len, sources.values()))} files looked at, {failed} sources with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
