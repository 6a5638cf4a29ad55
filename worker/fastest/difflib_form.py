"""Which difflib this interpreter has: the extension answers for a known one only.

CPython has changed Differ over time, and distributions patch it. So the digest of what its code does (comments,
docstrings and layout left out) is compared with those that tests/native has held against the extension.
"""

from __future__ import annotations

import ast
import difflib
import functools
import hashlib

RECURSIVE, WINDOWED = "recursive", "windowed"
_KNOWN = {
    "ec55a6b4255b8ca45e99b0306bf06687d40876e416bc1baae8a3bf66b6b058cf": RECURSIVE,  # 3.9 to 3.13 (3.9.18 to 3.13.5 were compared).
    "f5900683fa1d1ad9e41998b4afc7e4686afcdbaf9182a140ee80c46947c045b9": WINDOWED,  # 3.14 (3.14.3 and 3.14.7 were compared).
}
# Whole files, which need not be parsed (some 20 ms).
_WHOLE_FILES = {
    "5ecbbaaa838dbb2fdafc41280a281eeb7deeae05d889c31ebbf0d18d4cf66c3d": RECURSIVE,  # 3.9.
    "0c6afc23568d55b3e9ac914f9c5361e3033e778aa5b58d3cc82835fc5c638679": RECURSIVE,  # 3.10 to 3.13.
}
_LOOKED_AT = {"SequenceMatcher", "Differ", "ndiff", "IS_CHARACTER_JUNK", "_calculate_ratio", "_keep_original_ws"}


def digest(source: str) -> str:
    """The same for two difflibs whose matcher, Differ and ndiff have the same code."""
    found = [node for node in ast.parse(source).body if getattr(node, "name", "") in _LOOKED_AT]
    return hashlib.sha256(repr([_shape(node) for node in found]).encode()).hexdigest()


def _shape(node: object) -> object:
    """A tree without docstrings and without what only some versions of ast have."""
    if isinstance(node, list):
        return [_shape(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    return type(node).__name__, [(name, _shape(value)) for name, value in fields.items() if value not in (None, [])]


@functools.lru_cache(maxsize=None)
def form() -> str | None:
    """RECURSIVE or WINDOWED; None: unknown to the extension."""
    try:
        # By the loader, since a test may have replaced `open` (pyfakefs).
        source = difflib.__spec__.loader.get_source(difflib.__name__)
    except (AttributeError, ImportError, OSError, SyntaxError):
        return None
    return form_of(source) if source else None


def form_of(source: str) -> str | None:
    """The form of a difflib, by its source."""
    quick = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    return _WHOLE_FILES.get(quick) or _KNOWN.get(digest(source))
