#!/usr/bin/env python3
"""Holds the extension against the difflib of the interpreter that runs this: random texts, the same lines or it fails.

    PYTHON fuzz_diffs.py [--cases N] [--seed S] [--difflib FILE]

FILE is another difflib.py to be held against (a version of CPython that is not installed). Prints one line; the
case that differs, and exits 1, if there is one. tests/native/all_pythons.sh runs it under all that pyenv has.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "worker"))

from fastest import delta, difflib_form, extension  # noqa: E402

ALPHABETS = ["ab", "ab ", "abc \t", "0123456789.,", "abcdefgh \t,:'", "aé\u00a0\u3000\u2003 x", "日本語 \U0001f600\ud800\t", "a\x00\x1c\x85\u2028 "]
JUNK = frozenset(" \t")


def line(rng: random.Random, alphabet: str, longest: int) -> str:
    return "".join(rng.choices(alphabet, k=rng.randrange(longest + 1)))


def edited(rng: random.Random, text: str, alphabet: str) -> str:
    """The line with a few characters changed, added or gone."""
    characters = list(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        at = rng.randrange(len(characters) + 1)
        characters[at : at + rng.choice((0, 0, 1, 1, 2))] = rng.choices(alphabet, k=rng.choice((0, 1, 1, 2)))
    return "".join(characters)


def number_lines(rng: random.Random, count: int) -> list[str]:
    return [rng.choice((f"    {rng.random()},", f"    {rng.randrange(1000)},", f"    'key_{at}': {rng.randrange(50)},")) for at in range(count)]


def texts(rng: random.Random) -> tuple[list[str], list[str]]:
    """Two texts: lines that are repeated, moved, equal, alike, or nothing of these."""
    alphabet = rng.choice(ALPHABETS)
    longest = rng.choice((3, 8, 20, 20, 40, 70, 130, 260, 600))
    count = rng.randrange(1, rng.choice((3, 8, 20, 20, 40)) if longest < 100 else 6)
    a = number_lines(rng, count) if rng.random() < 0.3 else [line(rng, alphabet, longest) for _ in range(count)]
    if rng.random() < 0.3:
        a = rng.choices(a, k=count)
    b = list(a)
    for _ in range(rng.randrange(1 + 2 * count)):
        at = rng.randrange(len(b) + 1)
        kind = rng.randrange(8)
        if kind == 0:
            b.insert(at, line(rng, alphabet, longest))
        elif kind == 1:
            del b[at : at + rng.randrange(3)]
        elif kind == 2 and at < len(b):
            b[at], b[-1] = b[-1], b[at]
        elif at < len(b):
            b[at] = edited(rng, b[at], alphabet)
    if rng.random() < 0.1:
        rng.shuffle(b)
    if rng.random() < 0.5:
        a, b = [each + "\n" for each in a], [each + "\n" for each in b]
    return a, b


def same_ndiff(native: object, windowed: bool, oracle: object, rng: random.Random) -> bool:
    a, b = texts(rng)
    want = list(oracle.ndiff(a, b))
    have = list(delta._native_lines(native, windowed, a, b, delta.Budget(600)))
    if want != have:
        print(f"ndiff({a!r}, {b!r})\nis   {want!r}\nours {have!r}")
    return want == have


def same_opcodes(native: object, _windowed: bool, oracle: object, rng: random.Random) -> bool:
    """Sequences of any elements, short and long (autojunk begins at 200), with junk and without."""
    alphabet = rng.choice(ALPHABETS) + rng.choice(("", "".join(map(chr, range(0x4E00, 0x4E00 + 300)))))
    a = line(rng, alphabet, rng.choice((5, 30, 250, 900)))
    b = edited(rng, a, alphabet) if rng.random() < 0.7 else line(rng, alphabet, rng.choice((5, 30, 250, 900)))
    junk = rng.choice((frozenset(), JUNK, frozenset(alphabet[:2]), frozenset(alphabet)))
    autojunk = rng.random() < 0.7
    matcher = oracle.SequenceMatcher(junk.__contains__ if junk else None, a, b, autojunk)
    have = native.opcodes(list(a), list(b), junk, autojunk, lambda: True)
    if matcher.get_opcodes() != have:
        print(f"opcodes({a!r}, {b!r}, {junk!r}, {autojunk})\nis   {matcher.get_opcodes()}\nours {have}")
        return False
    matches = sum(a_end - a_begin for tag, a_begin, a_end, _, _ in have if tag == "equal")
    return matcher.ratio() == (2.0 * matches / (len(a) + len(b)) if a or b else 1.0)


def load(path: str) -> object:
    spec = importlib.util.spec_from_file_location("difflib", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--difflib", default=delta.difflib.__file__)
    options = parser.parse_args()
    with open(options.difflib, encoding="utf-8") as file:
        form = difflib_form.form_of(file.read())
    native, oracle = extension.load(), load(options.difflib)
    version = ".".join(map(str, sys.version_info[:3]))
    if native is None or form is None:
        print(f"{version}: nothing to compare: extension {native}, form of {options.difflib} {form}")
        return 1
    for case in range(options.cases):
        for check in (same_ndiff, same_opcodes):
            if not check(native, form == difflib_form.WINDOWED, oracle, random.Random(f"{options.seed} {case}")):
                print(f"{version}: case {case} of seed {options.seed} differs ({check.__name__})")
                return 1
    print(f"{version}: {options.cases} texts and sequences, the same lines ({form})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
