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
NO_TRACE = """
import socket, tempfile
with open("imported", "a") as file, tempfile.TemporaryDirectory(), tempfile.NamedTemporaryFile():
    file.write("x")
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
def use(n): pass
"""


def compare(make_project, files, *args):
    """Runs pytest and us; our run, after its results were found to be pytest's."""
    truth = make_project(files, "truth").pytest(*(args[-2:] if "-p" in args else ()))
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


AUTOUSE = """
import os, pytest
@pytest.fixture(scope='{}', autouse=True)
def world():
    os.environ['SET'] = '1'
    yield
    del os.environ['SET']
"""


READER = "import os\nSEEN = os.environ.get('SET')\ndef test_a({0}): assert SEEN is None\ndef test_b({0}): assert SEEN is None\n"


@pytest.mark.parametrize("scope, place", [("session", "conftest.py"), ("package", "sub/conftest.py"), ("session", "plugin.py")])
def test_all_files_are_imported_before_an_autouse_fixture_of_the_session_is_set_up(make_project, scope, place):
    files = {f"sub/test_{number}.py": READER.format("") for number in range(6)}
    files = {**files, place: AUTOUSE.format(scope), "pytest.ini": "[pytest]\n"}
    run = compare(make_project, files, "-n", "2", "-v", *plugin_words(place))
    assert "collection: " in run.stdout and "autouse" in run.stdout


def plugin_words(place):
    return ("-p", "plugin") if place == "plugin.py" else ()


# Modules that test files import, what test_a.py has at its top and what holds then in every test.
ORDERS = {
    "imports keep their order": (
        {"z_first.py": "import os\nos.environ['SET'] = '1'\n", "app.py": "import os\nSEEN = os.environ.get('SET')\n"},
        "import z_first\nimport app\n",
        "import app\n    assert app.SEEN == '1'",
    ),
    "what stands below a condition is not imported in its stead": (
        {"other.py": "import os\nos.environ['SET'] = '1'\n"},
        "import os\nif os.environ.get('NEVER'):\n    import other\nelse:\n    import json\n",
        "import os\n    assert 'SET' not in os.environ",
    ),
    "nor what stands behind a skip of the module": (
        {"other.py": "import os\nos.environ['SET'] = '1'\n"},
        "import pytest\npytest.skip('not here', allow_module_level=True)\nimport other\n",
        "import os\n    assert 'SET' not in os.environ",
    ),
}


@pytest.mark.parametrize("what", ORDERS)
def test_what_is_imported_for_all_files_beforehand_is_what_pytest_would_have_imported(make_project, what):
    modules, top, holds = ORDERS[what]
    test = f"def test_it():\n    {holds}\n"
    compare(make_project, {**modules, "test_a.py": top + test, "test_b.py": NEIGHBOUR + test}, "-n", "2", "--collect", "file")


def test_a_module_of_which_only_the_first_import_fails_is_red_as_under_pytest(make_project):
    moody = "import sys\nif not hasattr(sys, 'tried'):\n    sys.tried = True\n    raise ImportError('no greenlet')\n"
    test = "import moody\ndef test_it(): pass\n"
    project = make_project({"moody.py": moody, "test_a.py": test, "test_b.py": test})
    run = project.run("-n", "2", "--collect", "file")
    assert run.exit == 3
    line = "importing moody fails at the first try (ImportError('no greenlet')) and passes at the second"
    assert f"{line} (hint: --collect whole)" in run.stdout + run.stderr
    assert project.run("-n", "2", "--collect", "whole").exit == project.pytest().exit == 2


# pytest.ini, the top of the first test file, and all of the second.
FELT = {
    "warnings become errors while a later file is imported": (
        "",
        "import warnings\nwarnings.simplefilter('error')\n",
        "import warnings\nwarnings.warn('old')\n",
    ),
    "warnings are ignored while a later file is imported": (
        "filterwarnings = error",
        "import warnings\nwarnings.simplefilter('ignore')\n",
        "import warnings\nwarnings.warn('old')\n",
    ),
    "filters stay where pytest has no part in it": (
        "addopts = -p no:warnings",
        "from warnings import simplefilter as filter\nfilter('error')\n",
        "import warnings\ndef test_c(): warnings.warn('old')\n",
    ),
    "the environment, with the old value kept": (
        "",
        "import os\nold = os.environ.setdefault('SET', '1')\n",
        "import os\ndef test_c(): assert os.environ['SET'] == '1'\n",
    ),
    "a logger by its name": (
        "",
        "import logging\nlog = logging.getLogger('app')\nlog.setLevel('ERROR')\n",
        "import logging\ndef test_c(): assert logging.getLogger('app').level == logging.ERROR\n",
    ),
    "a module that was asked for": (
        "",
        "import pytest\ndecimal = pytest.importorskip('decimal')\ndecimal.DefaultContext.prec = 5\n",
        "import decimal\ndef test_c(): assert decimal.DefaultContext.prec == 5\n",
    ),
}


@pytest.mark.parametrize("what", FELT)
def test_what_a_file_does_at_its_top_level_is_felt_by_all_that_pytest_imports_after_it(make_project, what):
    ini, top, after = FELT[what]
    files = {"pytest.ini": f"[pytest]\n{ini}\n", "test_a.py": top + "def test_a(): pass\n", "test_b.py": after + "def test_b(): pass\n"}
    compare(make_project, files, "-n", "2")


def test_all_files_are_imported_before_a_wide_fixture_that_changes_the_environment(make_project):
    files = {f"test_{number}.py": READER.format("world") for number in range(6)}
    files["conftest.py"] = AUTOUSE.format("session").replace(", autouse=True", "")
    run = compare(make_project, files, "-n", "2", "-v")
    assert "collection: the fixture world of conftest.py has environ in its code and scope session" in run.stdout


@pytest.mark.parametrize("mode", [(), ("--collect", "file")])
def test_what_the_conftest_of_a_subfolder_does_and_imports_is_there_before_any_test(make_project, mode):
    effect = "" if mode else "import os\nos.environ['SET'] = '1'\n"
    sees = "import sys, os\ndef test_b():\n    assert 'helper' in sys.modules\n" + ("" if mode else "    assert os.environ['SET'] == '1'\n")
    files = {"test_a.py": sees, "test_b.py": NEIGHBOUR, "z/conftest.py": effect + "import helper\n", "z/test_c.py": sees}
    compare(make_project, {**files, "helper.py": "", "test_d.py": sees}, "-n", "2", *mode)


@pytest.mark.parametrize("name", ["a", "b", "c"])  # Which file a worker takes first is not what decides.
def test_a_module_that_warns_when_it_is_imported_does_so_where_pytest_would_hear_it(make_project, name):
    files = {f"test_{each}.py": "import old\ndef test_it(): old\n" for each in "xyz"}
    files[f"test_{name}.py"] = "import pytest\nwith pytest.warns(DeprecationWarning):\n    import old\ndef test_it(): old\n"
    compare(make_project, {**files, "old.py": "import warnings\nwarnings.warn('old', DeprecationWarning)\n"}, "-n", "2")
