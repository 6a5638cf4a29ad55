"""What test files import is imported once for three workers and more, where every test sees it as after pytest's own imports."""

import signal
from textwrap import dedent

import pytest
import running
from compare import compare
from test_imports import NO_TRACE, SHARED

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="ours")
FILE = "import pytest, shared\n@pytest.mark.parametrize('n', range(4))\ndef test_use(n): shared.use(n)\n"
FILES = {f"test_{number}.py": FILE for number in range(6)}
WORDS = ("-n", "3", "--collect", "file")
COUNTED = "with open('imported', 'a') as file: file.write('x')\n"


def same_as_pytest(make_project, files, loose=frozenset()):
    """Our project, after a run that differed in nothing but `loose` from pytest's."""
    truth = make_project(files, "truth").pytest("-p", "no:cacheprovider")
    project = make_project(files)
    run = project.run(*WORDS, "-p", "no:cacheprovider")
    assert compare(truth, run, loose) == [], run.stdout
    return project


def test_it_is_imported_once_for_all_workers(make_project):
    project = make_project({**FILES, "shared.py": NO_TRACE})
    assert project.run(*WORDS).exit == 0
    assert project.read("imported") == "x"


def test_two_workers_import_it_side_by_side(make_project):
    project = make_project({**FILES, "shared.py": NO_TRACE})
    assert project.run("-n", "2", "--collect", "file").exit == 0
    assert project.read("imported") == "xx"


@pytest.mark.parametrize("what", SHARED)
def test_workers_do_not_share_what_it_opens_or_asks_for(make_project, what):
    same_as_pytest(make_project, {**FILES, "shared.py": dedent(SHARED[what])})


@pytest.mark.parametrize(
    "shared",
    [
        "import warnings\nwarnings.warn('old')\ndef use(n): pass\n",
        "print('said')\ndef use(n): pass\n",
        "import os\nos.write(2, b'said')\ndef use(n): pass\n",
        "1 / 0\n",
        "import missing\n",
        "import pytest\npytest.skip('not here', allow_module_level=True)\n",
        "import os\nos.environ['SEEN'] = '1'\ndef use(n): assert os.environ['SEEN'] == '1'\n",
        "import sys\nsys.path.append('/of/mine')\ndef use(n): assert '/of/mine' in sys.path\n",
        "import atexit\natexit.register(print, 'the end')\ndef use(n): pass\n",
    ],
    ids=["warns", "prints", "writes", "fails", "misses", "skips", "sets a variable", "adds a path", "waits for the end"],
)
def test_whatever_it_does_the_outcome_is_pytests(make_project, shared):
    same_as_pytest(make_project, {**FILES, "shared.py": shared})


def test_what_it_cannot_raise_is_told_once_a_worker(make_project):
    shared = "class Odd:\n    def __del__(self): 1 / 0\nOdd()\ndef use(n): pass\n"
    same_as_pytest(make_project, {**FILES, "shared.py": shared}, frozenset(["warnings"]))


@pytest.mark.parametrize("deed", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_if_it_ends_the_process_files_are_named_as_ever(make_project, deed):
    run = make_project({**FILES, "shared.py": f"import os\n{deed}\n"}).run(*WORDS)
    assert run.exit == 2 and "ERROR test_0.py" in run.stdout
    assert run.left == []


def test_it_sees_what_a_conftest_does_when_it_is_configured(make_project):
    conftest = "import os\ndef pytest_configure(config): os.environ['SEEN'] = '1'\n"
    same_as_pytest(make_project, {**FILES, "conftest.py": conftest, "shared.py": "import os\nSEEN = os.environ['SEEN']\ndef use(n): pass\n"})


def test_a_trial_in_vain_is_not_repeated(make_project):
    project = make_project({**FILES, "shared.py": COUNTED + "import os\nPID = os.getpid()\ndef use(n): assert os.getpid() == PID\n"})
    assert project.run(*WORDS).exit == 0
    first = len(project.read("imported"))
    assert project.run(*WORDS).exit == 0
    assert len(project.read("imported")) - first == first - 1


@pytest.mark.parametrize("value", ["uuid.uuid4()", "secrets.token_hex()", "random.random()", "os.urandom(4)"])
def test_each_worker_has_its_own_numbers_by_chance(make_project, value):
    shared = COUNTED + f"import os, random, secrets, uuid\nNAME = {value}\ndef use(n): open(f'{{NAME}}'.replace('/', ''), 'x')\n"
    project = make_project({f"test_{number}.py": FILE.replace("4", "1") for number in range(6)} | {"shared.py": shared})
    project.run(*WORDS)
    assert len(project.read("imported")) > 1


def test_who_imports_keeps_its_worker_number_and_folder(make_project):
    test = """
        import os, shared
        def test_a(tmp_path, worker_id, request):
            assert os.environ["PYTEST_XDIST_WORKER"] == worker_id == request.config.workerinput["workerid"]
            assert worker_id in str(tmp_path)
    """
    project = make_project({**{f"test_{number}.py": dedent(test) for number in range(9)}, "shared.py": NO_TRACE})
    run = project.run(*WORDS)
    assert run.exit == 0, run.stdout


def test_a_lost_zygote_is_an_error_and_nothing_is_left(make_project):
    tests = "import os, signal, shared\ndef test_a(): os.kill(os.getppid(), signal.SIGKILL)\ndef test_b(): pass\n"
    project = make_project({"test_a.py": tests, "test_b.py": FILE, "test_c.py": FILE, "shared.py": NO_TRACE})
    run = project.run(*WORDS)
    counted = running.results(run.log)
    assert run.left == [] and (run.exit != 0 or counted["test_a.py::test_b", "call", "passed"] == 1), run.stdout


def test_a_worker_that_dies_is_replaced_by_another_fork(make_project):
    tests = f"import os, shared\ndef test_a(): os.kill(os.getpid(), {int(signal.SIGKILL)})\ndef test_b(): pass\n"
    project = make_project({**FILES, "test_a.py": tests, "shared.py": NO_TRACE})
    run = project.run(*WORDS)
    assert run.exit == 1 and "24 passed" not in run.stdout.splitlines()[-1]
    assert project.read("imported") == "x"
    assert running.results(run.log)["test_a.py::test_b", "call", "passed"] == 1
