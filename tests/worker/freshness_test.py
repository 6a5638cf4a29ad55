"""What a warm process has loaded counts as stale as soon as anything of it has changed."""

import os
import sys
import time

import pytest

from fastest.freshness import Snapshot

BEGAN = time.time() + 3600  # Nothing is younger than this process.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "data.txt").write_text("1")
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / "one").write_text("1")
    (tmp_path / "loaded.py").write_text("")
    (tmp_path / "dist-1.0.dist-info").mkdir()
    (tmp_path / "dist-1.0.dist-info" / "METADATA").write_text("Version: 1.0")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def snapshot(folder, began=BEGAN):
    names = {"files": [str(folder / "data.txt"), str(folder / "absent.txt")], "folders": [str(folder / "listed")]}
    return Snapshot(began, names=["loaded", "sought.deep"], **names)


def rewrite(name, text="2", keep_time=False):
    def change(folder):
        path = folder / name
        status = path.stat() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        if keep_time:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


def replace(folder):
    (folder / "other").write_text("1")
    os.replace(folder / "other", folder / "data.txt")


CHANGES = {
    "content": (rewrite("data.txt", "22"), "data.txt has changed"),
    "content of one size and time": (rewrite("data.txt", keep_time=True), "data.txt has changed"),
    "another file in its place": (replace, "data.txt has changed"),
    "gone": (lambda folder: (folder / "data.txt").unlink(), "data.txt has changed"),
    "there at last": (rewrite("absent.txt"), "absent.txt has changed"),
    "new in a listed folder": (rewrite("listed/two"), "listed has changed"),
    "a module's source": (rewrite("loaded.py"), "loaded.py has changed"),
    "a module that was sought": (rewrite("sought.py"), "sought.py is new"),
    "a package in front of a module": (rewrite("json/__init__.py"), "json is new"),
    "a distribution's metadata": (rewrite("dist-1.0.dist-info/METADATA", "Version: 2.0"), "METADATA has changed"),
    "a new distribution": (rewrite("new-1.0.dist-info/METADATA"), "new-1.0.dist-info"),
    "a path file": (rewrite("extra.pth"), "extra.pth is new"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_told(folder, change, told):
    before = snapshot(folder)
    assert before.difference() == ""
    change(folder)
    assert told in before.difference()


def test_what_nobody_asked_for_is_no_change(folder):
    before = snapshot(folder)
    rewrite("listed/one")(folder)  # Listed, not read.
    rewrite("unrelated.py")(folder)
    rewrite("__pycache__/loaded.pyc")(folder)
    assert before.difference() == ""


def test_what_changed_while_it_was_loaded_is_not_trusted(folder):
    assert "changed while it was loaded" in snapshot(folder, began=os.stat(folder / "data.txt").st_mtime).difference()
