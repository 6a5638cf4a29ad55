"""Tests that put something else in the place of what a runner in the same process needs, some of them for good."""

from textwrap import dedent

from case import case

FAILS = "def test_fails():\n    assert 'ab' == 'cd'\n"


def patched(text: str, **more):
    """A first file that changes the process, and then has to report a failure."""
    return case({"test_a.py": dedent(text) + FAILS, "test_b.py": "def test_b(): pass\n" + FAILS}, exit=1, **more)


CASES = {
    "what was made while loading is known to the garbage collector": case(
        {
            "conftest.py": "class Made: pass\nkept = Made()\n",
            "helper.py": """
            def count(kind):
                import gc
                return sum(type(each) is kind for each in gc.get_objects())
            """,
            "test_a.py": """
            import gc, weakref
            import conftest
            class Ring:
                def __init__(self): self.me = self
            ring = Ring()
            def test_counted():
                assert sum(type(each) is conftest.Made for each in gc.get_objects()) == 1
            def test_referred_to():
                assert any(each is vars(conftest) or getattr(each, "kept", 0) is conftest.kept for each in gc.get_referrers(conftest.kept))
            def test_collected():
                dead = weakref.ref(globals().pop("ring"))
                gc.collect()
                assert dead() is None
            """,
            "test_b.py": """
            import conftest
            from helper import count
            def test_counted(): assert count(conftest.Made) == 1
            """,
            "test_c.py": """
            import conftest, pytest
            @pytest.fixture
            def count():
                import gc
                return sum(type(each) is conftest.Made for each in gc.get_objects())
            def test_counted(count): assert count == 1
            """,
        },
        exit=0,
    ),
    "functions bound while loading are themselves": case(
        {
            "conftest.py": "from os import getpid\nfrom random import seed\nfrom tempfile import mkdtemp\nheld = [getpid, seed, mkdtemp]\n",
            "test_a.py": """
            import inspect, os, pickle, random, tempfile
            import conftest
            def test_same():
                assert conftest.getpid is os.getpid and conftest.mkdtemp is tempfile.mkdtemp and conftest.seed == random.seed
            def test_pickled():
                assert pickle.loads(pickle.dumps(conftest.held))[0] is os.getpid
            def test_inspected():
                assert inspect.isbuiltin(conftest.getpid) and inspect.isfunction(conftest.mkdtemp) and inspect.ismethod(conftest.seed)
            """,
        },
        exit=0,
    ),
    "os.getpid": patched(
        """
        import os
        def test_for_a_time(monkeypatch):
            monkeypatch.setattr(os, "getpid", lambda: 1)
        def test_for_good():
            os.getpid = lambda: 4711
        """
    ),
    "clocks": patched(
        """
        import time
        def test_for_a_time(monkeypatch):
            for name in ("time", "perf_counter", "monotonic"):
                monkeypatch.setattr(time, name, lambda: 1.0)
        def test_for_good():
            time.time = time.perf_counter = time.monotonic = time.monotonic_ns = time.time_ns = None
        """
    ),
    "a stopped clock and a child that runs": patched(
        """
        import os, signal, time
        def test_fork(monkeypatch, request):
            monkeypatch.setattr(time, "monotonic", lambda: 1.0)
            pid = os.fork()
            if not pid:
                time.sleep(20)
                os._exit(0)
            request.addfinalizer(lambda: (os.kill(pid, signal.SIGKILL), os.waitpid(pid, 0)))
        """
    ),
    "os.fstat": patched(
        """
        import os
        def test_prints(monkeypatch):
            monkeypatch.setattr(os, "fstat", None)
            print("printed")
            assert 0
        """
    ),
    "socket methods": patched(
        """
        import select, socket
        def no(*args, **kwargs):
            raise RuntimeError("no network")
        def test_for_good():
            for name in ("send", "sendall", "recv", "recvmsg", "fileno"):
                setattr(socket.socket, name, no)
            socket.socket = select.select = select.poll = no
        """
    ),
    "descriptors closed as a daemon does": patched("import os\ndef test_close():\n    os.closerange(64, 512)\n"),
    "waiting for any child": patched(
        """
        import os, pytest
        def test_wait():
            pid = os.fork()
            if not pid:
                os._exit(3)
            assert os.waitpid(-1, 0)[0] == pid
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
        """
    ),
    "sys.path emptied": patched("import sys\ndef test_path():\n    del sys.path[:]\n", loose="text"),
}
