"""What importing test files does to a process: every test has to see it as it would after pytest's own imports."""

from textwrap import dedent

import pytest
import running

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="ours")
NEIGHBOUR = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_n(n): pass\n"

# At the top of a test file, and what its tests, which go to several workers, then do.
SHARED = {
    "a thread": """
        import queue, threading
        jobs, done = queue.Queue(), queue.Queue()
        threading.Thread(target=lambda: [done.put(2 * jobs.get()) for _ in range(99)], daemon=True).start()
        def use(n):
            jobs.put(n)
            assert done.get(timeout=5) == 2 * n
        """,
    "a process id": """
        import os
        PID = os.getpid()
        def use(n): assert os.getpid() == PID
        """,
    "a process id, by its name": """
        from os import getpid
        PID = getpid()
        def use(n): assert getpid() == PID and getpid.__module__ == "posix"
        """,
    "xdist's identity": """
        import os
        WORKER = os.environ.get("PYTEST_XDIST_WORKER")
        def use(n): assert os.environ.get("PYTEST_XDIST_WORKER") == WORKER
        """,
    "a temporary folder": """
        import os, tempfile, time
        FOLDER = tempfile.TemporaryDirectory()
        def use(n):
            assert os.listdir(FOLDER.name) == []
            with open(FOLDER.name + "/x", "w"): time.sleep(0.05)
            os.remove(FOLDER.name + "/x")
        """,
    "a temporary file": """
        import os, tempfile, time
        handle, NAME = tempfile.mkstemp()
        os.close(handle)
        def use(n):
            assert os.path.getsize(NAME) == 0
            with open(NAME, "w") as file: file.write("x")
            time.sleep(0.05)
            with open(NAME, "w"): pass
        """,
    "a pair of sockets": """
        import socket
        a, b = socket.socketpair()
        def use(n):
            for each in range(100):
                a.send(b"%d%03d" % (n, each))
                assert b.recv(4) == b"%d%03d" % (n, each)
        """,
    "an open file": """
        FILE = open(__file__)
        def use(n):
            for _ in range(300):
                FILE.seek(0)
                assert FILE.readline().startswith("FILE = ") and FILE.read().endswith("use(n)\\n")
        """,
    "a port": """
        import socket, time
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            PORT = probe.getsockname()[1]
        def use(n):
            with socket.socket() as server:
                server.bind(("127.0.0.1", PORT))
                time.sleep(0.05)
        """,
}
TESTS = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_use(n): use(n)\n"
NO_TRACE = "open('imported', 'a').write('x')\ndef use(n): pass\n"


def compare(make_project, files, *args):
    """Runs pytest and us; our run, after its results were found to be pytest's."""
    truth = make_project(files, "truth").pytest()
    run = make_project(files).run(*args)
    assert running.results(run.log) == running.results(truth.log), run.stdout
    assert run.exit == truth.exit
    return run


@pytest.mark.parametrize("what", SHARED)
def test_workers_do_not_share_what_a_test_file_opens_or_asks_for_when_it_is_imported(make_project, what):
    files = {"test_a.py": dedent(SHARED[what]) + TESTS, "test_b.py": NEIGHBOUR}
    run = compare(make_project, files, "-n", "2", "--collect", "whole", "-vv")
    assert run.exit == 0
    assert "gw0 started fresh: " in run.stdout


def test_what_leaves_no_trace_in_the_process_is_imported_once_for_all_workers(make_project):
    project = make_project({"test_a.py": NO_TRACE + TESTS, "test_b.py": NEIGHBOUR})
    run = project.run("-n", "2", "--collect", "whole", "-vv")
    assert run.exit == 0 and "started fresh" not in run.stdout
    assert project.read("imported") == "x"


def test_random_numbers_go_on_from_the_seed_that_a_test_file_sets(make_project):
    seeded = "import random\nrandom.seed(4)\ndef test_a(): assert random.random() == random.Random(4).random()\n"
    compare(make_project, {"test_a.py": seeded, "test_b.py": NEIGHBOUR}, "-n", "2", "--collect", "whole")
