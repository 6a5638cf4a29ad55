"""Files and functions stay small enough to be read at one go."""

from __future__ import annotations

import lizard
from source import CPP_FOLDERS, ROOT, files, text

LIMITS = {".cc": 500, ".h": 250, ".py": 300}
LONGEST_FUNCTION = 80
# path (or path::function) -> why it may be longer.
EXCEPTIONS: dict[str, str] = {}


def test_files_keep_to_their_limit_of_lines():
    long = [
        f"{path}:{limit}: {lines} lines; {limit} is the limit"
        for suffix, limit in LIMITS.items()
        for path in files(suffix)
        if (lines := len(text(path).splitlines())) > limit and path not in EXCEPTIONS
    ]
    assert not long, "\n" + "\n".join(long)


def test_no_function_is_longer_than_the_limit():
    paths = [str(ROOT / path) for path in files(".cc", ".h", ".py", folders=(*CPP_FOLDERS, "worker"))]
    long = [
        f"{found.filename}:{function.start_line}: {function.name} has {function.length} lines; {LONGEST_FUNCTION} is the limit"
        for found in map(lizard.analyze_file, paths)
        for function in found.function_list
        if function.length > LONGEST_FUNCTION
    ]
    assert not long, "\n" + "\n".join(long).replace(f"{ROOT}/", "")


def test_every_exception_is_still_needed():
    needless = [path for path in EXCEPTIONS if len(text(path).splitlines()) <= LIMITS["." + path.rpartition(".")[2]]]
    assert not needless
