"""The garbage collector gets everything back where the project knows it, and only there."""

import gc
import importlib
import sys

import pytest

from fastest import heap, process

ASKING = [
    "import gc\n",
    "from gc import collect as tidy\n",
    "def f():\n    import gc\n",
    "def f():\n    return lambda: __import__('x') and gc.collect()\n",
    "class C:\n    @staticmethod\n    def f():\n        import gc\n",
    "import pytest\n@pytest.fixture\ndef f():\n    import gc\n",
    "import functools\ndef g():\n    import gc\n@functools.wraps(g)\ndef f(): pass\n",
]
SILENT = ["", "import os\ndef f():\n    return os.getpid()\n", "from asyncio import *\n", "import fastest.heap\n", "class C: pass\nC.itself = C\n"]


@pytest.fixture
def given_back(tmp_path, monkeypatch):
    """Whether loading the text gives everything back to the collector of a worker that had looked before."""
    monkeypatch.syspath_prepend(tmp_path)
    calls = []
    monkeypatch.setattr(gc, "unfreeze", lambda: calls.append(1))
    for name in ("get_referrers", "get_objects"):  # A worker's Heap stands in for them.
        monkeypatch.setattr(gc, name, getattr(gc, name))

    def load(text):
        monkeypatch.setattr(heap, "_modules", heap.Modules())
        heap._modules._seen |= sys.modules.keys()
        worker = heap.Heap()
        (tmp_path / "loaded.py").write_text(text)
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, "loaded", raising=False)
        importlib.import_module("loaded")
        worker.give_back_if_asked()
        worker.give_back_if_asked()
        return len(calls)

    yield load
    sys.modules.pop("loaded", None)


@pytest.mark.parametrize("text", ASKING)
def test_a_module_that_knows_the_collector_has_it_get_everything_once(given_back, text):
    assert given_back(text) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_zygote_has_everything_looked_at_where_a_module_or_a_file_yet_to_come_knows_the_collector(given_back, monkeypatch, known):
    monkeypatch.setattr(heap, "_modules", heap.Modules())
    heap._modules.ask = known
    calls = []
    for name in ("unfreeze", "collect", "freeze"):
        monkeypatch.setattr(gc, name, lambda name=name: calls.append(name))
    heap.freeze([] if known else ["os", "gc"])
    assert calls == ["unfreeze", "collect", "freeze"]


def test_and_else_only_at_what_has_come_since_the_start(given_back, monkeypatch):
    monkeypatch.setattr(heap, "_modules", heap.Modules())
    heap._modules._seen |= sys.modules.keys()
    calls = []
    for name in ("unfreeze", "collect", "freeze"):
        monkeypatch.setattr(gc, name, lambda name=name: calls.append(name))
    heap.freeze(["os"])
    assert calls == ["collect", "freeze"]


@pytest.mark.parametrize("text", SILENT)
def test_other_modules_do_not(given_back, text):
    assert given_back(text) == 0


@pytest.mark.parametrize("module", [heap, process, importlib, pytest])
def test_neither_do_our_own_nor_installed_ones(module):
    assert not heap._asks(module)


def test_whoever_asks_for_referrers_gets_everything_back_and_pytests_answer(given_back, monkeypatch):
    original = gc.get_referrers
    calls = []
    monkeypatch.setattr(gc, "unfreeze", lambda: calls.append(1))
    heap.Heap()
    asked_for, holder = object(), []
    holder.append(asked_for)
    assert gc.get_referrers(asked_for) == [holder]
    assert calls == [1]
    assert gc.get_referrers is original


def test_who_looks_at_the_stand_in_sees_the_original(given_back):
    original = gc.get_referrers
    heap.Heap()
    assert gc.get_referrers is not original
    assert (gc.get_referrers.__name__, gc.get_referrers.__module__) == ("get_referrers", "gc")
