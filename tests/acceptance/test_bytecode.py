"""The bytecode cache: what is kept is used, and nothing about a run tells that it is there."""

import shutil

import pytest
from compare import compare

# Every way in which a module can be told from another's, and everything that goes wrong with line numbers and names.
FILES = {
    "conftest.py": "import pytest\n@pytest.fixture\ndef thing():\n    return [1, 2]\n",
    "helper.py": "import re\nPATTERN = '\\d'\ndef broken(n):\n    return 1 / n\n",
    "silent.py": "def twice(n):\n    return 2 * n\n",
    "unparsable.py": "x = 1\ndef f(:\n",
    "test_a.py": """
        import importlib, inspect, sys, pytest
        import helper, silent

        def test_fails(thing):
            assert thing == [silent.twice(1), 3], "why"

        def test_raises():
            helper.broken(0)

        def test_cannot_import():
            import unparsable

        @pytest.mark.parametrize("name", [__name__, "silent", "conftest"])
        def test_modules(name):
            module = sys.modules[name]
            kind = "SourceFileLoader" if name == "silent" else "AssertionRewritingHook"
            assert type(module.__loader__).__name__ == type(module.__spec__.loader).__name__ == kind
            assert module.__file__ == module.__spec__.origin and module.__file__.endswith(name + ".py")
            assert module.__cached__ == module.__spec__.cached == importlib.util.cache_from_source(module.__file__)
            assert inspect.getsource(module) == open(module.__file__).read()
            functions = [value for value in vars(module).values() if inspect.isfunction(value)]
            assert all(each.__code__.co_filename == inspect.getsourcefile(each) for each in functions)
            assert sys.dont_write_bytecode is True
        """,
    "test_b.py": "import helper\ndef test_is():\n    assert helper.PATTERN is '\\\\d'\nassert (1, 'always')\n",
    "test_c.py": "import unparsable\n",
    "test_d.py": "def test_d(:\n",
}
CONTINUE = "--continue-on-collection-errors"


def kept(cache):
    return [path for path in (cache / "fastest" / "bytecode").rglob("*") if path.is_file() and path.name != "swept"]


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_without_entries_one_with_and_one_in_another_checkout_are_as_pytest_s(make_project, cache, workers):
    project, env = make_project(FILES), {"XDG_CACHE_HOME": str(cache)}
    truth = project.pytest(CONTINUE)
    assert "4 failed, 3 passed" in truth.stdout
    first = project.run("-n", workers, CONTINUE, env=env)
    entries = {path: path.read_bytes() for path in kept(cache)}
    again = project.run("-n", workers, CONTINUE, env=env)
    moved = make_project(FILES, "elsewhere").run("-n", workers, CONTINUE, env=env)
    assert compare(truth, first) == compare(truth, again) == compare(truth, moved) == []
    assert len(entries) >= 7
    assert {path: path.read_bytes() for path in kept(cache)} == entries


def test_entries_are_used_for_tests_and_for_what_they_import(make_project, cache):
    """Each entry is put in the place of the other's: only who reads them can be misled."""
    files = {"silent.py": "ANSWER = 1\n", "test_a.py": "import silent\ndef test_a():\n    assert silent.ANSWER == 1\n"}
    wrong = {"silent.py": "ANSWER = 2\n", "test_a.py": "import silent\ndef test_a():\n    assert silent.ANSWER == 3\n"}
    project, env = make_project(files), {"XDG_CACHE_HOME": str(cache)}
    assert project.run("-n", "1", env=env).exit == 0
    right = {path.name for path in kept(cache)}
    make_project(wrong, "wrong").run("-n", "1", env=env)
    by_name = {"silent": [], "test_a": []}
    for path in kept(cache):
        for name, marks in by_name.items():
            if f"/{name}.py".encode() in path.read_bytes():
                marks.append(path)
    for first, second in by_name.values():
        source, target = (second, first) if first.name in right else (first, second)
        shutil.copy(source, target)
    assert "assert 2 == 3" in project.run("-n", "1", env=env).stdout
    assert project.run("-n", "1", "--no-cache", env=env).exit == 0


def test_without_cache_nothing_is_kept(make_project, cache):
    assert make_project(FILES).run("-n", "2", "--no-cache", CONTINUE, env={"XDG_CACHE_HOME": str(cache)}).exit == 1
    assert kept(cache) == []


def test_pytest_s_own_files_come_first_and_are_written_as_ever(make_project, cache):
    project = make_project({"test_a.py": "def test_a():\n    assert 1\n"})
    env = {"XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": ""}
    assert project.run("-n", "1", env=env).exit == 0
    (written,) = (project.root / "__pycache__").glob("test_a.*-pytest-*.pyc")
    stamp = written.stat().st_mtime_ns, written.stat().st_ino
    for entry in kept(cache):
        entry.write_bytes(b"never read")
    assert project.run("-n", "1", env=env).exit == 0
    assert (written.stat().st_mtime_ns, written.stat().st_ino) == stamp
    entries = [path.read_bytes() for path in kept(cache)]
    assert not any(b"test_a.py" in entry for entry in entries)


def test_options_and_plugins_that_change_rewriting_are_respected(make_project, cache):
    test = "def test_a():\n    assert 1 == 1\n"
    passes = {"conftest.py": "def pytest_assertion_pass(orig): print('passed:', orig)\n", "test_a.py": test}
    env = {"XDG_CACHE_HOME": str(cache)}
    assert make_project({"test_a.py": test}).run("-n", "1", env=env).exit == 0
    hooked = make_project({**passes, "pytest.ini": "[pytest]\nenable_assertion_pass_hook = true\n"}, "hooked")
    assert "passed: 1 == 1" in hooked.run("-n", "1", "-rP", env=env).stdout
    plugin = (
        "import ast\nfrom _pytest.assertion.rewrite import AssertionRewriter\n"
        "AssertionRewriter.visit_Assert = lambda self, node: [ast.copy_location(ast.Raise(None, None), node)]\n"
    )
    patched = make_project({"plug.py": plugin, "test_a.py": test}, "patched")
    assert patched.run("-n", "1", "-p", "plug", env={**env, "PYTHONPATH": str(patched.root)}).exit == 1


def test_no_more_workers_are_started_than_have_something_to_do(make_project, tmp_path):
    count = "import os, uuid\ndef pytest_sessionstart(session):\n    open(f'up-{uuid.uuid4()}', 'w').close()\n"
    project = make_project({"conftest.py": count, **{f"test_{n}.py": "def test_it(): pass\n" for n in range(2)}})
    assert project.run("-n", "8").exit == 0
    assert len(list(project.root.glob("up-*"))) <= 2
