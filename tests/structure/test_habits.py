"""Habits that a pattern can see: what may stand only in certain folders, and words that no type is named by."""

from __future__ import annotations

import ast

import pytest
from source import CPP_FOLDERS, EXTENSION, Line, code, files, matches, text

# Where third-party code throws: file -> what throws there.
EXCEPTION_ADAPTERS: dict[str, str] = {
    "protocol/codec_decode.cc": "Cap'n Proto, on a message that is damaged or too large",
    "worker/native/module.cc": "the standard library, when memory runs out; nothing may leave a function that Python calls",
    "cli/options.cc": "CLI11, on a word that it does not know",
}

# Tests that may sleep: file (or folder) -> why.
SLEEPERS = {
    "tests/acceptance/": "whole programs are timed and killed there",
    "tests/faults/": "links are cut for real seconds there",
    "tests/slurm/": "nodes come up and are killed there",
    "tests/ssh/": "whole programs are timed and killed there",
    "tests/worker/fake_agent.py": "a worker's state in shared memory can only be polled",
}


class Rule:
    """``pattern`` stands in no C++ file but those whose path begins with one of ``only``."""

    def __init__(self, name: str, pattern: str, only: tuple[str, ...]):
        self.name, self.pattern, self.only = name, pattern, only


RULES = [
    Rule(
        "threads, locks and atomics live in base/",
        r"\bstd::(j?thread|(\w+_)?mutex|atomic\w*|condition_variable\w*|call_once|async|future)\b|\bpthread_",
        ("base/",),
    ),
    Rule("the clock is read in base/ alone", r"::now\(|\bclock_gettime\b|\bgettimeofday\b", ("base/",)),
    Rule("interfaces stand where the outside world begins", r"\bvirtual\b.*= 0", ("base/", "deploy/", "protocol/event.h")),
    Rule("exceptions stay in adapters", r"\b(throw|try|catch)\b", tuple(EXCEPTION_ADAPTERS)),
    Rule(
        "ids are strong types and times are chrono's",
        r"\b(int|long|unsigned|size_t|u?int\d+_t)\s+\w+_(id|ms|secs?)\b",
        (),
    ),
    Rule(
        "no type is named by an empty word",
        r"\b(class|struct|enum)\s+(\w+\s+)*?\w*(Manager|Helper|Utils?|Data|Info)([A-Z]\w*)?\s*([:{;]|final\b|$)",
        (),
    ),
    Rule("only a node id is called node", r"\b(class|struct|enum)\s+(\w+\s+)*?\w*Node(?!Id)([A-Z]\w*)?\s*[:{]", ()),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_holds(rule: Rule):
    paths = [path for path in files(".h", ".cc", folders=(*CPP_FOLDERS, EXTENSION)) if not path.startswith(rule.only or ("\0",))]
    wrong = [str(line) for path in paths for line in matches(rule.pattern, path, code(path))]
    assert not wrong, f"{rule.name}:\n" + "\n".join(wrong)


def test_a_header_opens_with_a_comment_that_says_what_it_is():
    wrong = [f"{path}:1: no opening comment" for path in files(".h", folders=(*CPP_FOLDERS, EXTENSION)) if text(path)[:2] != "//"]
    assert not wrong, "\n" + "\n".join(wrong)


def python_sleeps(path: str) -> list[str]:
    """Calls of a function or method named ``sleep``; code in a string (a suite that a test writes) is not ours."""
    calls = (node for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.Call))
    named = ((getattr(call.func, "attr", getattr(call.func, "id", "")), call.lineno) for call in calls)
    return [f"{path}:{line}: sleeps" for name, line in named if name == "sleep"]


def test_no_test_outside_acceptance_sleeps():
    cpp = [line for path in files(".h", ".cc", folders=("tests",)) for line in matches(r"sleep(_for|_until)?\(", path, code(path))]
    python = [line for path in files(".py", folders=("tests",)) for line in python_sleeps(path)]
    wrong = [str(line) for line in [*cpp, *python] if not str(line).startswith(tuple(SLEEPERS))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_python_types_are_not_named_by_an_empty_word():
    pattern = r"^\s*class \w*(Manager|Helper|Utils?|Data|Info)\b"
    wrong = [str(line) for path in files(".py", folders=("worker",)) for line in matches(pattern, path, text(path))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_rule_looks_at_code_not_at_comments_or_strings(tmp_path, monkeypatch):
    monkeypatch.setattr("source.ROOT", tmp_path)
    (tmp_path / "a.cc").write_text('// try\nauto s = "catch";\nauto r = R"(\nthrow\n)";\nint n = 1\'000;\nthrow 1;\n')
    assert list(matches("try|catch|throw", "a.cc", code("a.cc"))) == [Line("a.cc", 7, "throw 1;")]
