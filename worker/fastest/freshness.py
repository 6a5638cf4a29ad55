"""Whether what a warm process has loaded is still what a new one would load: by stat, against what was there then.

A Snapshot is taken once everything is loaded. It counts as stale from the start if a file changed at about that time:
nobody knows which version was read. Standard library only; knows nothing of pytest.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader

_SLACK = 0.1  # Seconds by which the clocks of files and processes may differ.
_DISTRIBUTIONS = (".dist-info", ".egg-info", ".egg-link", ".pth", ".egg")  # Metadata, and what changes sys.path.
_CUSTOM = ("sitecustomize", "usercustomize")  # Sought at each start.

Stamp = tuple  # (mtime_ns, ctime_ns, size, inode); () where there is no such file.
_FOLDER = ("folder",)  # Of a package: its files are known by themselves, and its times change with __pycache__.


def stamp_of(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


class Snapshot:
    """`files`: those that were read beside modules; `folders`: those that were listed; `names`: what was imported, found
    or not; `began`: when this process started, in seconds since the epoch."""

    def __init__(self, began: float, files: Iterable[str] = (), folders: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._names = {name.partition(".")[0] for name in [*sys.modules, *names, *_CUSTOM]}
        self._path = list(dict.fromkeys(folder or os.getcwd() for folder in sys.path))
        mapped, replaced = _mapped_files()
        self._files = sorted({*_module_files(), *mapped, *_interpreter_files(), *files})
        self._folders = sorted({*folders} - {*self._path})
        self._stamps = dict(self._look())
        gone = [path for path in _module_files(from_source=True) if not os.path.exists(path)]
        self._changed_while_loading = next(iter([*replaced, *gone]), "") or self._youngest((began - _SLACK) * 1e9)

    def __len__(self) -> int:
        return len(self._stamps)

    def difference(self) -> str:
        """What has changed, as 'PATH has changed'; empty: nothing."""
        if self._changed_while_loading:
            return f"{self._changed_while_loading} changed while it was loaded"
        now = dict(self._look())
        for path, stamp in self._stamps.items():
            if now.pop(path, None) != stamp:
                return f"{path} has changed"
        return f"{next(iter(now))} is new" if now else ""

    def _youngest(self, limit: float) -> str:
        young = (path for path, stamp in self._stamps.items() if len(stamp) == 4 and max(stamp[:2]) >= limit)
        return next(young, "")

    def _look(self) -> Iterator[tuple[str, Stamp]]:
        for path in self._files:
            yield path, stamp_of(path)
        for folder in self._folders:  # Its own times change with whatever is written into it.
            yield folder, (tuple(_names_in(folder)),)
        for folder in self._path:
            if os.path.isfile(folder):  # A zip file.
                yield folder, stamp_of(folder)
            for name in _names_in(folder):
                path = os.path.join(folder, name)
                if name.endswith(_DISTRIBUTIONS):
                    yield from _distribution(path)
                elif name.partition(".")[0] in self._names and name != "__pycache__":
                    yield path, _FOLDER if os.path.isdir(path) else stamp_of(path)


def _distribution(path: str) -> Iterator[tuple[str, Stamp]]:
    yield path, stamp_of(path)
    if path.endswith(".dist-info"):
        for name in ("METADATA", "entry_points.txt"):
            yield os.path.join(path, name), stamp_of(os.path.join(path, name))


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _module_files(from_source: bool = False) -> Iterator[str]:
    """`from_source`: only of modules that Python itself has found as a source file in a folder."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and (not from_source or type(getattr(module, "__loader__", None)) is SourceFileLoader):
            yield os.path.abspath(path)


def _mapped_files() -> tuple[set[str], set[str]]:
    """The interpreter, shared libraries and extension modules; and those of them that are no longer there."""
    found: set[str] = set()
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            name = line.rstrip("\n").partition("/")[2]
            if name and not name.startswith(("dev/", "memfd:")):
                found.add("/" + name)
    replaced = {path for path in found if path.endswith(" (deleted)")}
    return found - replaced, replaced


def _interpreter_files() -> Iterator[str]:
    """What decides sys.path before there is a sys.path; also where it is not there."""
    for folder in {sys.prefix, sys.exec_prefix, os.path.dirname(sys.executable)}:
        yield os.path.join(folder, "pyvenv.cfg")
    yield sys.executable
    for folder in [*site.getsitepackages(), site.getusersitepackages()]:
        for name in _CUSTOM:
            yield os.path.join(folder, name + ".py")
