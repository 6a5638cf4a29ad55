"""The bytecode cache's store: what is kept, for whom, and what is no entry."""

import os
import threading
import time
import types
import warnings
from pathlib import Path

import pytest

from fastest import bytecode

SOURCE = b"def f():\n    def g():\n        return 1 / 0\n    return g\n"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(bytecode, "store", bytecode.Store(str(tmp_path)))
    return bytecode.store


def entries(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file() and path.name != "swept"]


def filenames(code):
    inner = [filenames(value) for value in code.co_consts if isinstance(value, types.CodeType)]
    return {code.co_filename}.union(*inner)


def test_what_was_put_is_got_as_if_compiled_from_the_path_asked_for(store):
    key = store.keys(b"plain")(SOURCE)
    store.put(key, compile(SOURCE, "/a/x.py", "exec"))
    assert filenames(store.get(key, "/b/y.py")) == {"/b/y.py"}
    assert store.get(key, "/b/y.py") == compile(SOURCE, "/b/y.py", "exec")


def test_an_entry_is_for_one_source_and_one_kind_of_compilation(store):
    plain, rewritten = store.keys(b"plain"), store.keys(b"rewritten")
    assert len({plain(SOURCE), plain(SOURCE + b"\n"), rewritten(SOURCE), store.keys(b"plain")(b"")}) == 4
    assert plain(SOURCE) == store.keys(b"plain")(SOURCE)


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "foreign"])
def test_a_damaged_entry_is_none_and_is_replaced(store, tmp_path, damage):
    key = store.keys(b"plain")(SOURCE)
    store.put(key, compile(SOURCE, "x.py", "exec"))
    (path,) = entries(tmp_path)
    content = path.read_bytes()
    changed = bytes([content[-1] ^ 1])
    path.write_bytes({"cut": content[:-5], "flipped": content[:-1] + changed, "emptied": b"", "foreign": b"x" * 99}[damage])
    assert store.get(key, "x.py") is None
    store.put(key, compile(SOURCE, "x.py", "exec"))
    assert store.get(key, "x.py").co_filename == "x.py"


def test_an_entry_may_say_that_there_is_nothing_to_keep(store):
    key = store.keys(b"plain")(SOURCE)
    store.put(key, None)
    assert store.get(key, "x.py") is bytecode.NOT_KEPT


@pytest.mark.parametrize("source", ["x = 1 is 1\n", "x = '\\d'\n", "def f(:\n"])
def test_what_the_compiler_complains_of_is_left_to_be_compiled_each_time(store, tmp_path, source):
    made = []

    def make():
        made.append(1)
        return compile(source, "/p/mod.py", "exec")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What is ignored now need not be in the next run.
        filters = warnings.filters
        assert bytecode.kept_or_made("ab" * 20, "/p/mod.py", make) is None
        assert bytecode.kept_or_made("ab" * 20, "/p/mod.py", make) is None
        assert warnings.filters is filters
    assert len(made) == 1


def test_another_file_s_warning_does_not_matter_meanwhile(store):
    def make():
        warnings.warn_explicit("elsewhere", DeprecationWarning, "/p/other.py", 1)
        return compile(SOURCE, "/p/mod.py", "exec")

    with pytest.warns(DeprecationWarning, match="elsewhere"):
        assert bytecode.kept_or_made("cd" * 20, "/p/mod.py", make) is not None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr(bytecode, "store", bytecode.Store(str(file)))
    code = bytecode.kept_or_made("ef" * 20, "x.py", lambda: compile(SOURCE, "x.py", "exec"))
    assert code.co_filename == "x.py"


def test_writers_of_one_entry_do_not_disturb_each_other(store, tmp_path):
    key, code = store.keys(b"plain")(SOURCE), compile(SOURCE, "x.py", "exec")
    writers = [threading.Thread(target=lambda: [store.put(key, code) for _ in range(50)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen = [store.get(key, "x.py") for _ in range(200)]
    for writer in writers:
        writer.join()
    assert all(one is None or one == code for one in seen)
    assert store.get(key, "x.py") == code
    assert len(entries(tmp_path)) == 1


def test_what_was_used_longest_ago_goes_first_and_the_size_is_looked_at_once_a_day(tmp_path):
    now = time.time()
    for age in range(10):
        path = tmp_path / "aa" / str(age)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (now - age * 1000, now - age * 1000))
    bytecode.sweep(str(tmp_path), 1000)
    assert len(entries(tmp_path)) == 10
    bytecode.sweep(str(tmp_path), 500)
    assert len(entries(tmp_path)) == 10
    os.utime(tmp_path / "swept", (now - 100_000, now - 100_000))
    bytecode.sweep(str(tmp_path), 500)
    assert sorted(path.name for path in entries(tmp_path)) == ["0", "1", "2", "3"]


def test_an_entry_in_use_is_marked_as_such_once_a_day(store, tmp_path):
    key = store.keys(b"plain")(SOURCE)
    store.put(key, compile(SOURCE, "x.py", "exec"))
    (path,) = entries(tmp_path)
    os.utime(path, (1, 1))
    store.get(key, "x.py")
    assert path.stat().st_mtime > time.time() - 1000
