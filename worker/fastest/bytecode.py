"""Bytecode that outlives the process: a cache in the user's own folder, for what no valid .pyc in the tree is there for.

An entry is named by what compiling depends on (source, interpreter, kind of compilation), not by a path or a time: it
serves every checkout. `store` keeps entries; `install` has ordinary imports ask it where they would compile. What the
compiler warns of is never kept, so that it warns again in the next run, as without a cache.

Imported before anything else of ours and before pytest; standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
import time
import types
import warnings
from collections.abc import Callable

_BUDGET = 500 << 20  # Bytes of all entries; what was not used for longest goes first, down to 4/5 of it.
_DAY = 86400.0
# Ours, whatever a test puts in their places (and watch.py looks who else asks for the pid while plugins load).
_getpid, _now = os.getpid, time.time
_open, _fdopen, _fstat, _utime = os.open, open, os.fstat, os.utime
_rename, _unlink, _makedirs, _dirname, _loads, _dumps = os.rename, os.unlink, os.makedirs, os.path.dirname, marshal.loads, marshal.dumps
_MAGIC = b"fstbyte1"
_HEADER = len(_MAGIC) + 16  # And a checksum of what follows. An empty rest says: not to be kept, compile it.

NOT_KEPT = object()
store: Store | None = None  # The process's; None without a cache.
_roots: tuple[str, ...] = ()  # Only files below these are kept: what tests write and import elsewhere does not come again.


class Store:
    """Entries by key. Safe between processes: an entry appears whole, by a rename; a damaged one is no entry."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._swept = False
        facts = [sys.version, sys.implementation.cache_tag, importlib.util.MAGIC_NUMBER.hex(), sys.flags.optimize]
        facts += [getattr(sys.flags, "int_max_str_digits", None)]
        facts += [sys._xoptions.get("no_debug_ranges"), os.environ.get("PYTHONNODEBUGRANGES")]
        self._interpreter = repr(facts).encode()

    def keys(self, kind: bytes) -> Callable[[bytes], str]:
        """The function from sources to keys, for one kind of compilation."""
        base = hashlib.blake2b(self._interpreter + b"\0" + kind + b"\0", digest_size=20)

        def key(source: bytes) -> str:
            digest = base.copy()
            digest.update(source)
            return digest.hexdigest()

        return key

    def get(self, key: str, path: str) -> types.CodeType | object | None:
        """The code, as if compiled from the file `path`; NOT_KEPT; None: nobody knows."""
        try:
            fd = _open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        with _fdopen(fd, "rb") as file:
            content = file.read()
            if _fstat(fd).st_mtime < _now() - _DAY:
                _utime(fd)  # In use; told once a day.
        body = memoryview(content)[_HEADER:]
        if content[:_HEADER] != _MAGIC + _checksum(body):
            return None
        if not body:
            return NOT_KEPT
        try:
            code = _loads(body)
        except (EOFError, ValueError, TypeError):
            return None
        return relocated(code, path) if isinstance(code, types.CodeType) else None

    def put(self, key: str, code: types.CodeType | None) -> None:
        """Keeps it; None: that it is not to be kept. A disk that is full or not ours is no error."""
        body = _dumps(code) if code is not None else b""
        path = self._path(key)
        temporary = f"{path}.{_getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            try:
                fd = _open(temporary, flags, 0o600)
            except FileNotFoundError:
                _makedirs(_dirname(path), 0o700, exist_ok=True)
                fd = _open(temporary, flags, 0o600)
            try:
                with _fdopen(fd, "wb") as file:
                    file.write(_MAGIC + _checksum(body) + body)
                _rename(temporary, path)
            except OSError:
                _unlink(temporary)
                raise
            if not self._swept:
                self._swept = True
                sweep(self._folder, _BUDGET)
        except OSError:
            return

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key[:2]}/{key[2:]}"


def _checksum(body: memoryview | bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def relocated(code: types.CodeType, path: str) -> types.CodeType:
    """The code object with `path` as its file, inner ones likewise; as importlib does with a .pyc that was moved."""
    if code.co_filename == path:
        return code
    try:
        from _imp import _fix_co_filename
    except ImportError:
        inner = (relocated(value, path) if isinstance(value, types.CodeType) else value for value in code.co_consts)
        return code.replace(co_filename=path, co_consts=tuple(inner))
    _fix_co_filename(code, path)
    return code


def sweep(folder: str, budget: int) -> None:
    """Removes what was not used for longest, if it is a day since that was last looked into."""
    stamp = os.path.join(folder, "swept")
    try:
        if os.stat(stamp).st_mtime > time.time() - _DAY:
            return
    except OSError:
        pass
    with open(stamp, "wb"):
        pass
    entries = []
    for shelf in os.scandir(folder):
        if shelf.is_dir():
            for entry in os.scandir(shelf.path):
                status = entry.stat()
                entries.append((status.st_mtime, status.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    if total <= budget:
        return
    for _, size, path in sorted(entries):
        if total <= budget * 4 // 5:
            return
        os.unlink(path)
        total -= size


class _Exactly:
    """A warning filter's module pattern that matches one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def match(self, module: str) -> bool:
        return module == self._name


def without_warning(make: Callable[[], types.CodeType], path: str) -> types.CodeType | None:
    """make()'s answer, None if it fails, or warns of the file `path`: then it has to be called again, unguarded."""
    before = warnings.filters
    module = path[:-3] if path.endswith(".py") else path
    warnings.filters = [("error", None, Warning, _Exactly(module), 0), *before]  # Not mutated: registries stay valid.
    try:
        return make()
    except (SyntaxError, Warning):
        return None
    finally:
        warnings.filters = before


def kept_or_made(key: str, path: str, make: Callable[[], types.CodeType]) -> types.CodeType | None:
    """The code from the cache, else what make() answers, kept from now on; None: it is to be compiled without us."""
    try:
        code = store.get(key, path)
        if code is None:
            code = without_warning(make, path)
            store.put(key, code)
    except Exception:  # A test has its hands on what we stand on; importing goes on without us.
        return None
    return None if code is NOT_KEPT else code


def folder() -> str:
    """Where entries lie: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "fastest", "bytecode")


def cover(*folders: str) -> None:
    """What is imported from below these may be kept."""
    global _roots
    _roots = tuple({*_roots, *(os.path.join(os.path.abspath(each), "") for each in folders)})


def install() -> None:
    """Opens the cache, and has importlib's own loader ask it where it would compile a file that `cover` has named.

    Nothing else changes: the loader is the same class, a valid .pyc is read and a missing one written as ever.
    """
    global store
    place = folder()
    try:
        os.makedirs(place, 0o700, exist_ok=True)
        status = os.stat(place)
    except OSError:
        return
    if status.st_uid != os.geteuid() or status.st_mode & 0o022 or getattr(sys.flags, "context_aware_warnings", 0):
        return
    store = Store(place)
    loader = importlib.machinery.SourceFileLoader
    compile_source = loader.source_to_code
    get_code = loader.get_code.__code__
    key = store.keys(b"plain")
    cover(*sys.path, os.getcwd())

    def source_to_code(self, data, path, *more, **named):
        if type(data) is bytes and type(path) is str and not named and sys._getframe(1).f_code is get_code:
            if path.startswith(_roots):
                code = kept_or_made(key(data), path, lambda: compile_source(self, data, path, *more))
                if code is not None:
                    return code
        return compile_source(self, data, path, *more, **named)

    # A file that does not compile: CPython leaves import machinery out of the traceback, which it knows by this name.
    source_to_code.__code__ = source_to_code.__code__.replace(co_filename=get_code.co_filename)
    loader.source_to_code = source_to_code
